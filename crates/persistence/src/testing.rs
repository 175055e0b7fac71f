//! A real PostgreSQL for tests: one private server a test process, any number of databases and organizations on it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "tests panic; that is how they fail"
)]

use std::path::{Path, PathBuf};

use countersign_domain::values::{OrganizationName, Slug, ThirdPartyName};
use countersign_domain::{
    Actor, Organization, OrganizationCommand, OrganizationId, ThirdParty, ThirdPartyCommand, ThirdPartyId,
};
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use crate::private_postgres::{DatabaseUrls, Options, PrivatePostgres};
use crate::sealing::MasterKeyRing;
use crate::{ChangeError, Context, Store, StoreOptions, Via, clock, migrate};

/// The master key of every test, so that several stores can share a database.
const MASTER_KEY: &str = "test 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static SERVER: OnceCell<PrivatePostgres> = OnceCell::const_new();
/// Roles belong to the whole server: two first migrations at once may not see the role that the other makes.
static MIGRATING: Mutex<()> = Mutex::const_new(());
static MIGRATED: OnceCell<DatabaseUrls> = OnceCell::const_new();

/// The server of this test process. It ends with the process.
pub async fn server() -> &'static PrivatePostgres {
    SERVER
        .get_or_init(|| async {
            remove_leftovers(&std::env::temp_dir());
            PrivatePostgres::start(Options::new(data_dir("shared")).fresh()).await.expect("a private PostgreSQL starts")
        })
        .await
}

/// A connection to a server as its superuser, for what nobody else may do.
pub async fn superuser(server: &PrivatePostgres) -> tokio_postgres::Client {
    server.superuser().await.expect("the superuser may connect")
}

/// A data directory of this test process for a server of its own.
pub fn data_dir(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("countersign-test-{}-{name}", std::process::id()))
}

/// Removes the data directories of test processes that are gone.
fn remove_leftovers(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix("countersign-test-") else { continue };
        let process = rest.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The migrated database that the tests of this process share, each with an organization of its own.
pub async fn database() -> &'static DatabaseUrls {
    MIGRATED.get_or_init(fresh_database).await
}

/// A migrated database of its own.
pub async fn fresh_database() -> DatabaseUrls {
    let name = format!("test_{}", random_id().simple());
    let urls = server().await.create_database(&name).await.expect("a database is created");
    let _migrating = MIGRATING.lock().await;
    migrate::migrate(&urls.owner).await.expect("the migrations apply");
    urls
}

/// A store on a database.
pub fn store(urls: &DatabaseUrls) -> Store {
    Store::open(&urls.serve, master_key_ring(), &StoreOptions::default()).expect("the address is valid")
}

/// The ring with the key of every test.
pub fn master_key_ring() -> MasterKeyRing {
    MasterKeyRing::parse(MASTER_KEY).expect("a valid ring")
}

/// A random identifier.
pub fn random_id() -> Uuid {
    let mut bytes = [0; 16];
    clock::fill_random(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// What the operator does in an organization.
pub fn operator(organization: OrganizationId) -> Context {
    Context {
        organization,
        actor: Actor::Operator,
        via: Via::CommandLine,
        request: random_id(),
        source: None,
        reason: None,
    }
}

/// Makes an organization with a random slug.
pub async fn organization(store: &Store) -> OrganizationId {
    let slug = format!("org-{}", random_id().simple());
    create_organization(store, &slug).await.expect("the organization is created")
}

/// Makes an organization with the given slug.
pub async fn create_organization(store: &Store, slug: &str) -> Result<OrganizationId, ChangeError> {
    store
        .create_organization(
            Slug::parse(slug).expect("a slug"),
            OrganizationName::parse(slug).expect("a name"),
            operator,
        )
        .await
}

/// Adds a third party of the given name.
pub async fn third_party(store: &Store, organization: OrganizationId, name: &str) -> Result<ThirdPartyId, ChangeError> {
    store
        .change(&operator(organization), async |unit| {
            let add = ThirdPartyCommand::Add {
                name: ThirdPartyName::parse(name).expect("a name"),
                contact: countersign_domain::third_party::Contact::default(),
                requirements: None,
                mode: countersign_domain::third_party::Mode::Manual,
            };
            Ok::<_, ChangeError>(unit.create::<ThirdParty>(add).await?.into())
        })
        .await
}

/// Suspends or resumes an organization.
pub async fn command_organization(
    store: &Store,
    organization: OrganizationId,
    command: OrganizationCommand,
) -> Result<(), ChangeError> {
    store
        .change(&operator(organization), async |unit| {
            unit.execute::<Organization>(organization.uuid(), command.clone()).await
        })
        .await
}

/// Makes it 20 minutes longer since the members of an organization last proved who they are.
pub async fn age_confirmations(store: &Store, organization: OrganizationId) {
    let sql = "UPDATE sessions SET confirmed_at = confirmed_at - interval '20 minutes' WHERE org_id = $1";
    store.pool().write(organization, sql, &[&organization.uuid()]).await.expect("the sessions are changed");
}
