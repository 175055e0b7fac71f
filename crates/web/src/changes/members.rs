//! What pages and API change of members.

use countersign_domain::values::{EmailAddress, PersonName};
use countersign_domain::{Actor, Member, MemberCommand, MemberError, MemberId, Role, SessionId};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::members::MemberSummary;
use countersign_persistence::{Context, Store, clock, sign_in};
use jiff::{SignedDuration, Timestamp};

use crate::WebError;
use crate::state::AppState;

/// For how long a sign-in link works.
const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// A member to be added.
pub(crate) struct NewMember {
    pub email: EmailAddress,
    pub name: PersonName,
    pub role: Role,
}

/// What to change of a member: what is `None` stays.
#[derive(Default)]
pub(crate) struct MemberChanges {
    pub name: Option<PersonName>,
    pub role: Option<Role>,
    pub active: Option<bool>,
}

/// A link that signs a member in once. Shown only now.
pub(crate) struct SignInLink {
    pub url: String,
    pub expires_at: Timestamp,
}

/// Takes a person in, with a link to sign in by.
pub(crate) async fn add(
    state: &AppState,
    context: &Context,
    organization: &OrganizationEntry,
    new: NewMember,
) -> Result<(MemberId, SignInLink), WebError> {
    let id = sign_in::add_member(&state.store, context, new.email, new.name, new.role, None).await?;
    Ok((id, link(state, context, organization, id).await?))
}

/// Makes all of the changes, or none. Who is deactivated is signed out at once.
pub(crate) async fn update(
    store: &Store,
    context: &Context,
    before: &MemberSummary,
    changes: &MemberChanges,
) -> Result<(), WebError> {
    let role = changes.role.filter(|role| *role != before.role);
    let active = changes.active.filter(|active| *active != before.active);
    if role.is_some() || active.is_some() {
        check_other(context, before.id)?;
    }
    let member = before.id.uuid();
    store
        .change(context, async |unit| {
            if let Some(name) = &changes.name {
                unit.execute::<Member>(member, MemberCommand::Rename(name.clone())).await?;
            }
            if let Some(role) = role {
                unit.execute::<Member>(member, MemberCommand::ChangeRole(role)).await?;
            }
            match active {
                Some(true) => unit.execute::<Member>(member, MemberCommand::Reactivate).await?,
                Some(false) => unit.execute::<Member>(member, MemberCommand::Deactivate).await?,
                None => {}
            }
            Ok::<_, WebError>(())
        })
        .await?;
    if active == Some(false) {
        sign_in::end_sessions_of(store, context.organization, before.id, None).await?;
    }
    Ok(())
}

/// Makes a link for a member who may sign in; those before are void.
pub(crate) async fn issue_link(
    state: &AppState,
    context: &Context,
    organization: &OrganizationEntry,
    member: &MemberSummary,
) -> Result<SignInLink, WebError> {
    if !member.active {
        return Err(countersign_domain::DomainError::from(MemberError::Inactive).into());
    }
    link(state, context, organization, member.id).await
}

async fn link(
    state: &AppState,
    context: &Context,
    organization: &OrganizationEntry,
    member: MemberId,
) -> Result<SignInLink, WebError> {
    let (secret, expires_at) = sign_in::issue_link(&state.store, context, member, LINK_LIFETIME).await?;
    let url = format!("{}/o/{}/sign-in/{}", state.base_url, organization.slug, secret.expose());
    Ok(SignInLink { url, expires_at })
}

/// Ends all sessions of a member, but for one, and voids the links that wait.
pub(crate) async fn end_sessions(
    store: &Store,
    context: &Context,
    member: MemberId,
    except: Option<SessionId>,
) -> Result<(), WebError> {
    let sessions = sign_in::sessions_of(store, context.organization, member, clock::now()).await?;
    store
        .change(context, async |unit| {
            for session in sessions.iter().filter(|session| Some(session.id) != except) {
                unit.execute::<Member>(member.uuid(), MemberCommand::EndSession(session.id)).await?;
            }
            Ok::<_, WebError>(())
        })
        .await?;
    sign_in::end_sessions_of(store, context.organization, member, except).await?;
    Ok(())
}

/// Asks a member for no code any more, who has lost what makes them.
pub(crate) async fn reset_sign_in_codes(store: &Store, context: &Context, member: MemberId) -> Result<(), WebError> {
    check_other(context, member)?;
    sign_in::disable_totp(store, context, member).await?;
    Ok(sign_in::reset_failures(store, context.organization, member).await?)
}

/// What gives or takes power over the organization is another's to do: nobody locks themselves out by mistake, and nobody
/// does unseen what their profile would ask a password for.
fn check_other(context: &Context, member: MemberId) -> Result<(), WebError> {
    if context.actor == Actor::Member(member) { Err(WebError::OwnMembership) } else { Ok(()) }
}
