//! `countersign member`

use countersign_domain::values::{EmailAddress, PersonName};
use countersign_domain::{Member, MemberCommand as Change, MemberId, OrganizationId, Role};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::{Context, Store, queries, sign_in};
use jiff::SignedDuration;

use crate::cli::{FirstPassword, MemberCommand, Who};
use crate::config::Configuration;
use crate::error::CommandError;
use crate::operator::{context, member, open_checked_store, organization};
use crate::{output, password};

/// Does what was asked.
pub async fn run(configuration: &Configuration, command: MemberCommand) -> Result<(), CommandError> {
    let store = open_checked_store(configuration).await?;
    match command {
        MemberCommand::Add { slug, email, name, role, password, reason } => {
            let organization = organization(&store, &slug).await?;
            let context = context(organization.id, reason.reason);
            let new = NewMember { email, name, role };
            add(&store, &organization, &context, new, password).await?;
        }
        MemberCommand::List { slug } => list(&store, &slug).await?,
        MemberCommand::SetRole { who, role, reason } => {
            execute(&store, &who, reason.reason, Change::ChangeRole(role)).await?;
            output::line(format_args!("{} is {} of {}", who.email, role.as_str(), who.slug));
        }
        MemberCommand::Deactivate { who, reason } => {
            let (organization, member) = execute(&store, &who, reason.reason, Change::Deactivate).await?;
            let ended = sign_in::end_sessions_of(&store, organization, member, None).await?;
            output::line(format_args!("{} is kept out of {}; {ended} sessions were ended", who.email, who.slug));
        }
        MemberCommand::Reactivate { who, reason } => {
            execute(&store, &who, reason.reason, Change::Reactivate).await?;
            output::line(format_args!("{} may sign in to {} again", who.email, who.slug));
        }
        MemberCommand::SetPassword { who, generate, reason } => {
            let (organization, found) = member(&store, &who).await?;
            let password =
                if generate { password::generate() } else { password::ask(&[&who.email, &organization.name])? };
            let phc = password::hash(password.clone()).await?;
            set_password(&store, &context(organization.id, reason.reason), found.id, phc).await?;
            output::line(format_args!("{} of {} has a new password; the sessions were ended", who.email, who.slug));
            show_once(generate.then_some(password.as_str()));
        }
        MemberCommand::ResetSecondFactor { who, reason } => {
            let (organization, found) = member(&store, &who).await?;
            let context = context(organization.id, reason.reason);
            sign_in::disable_totp(&store, &context, found.id).await?;
            sign_in::reset_failures(&store, organization.id, found.id).await?;
            output::line(format_args!("{} signs in to {} without a code", who.email, who.slug));
            if !found.asks_for_code {
                output::note("no code was asked for before either");
            }
        }
        MemberCommand::SignInLink { who, hours } => {
            let (organization, found) = member(&store, &who).await?;
            let lifetime = SignedDuration::from_hours(i64::from(hours));
            let base_url = configuration.base_url();
            let context = context(organization.id, None);
            let link = sign_in_link(&store, &base_url, &who.slug, &context, found.id, lifetime).await?;
            output::line(link);
            if !found.active {
                output::note(format_args!("{} is deactivated: the link works once they are reactivated", who.email));
            }
            output::note(format_args!("it works once, within {hours} hours; links made before are void"));
        }
    }
    store.close().await;
    Ok(())
}

/// Somebody who is taken in.
pub struct NewMember {
    /// By which the person signs in.
    pub email: EmailAddress,
    /// What the person is called.
    pub name: PersonName,
    /// What the person may do.
    pub role: Role,
}

/// Takes a person in, and says how they come in.
pub async fn add(
    store: &Store,
    organization: &OrganizationEntry,
    context: &Context,
    new: NewMember,
    first: FirstPassword,
) -> Result<(), CommandError> {
    let NewMember { email, name, role } = new;
    let password = match first {
        FirstPassword { generate_password: true, .. } => Some(password::generate()),
        FirstPassword { ask_password: true, .. } => Some(password::ask(&[email.as_str(), &organization.name])?),
        FirstPassword { .. } => None,
    };
    let phc = match &password {
        Some(password) => Some(password::hash(password.clone()).await?),
        None => None,
    };
    sign_in::add_member(store, context, email.clone(), name, role, phc).await?;
    let slug = &organization.slug;
    output::line(format_args!("{email} is {} of {slug}", role.as_str()));
    if first.generate_password {
        show_once(password.as_deref());
    } else if !first.ask_password {
        output::note(format_args!("to let them in: countersign member sign-in-link {slug} {email}"));
    }
    Ok(())
}

/// A link that signs a member in once.
pub async fn sign_in_link(
    store: &Store,
    base_url: &str,
    slug: &str,
    context: &Context,
    member: MemberId,
    lifetime: SignedDuration,
) -> Result<String, CommandError> {
    let (secret, _) = sign_in::issue_link(store, context, member, lifetime).await?;
    Ok(format!("{base_url}/o/{slug}/sign-in/{}", secret.expose()))
}

fn show_once(password: Option<&str>) {
    if let Some(password) = password {
        output::line(format_args!("password: {password}"));
        output::note("it is not shown again");
    }
}

/// Does it to a member, whose organization and identifier are answered.
pub async fn execute(
    store: &Store,
    who: &Who,
    reason: Option<countersign_domain::values::Note>,
    change: Change,
) -> Result<(OrganizationId, MemberId), CommandError> {
    let (organization, found) = member(store, who).await?;
    let id = found.id;
    store
        .change(&context(organization.id, reason), async |unit| unit.execute::<Member>(id.uuid(), change.clone()).await)
        .await
        .map_err(CommandError::Change)?;
    Ok((organization.id, id))
}

async fn set_password(store: &Store, context: &Context, member: MemberId, phc: String) -> Result<(), CommandError> {
    sign_in::set_password(store, context, member, phc).await?;
    sign_in::end_sessions_of(store, context.organization, member, None).await?;
    sign_in::reset_failures(store, context.organization, member).await?;
    Ok(())
}

/// Prints the members of an organization.
pub async fn list(store: &Store, slug: &str) -> Result<(), CommandError> {
    let organization = organization(store, slug).await?;
    let erased = || queries::ERASED.to_owned();
    let rows = queries::members::list(store, organization.id)
        .await?
        .into_iter()
        .map(|member| {
            let state = if member.active { "active" } else { "deactivated" };
            let role: Role = member.role;
            [
                member.email.unwrap_or_else(erased),
                member.name.unwrap_or_else(erased),
                role.as_str().to_owned(),
                if member.asks_for_code { "on" } else { "off" }.to_owned(),
                state.to_owned(),
            ]
        })
        .collect::<Vec<_>>();
    output::table(["e-mail", "name", "role", "sign-in codes", "state"], &rows);
    Ok(())
}
