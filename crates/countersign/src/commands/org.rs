//! `countersign org`

use countersign_domain::values::{HostName, Note};
use countersign_domain::{Organization, OrganizationCommand};
use countersign_persistence::directory::{LEASE, OrganizationEntry};
use countersign_persistence::queries::members;
use countersign_persistence::queries::third_parties::list::{self as third_parties, ThirdPartyFilter};
use countersign_persistence::{Store, clock};
use url::Url;

use crate::cli::OrgCommand;
use crate::config::Configuration;
use crate::error::CommandError;
use crate::installation;
use crate::operator::{context, open_checked_store, organization};
use crate::output;

/// Does what was asked.
pub async fn run(configuration: &Configuration, command: OrgCommand) -> Result<(), CommandError> {
    let store = open_checked_store(configuration).await?;
    match command {
        OrgCommand::Create { slug, name, reason } => {
            let context = |id| context(id, reason.reason.clone());
            store.create_organization(slug.clone(), name, context).await?;
            output::line(format_args!("{slug} was created; its issuer is {}/t/{slug}", configuration.base_url()));
            output::note(format_args!("next: countersign member add {slug} <e-mail> --name <name> --role owner"));
        }
        OrgCommand::List => list(&store).await?,
        OrgCommand::Show { slug } => show(&store, configuration, &slug).await?,
        OrgCommand::SetHost { slug, host, none: _, reason } => {
            if let Some(host) = host.as_ref().filter(|host| is_own(configuration, host)) {
                return Err(CommandError::OwnHost(host.to_string()));
            }
            change(&store, &slug, OrganizationCommand::SetHostName(host.clone()), reason.reason).await?;
            match host {
                Some(host) => output::line(format_args!("{slug} is reached at {host} too")),
                None => output::line(format_args!("{slug} has no host name of its own any more")),
            }
        }
        OrgCommand::Suspend { slug, reason } => {
            change(&store, &slug, OrganizationCommand::Suspend, reason.reason).await?;
            output::line(format_args!(
                "{slug} is suspended: none of its tokens and clients work, and its members can only read"
            ));
        }
        OrgCommand::Resume { slug, reason } => {
            change(&store, &slug, OrganizationCommand::Resume, reason.reason).await?;
            output::line(format_args!("{slug} is at work again"));
        }
    }
    store.close().await;
    Ok(())
}

/// Returns once the change holds in every process, not only on the record.
async fn change(
    store: &Store,
    slug: &str,
    command: OrganizationCommand,
    reason: Option<Note>,
) -> Result<(), CommandError> {
    let id = organization(store, slug).await?.id;
    store
        .change(&context(id, reason), async |unit| unit.execute::<Organization>(id.uuid(), command.clone()).await)
        .await
        .map_err(CommandError::Change)?;
    tokio::time::sleep(LEASE).await;
    Ok(())
}

/// Whether the host is the installation's.
fn is_own(configuration: &Configuration, host: &HostName) -> bool {
    let base_url = configuration.base_url();
    Url::parse(&base_url).is_ok_and(|url| url.host_str() == Some(host.as_str()))
}

fn state(organization: &OrganizationEntry) -> &'static str {
    if organization.suspended { "suspended" } else { "active" }
}

async fn list(store: &Store) -> Result<(), CommandError> {
    let mut rows = Vec::new();
    for slug in installation::slugs(store).await? {
        let found = organization(store, &slug).await?;
        rows.push([slug, found.name.clone(), state(&found).to_owned(), found.id.to_string()]);
    }
    output::table(["organization", "name", "state", "id"], &rows);
    Ok(())
}

async fn show(store: &Store, configuration: &Configuration, slug: &str) -> Result<(), CommandError> {
    let found = organization(store, slug).await?;
    let members = members::list(store, found.id).await?;
    let third_parties = third_parties::count(store, found.id, &ThirdPartyFilter::default(), clock::now()).await?;
    let active = members.iter().filter(|member| member.active).count();
    for (what, value) in [
        ("organization", found.slug.clone()),
        ("name", found.name.clone()),
        ("id", found.id.to_string()),
        ("state", state(&found).to_owned()),
        ("issuer", format!("{}/t/{}", configuration.base_url(), found.slug)),
        ("host name", found.host.clone().unwrap_or_else(|| "none".to_owned())),
        ("longest token life", format!("{} months", found.maximum_token_months)),
        ("members", format!("{} ({active} active)", members.len())),
        ("third parties", third_parties.to_string()),
    ] {
        output::line(format_args!("{what:20}{value}"));
    }
    Ok(())
}
