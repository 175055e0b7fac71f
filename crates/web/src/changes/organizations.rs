//! What those who run the installation do to the organizations of customers. Each is on the organization's own record.

use countersign_domain::values::{EmailAddress, HostName, Note, OrganizationName, PersonName, Slug};
use countersign_domain::{Actor, InvalidValue, Organization, OrganizationCommand, OrganizationId, Role};
use countersign_persistence::{ChangeError, Context, UnitOfWork, sign_in};
use jiff::{SignedDuration, Timestamp};

use crate::WebError;
use crate::state::AppState;

/// How long the first owner has to sign in.
const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(72);

/// An organization that is to begin.
pub(crate) struct NewOrganization {
    pub slug: Slug,
    pub name: OrganizationName,
    /// Who is its first owner.
    pub owner: Option<(EmailAddress, PersonName)>,
    pub reason: Option<Note>,
}

/// A link that signs somebody in once.
pub(crate) struct SignInLink {
    /// Shown only now.
    pub href: String,
    pub expires_at: Timestamp,
}

/// What is to be changed.
#[derive(Default)]
#[expect(clippy::option_option, reason = "absent, taken away and a value are three things")]
pub(crate) struct OrganizationChanges {
    pub name: Option<OrganizationName>,
    pub host: Option<Option<HostName>>,
    pub suspended: Option<bool>,
    pub reason: Option<Note>,
}

/// What an operator does in the organization of a customer. Who the operator is stays among the operators: there, only
/// that it was one of them.
fn in_organization(operator: &Context, organization: OrganizationId) -> Context {
    let actor = match operator.actor {
        Actor::Member(member) => Actor::OperatorMember(member),
        other => other,
    };
    Context { organization, actor, ..operator.clone() }
}

/// Begins an organization with its first owner; answers the link by which the owner signs in.
pub(crate) async fn create(
    state: &AppState,
    operator: &Context,
    new: &NewOrganization,
) -> Result<Option<SignInLink>, WebError> {
    let context = |id| Context { reason: new.reason.clone(), ..in_organization(operator, id) };
    let take_owner_in = async |unit: &UnitOfWork| match new.owner.clone() {
        Some((email, name)) => sign_in::take_in(unit, email, name, Role::Owner).await.map(Some),
        None => Ok(None),
    };
    let created = state.store.create_organization_with(new.slug.clone(), new.name.clone(), &context, take_owner_in);
    let (id, owner) = created.await?;
    let Some(owner) = owner else { return Ok(None) };
    let (secret, expires_at) = sign_in::issue_link(&state.store, &context(id), owner, LINK_LIFETIME).await?;
    let href = format!("{}/o/{}/sign-in/{}", state.base_url, new.slug, secret.expose());
    Ok(Some(SignInLink { href, expires_at }))
}

/// Changes an organization: all of it, or nothing.
pub(crate) async fn change(
    state: &AppState,
    operator: &Context,
    id: OrganizationId,
    changes: &OrganizationChanges,
) -> Result<(), WebError> {
    if changes.host.iter().flatten().any(|host| state.is_own_host(host)) {
        let own = InvalidValue("This is the installation's own host name: choose another one".into());
        return Err(WebError::field("host_name", &own));
    }
    let context = Context { reason: changes.reason.clone(), ..in_organization(operator, id) };
    let commands = [
        changes.name.clone().map(OrganizationCommand::Rename),
        changes.host.clone().map(OrganizationCommand::SetHostName),
        changes.suspended.map(
            |suspended| {
                if suspended { OrganizationCommand::Suspend } else { OrganizationCommand::Resume }
            },
        ),
    ];
    state
        .store
        .change(&context, async |unit| {
            for command in commands.iter().flatten() {
                unit.execute::<Organization>(id.uuid(), command.clone()).await?;
            }
            Ok::<_, ChangeError>(())
        })
        .await?;
    Ok(())
}
