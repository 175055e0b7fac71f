//! What the operator's commands have in common: the store, the master key, and who does it.

use std::path::Path;

use countersign_domain::values::{EmailAddress, Note};
use countersign_domain::{Actor, OrganizationId};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::migrate::{self, MigrationError};
use countersign_persistence::queries::members::{self, MemberSummary};
use countersign_persistence::sealing::{MasterKeyRing, SealingError};
use countersign_persistence::{Context, Store, Via, clock};

use crate::cli::Who;
use crate::config::{ConfigError, Configuration};
use crate::error::CommandError;

/// Opens the store of a database at this program's version.
pub async fn open_checked_store(configuration: &Configuration) -> Result<Store, CommandError> {
    check_database(configuration.database_url()?).await?;
    open_store(configuration)
}

/// Opens the store.
pub fn open_store(configuration: &Configuration) -> Result<Store, CommandError> {
    let ring = master_keys(configuration)?;
    Ok(Store::open(configuration.database_url()?, ring, &configuration.store_options())?)
}

/// Makes sure that the database is at this program's version. As whom the operator logs in is the operator's affair: the
/// store drops the rights that it doesn't need. Only `serve`, which strangers talk to, must not have more to begin with.
pub async fn check_database(url: &str) -> Result<(), CommandError> {
    match migrate::check(url).await {
        Ok(()) | Err(MigrationError::TooManyRights(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The configured master keys.
pub fn master_keys(configuration: &Configuration) -> Result<MasterKeyRing, CommandError> {
    let sealing = &configuration.sealing;
    match (&sealing.master_key_file, sealing.master_key.given()) {
        (Some(_), Some(_)) => Err(ConfigError::TwoMasterKeys.into()),
        (None, None) => Err(ConfigError::NoMasterKey.into()),
        (None, Some(text)) => MasterKeyRing::parse(text).map_err(|source| unusable("sealing.master_key", source)),
        (Some(path), None) => read_master_keys(path),
    }
}

/// The master keys of a file.
pub fn read_master_keys(path: &Path) -> Result<MasterKeyRing, CommandError> {
    let text = std::fs::read_to_string(path).map_err(CommandError::file("read the master key file", path))?;
    MasterKeyRing::parse(&text).map_err(|source| unusable(&path.display().to_string(), source))
}

fn unusable(place: &str, source: SealingError) -> CommandError {
    CommandError::MasterKey { place: place.to_owned(), source }
}

/// What the operator does in an organization, through the command line.
pub fn context(organization: OrganizationId, reason: Option<Note>) -> Context {
    Context {
        organization,
        actor: Actor::Operator,
        via: Via::CommandLine,
        request: clock::new_id(),
        source: None,
        reason,
    }
}

/// The organization of a slug.
pub async fn organization(store: &Store, slug: &str) -> Result<std::sync::Arc<OrganizationEntry>, CommandError> {
    let found = store.directory().organization_by_slug(slug).await?;
    found.ok_or_else(|| CommandError::UnknownOrganization(slug.to_owned()))
}

/// The member of an e-mail address, deactivated ones too.
pub async fn member(
    store: &Store,
    who: &Who,
) -> Result<(std::sync::Arc<OrganizationEntry>, MemberSummary), CommandError> {
    let organization = organization(store, &who.slug).await?;
    let key = EmailAddress::unique_key_of(who.email.trim());
    let found = members::list(store, organization.id)
        .await?
        .into_iter()
        .find(|member| member.email.as_deref().is_some_and(|email| EmailAddress::unique_key_of(email) == key));
    let unknown = || CommandError::UnknownMember { slug: who.slug.clone(), email: who.email.clone() };
    Ok((organization, found.ok_or_else(unknown)?))
}
