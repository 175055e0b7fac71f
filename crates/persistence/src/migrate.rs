//! Migrations: forward only, embedded, one at a time under an advisory lock.

use std::collections::BTreeMap;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Config, NoTls};

use crate::pool::parameters;

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration { name: $name, sql: include_str!(concat!("../../../migrations/", $name, ".sql")) }),+]
    };
}

/// One step. Its number is the first four digits of its name.
pub struct Migration {
    /// The file's name without its ending.
    pub name: &'static str,
    sql: &'static str,
}

/// All steps of this program, in order. Numbered 1, 2, 3 …
pub const MIGRATIONS: &[Migration] = migrations![
    "0001_roles",
    "0002_journal",
    "0003_projections",
    "0004_sign_in",
    "0005_authorizations",
    "0006_client_settings",
    "0007_secret_usage",
    "0008_organization_hosts",
    "0009_client_overviews",
    "0010_second_factors",
    "0011_client_list",
    "0012_members",
    "0013_organization_settings",
    "0014_home",
    "0015_third_party_list",
    "0016_operators_and_jobs",
];

/// Any number, the same for all processes of ours.
const LOCK: i64 = 0x636f_756e_7465_7273;

/// Why the database is not, or could not be brought, at this program's version.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database can't be reached or refused a statement.
    #[error("database error: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// A newer program has been here.
    #[error("the database is at version {found}, this program knows {known}: run a newer program")]
    Newer {
        /// The version of the database.
        found: usize,
        /// The newest version of this program.
        known: usize,
    },
    /// Migrations are missing.
    #[error("the database is at version {found} of {known}: run `countersign migrate`, or start with --migrate")]
    Older {
        /// The version of the database.
        found: usize,
        /// The newest version of this program.
        known: usize,
    },
    /// A migration was applied with another text than this program has.
    #[error("migration {0} in the database is not the one of this program")]
    Altered(String),
    /// The role can't do what `serve` must.
    #[error("the role that serve logs in as is not a member of countersign_app: GRANT countersign_app to it")]
    NotAMember,
    /// The role has rights that `serve` must not have.
    #[error(
        "the role that serve logs in as has too many rights: {0}. Use one that is only a member of countersign_app"
    )]
    TooManyRights(String),
}

/// Brings the database to this program's version, as its owner. Returns the names of the steps that were applied.
/// Several may call it at once: one applies, the others wait and find nothing to do.
pub async fn migrate(owner_url: &str) -> Result<Vec<&'static str>, MigrationError> {
    let mut client = connect(owner_url).await?;
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT NULL, \
             sha256 bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
        )
        .await?;
    let found = applied(&client).await?;
    check_not_newer(&found)?;
    let mut steps = Vec::new();
    for (number, migration) in (1..).zip(MIGRATIONS).skip(found.len()) {
        let transaction = client.transaction().await?;
        transaction.batch_execute(migration.sql).await?;
        transaction
            .execute(
                "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
                &[&number, &migration.name, &digest(migration)],
            )
            .await?;
        transaction.commit().await?;
        tracing::info!(migration = migration.name, "applied");
        steps.push(migration.name);
    }
    client
        .batch_execute(
            "GRANT SELECT ON schema_migrations TO countersign_app;
             DO $$ BEGIN
                 IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_serve') THEN
                     GRANT countersign_app TO countersign_serve;
                 END IF;
             EXCEPTION WHEN unique_violation THEN
                 -- The migration of another database on the same server did it at the same time.
                 NULL;
             END $$;
             -- A temporary table hides the real one of the same name from everybody who uses the connection afterwards.
             DO $$ BEGIN
                 EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
             END $$",
        )
        .await?;
    Ok(steps)
}

/// Makes the login role `countersign_serve`, with the rights of `serve` and the given password, on a server that has
/// none or another password for it. The password is of letters and digits.
pub async fn make_serve_login(owner_url: &str, password: &str) -> Result<(), MigrationError> {
    let client = connect(owner_url).await?;
    let exists = client.query_opt("SELECT FROM pg_roles WHERE rolname = 'countersign_serve'", &[]).await?.is_some();
    let verb = if exists { "ALTER" } else { "CREATE" };
    let attributes = if exists { "" } else { "NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS" };
    client
        .batch_execute(&format!(
            "{verb} ROLE countersign_serve LOGIN {attributes} PASSWORD '{password}';
             GRANT countersign_app TO countersign_serve"
        ))
        .await?;
    Ok(())
}

/// Makes sure that the database is exactly at this program's version, and that the role has no more rights than
/// `serve` may have.
pub async fn check(serve_url: &str) -> Result<(), MigrationError> {
    let client = connect(serve_url).await?;
    check_membership(&client).await?;
    check_version(&client).await?;
    check_rights(&client).await
}

/// Who is not a member may not even read the version. A database that was never migrated has nothing to be a member of.
async fn check_membership(client: &Client) -> Result<(), MigrationError> {
    let sql = "SELECT FROM pg_roles WHERE rolname = 'countersign_app' AND NOT pg_has_role(oid, 'MEMBER')";
    match client.query_opt(sql, &[]).await? {
        Some(_) => Err(MigrationError::NotAMember),
        None => Ok(()),
    }
}

/// Makes sure that the database is exactly at this program's version.
pub(crate) async fn check_version(client: &Client) -> Result<(), MigrationError> {
    let exists: bool = client.query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[]).await?.get(0);
    let found = if exists { applied(client).await? } else { BTreeMap::new() };
    check_not_newer(&found)?;
    if found.len() < MIGRATIONS.len() {
        return Err(MigrationError::Older { found: found.len(), known: MIGRATIONS.len() });
    }
    Ok(())
}

/// Looks at all roles that the login can turn into, of which `countersign_app` is one: a statement slipped in by an
/// attacker could do that.
async fn check_rights(client: &Client) -> Result<(), MigrationError> {
    let row = client
        .query_one(
            "SELECT bool_or(r.rolsuper), bool_or(r.rolbypassrls), bool_or(r.oid = e.relowner), \
             bool_or(has_any_column_privilege(r.oid, e.oid, 'UPDATE') \
             OR has_table_privilege(r.oid, e.oid, 'DELETE, TRUNCATE, TRIGGER')) \
             FROM pg_roles r, pg_class e WHERE e.oid = 'events'::regclass AND pg_has_role(session_user, r.oid, 'MEMBER')",
            &[],
        )
        .await?;
    let faults = [
        (row.get(0), "it is, or can become, a superuser"),
        (row.get(1), "it bypasses row-level security, or can become a role that does"),
        (row.get(2), "it is, or can become, the owner of the tables"),
        (row.get(3), "it may change events"),
    ];
    match faults.into_iter().find(|(fault, _): &(bool, _)| *fault) {
        Some((_, fault)) => Err(MigrationError::TooManyRights(fault.to_owned())),
        None => Ok(()),
    }
}

pub(crate) async fn connect(url: &str) -> Result<Client, MigrationError> {
    let (client, connection) = Config::from_str(url)?.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn applied(client: &Client) -> Result<BTreeMap<i32, (String, Vec<u8>)>, MigrationError> {
    let rows = client.query("SELECT version, name, sha256 FROM schema_migrations", parameters![]).await?;
    Ok(rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect())
}

fn check_not_newer(found: &BTreeMap<i32, (String, Vec<u8>)>) -> Result<(), MigrationError> {
    let (newest, known) = (found.keys().last().copied().unwrap_or_default(), MIGRATIONS.len());
    let newest = usize::try_from(newest).unwrap_or_default();
    if newest > known {
        return Err(MigrationError::Newer { found: newest, known });
    }
    for ((name, sha256), migration) in found.values().zip(MIGRATIONS) {
        if *sha256 != digest(migration) {
            return Err(MigrationError::Altered(name.clone()));
        }
    }
    Ok(())
}

fn digest(migration: &Migration) -> Vec<u8> {
    Sha256::digest(migration.sql.as_bytes()).to_vec()
}
