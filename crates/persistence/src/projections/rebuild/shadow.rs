//! The shadow schema: the tables of the projections once more, and how far each organization is replayed into them.
//!
//! Only the owner may look into it. The tables are unlogged: they don't go to replicas and backups, and a crash of the
//! server empties all of them together.

use countersign_domain::OrganizationId;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Transaction};

use crate::migrate::MIGRATIONS;
use crate::pool::parameters;
use crate::projections::{Folds, Statement};

/// Makes the schema, unless an interrupted run of the same program left it. Another program may fold events in another
/// way, so what it left is no good.
pub(super) async fn prepare(client: &Client) -> Result<(), Error> {
    let origin = format!("Countersign {} at migration {}", env!("CARGO_PKG_VERSION"), MIGRATIONS.len());
    let found = client
        .query_one("SELECT obj_description(to_regnamespace('countersign_shadow'), 'pg_namespace')", &[])
        .await?
        .try_get::<_, Option<String>>(0)?;
    if found.as_ref() == Some(&origin) {
        return Ok(());
    }
    let tables = Folds::TABLES
        .iter()
        .map(|table| {
            format!("CREATE UNLOGGED TABLE countersign_shadow.{0} (LIKE public.{0} INCLUDING ALL);", table.name)
        })
        .collect::<Vec<_>>()
        .join("\n");
    // Sent as one text, which is one transaction: the comment is only ever on a schema that is complete.
    client
        .batch_execute(&format!(
            "DROP SCHEMA IF EXISTS countersign_shadow CASCADE;
             CREATE SCHEMA countersign_shadow;
             COMMENT ON SCHEMA countersign_shadow IS '{origin}';
             CREATE UNLOGGED TABLE countersign_shadow.rebuild_progress (
                 org_id uuid PRIMARY KEY,
                 position bigint NOT NULL
             );
             CREATE UNLOGGED TABLE countersign_shadow.rebuild_disclosed (
                 org_id uuid,
                 sha256 text,
                 PRIMARY KEY (org_id, sha256)
             );
             {tables}"
        ))
        .await
}

/// Removes the schema.
pub(super) async fn remove(client: &Client) -> Result<(), Error> {
    client.batch_execute("DROP SCHEMA countersign_shadow CASCADE").await
}

/// Lets the transaction touch one organization's rows and write projections to the shadow. The search path has nothing
/// else, so that a statement for a table that the shadow lacks fails rather than reaching the real one.
pub(super) async fn scope(transaction: &Transaction<'_>, organization: OrganizationId) -> Result<(), Error> {
    transaction
        .batch_execute(&format!(
            "SET LOCAL countersign.org_id = '{organization}'; SET LOCAL search_path = countersign_shadow"
        ))
        .await
}

/// Runs a statement.
pub(super) async fn execute(transaction: &Transaction<'_>, statement: &Statement) -> Result<Vec<Row>, Error> {
    let parameters = statement.parameters.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect::<Vec<_>>();
    transaction.query(statement.sql, &parameters).await
}

/// The last position that was replayed.
pub(super) async fn position(transaction: &Transaction<'_>, organization: OrganizationId) -> Result<i64, Error> {
    let row = transaction
        .query_opt(
            "SELECT position FROM countersign_shadow.rebuild_progress WHERE org_id = $1",
            parameters![organization.uuid()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.try_get(0))
}

/// Notes the last position that was replayed, and which commitments were opened on the way.
pub(super) async fn advance(
    transaction: &Transaction<'_>,
    organization: OrganizationId,
    position: i64,
    disclosed: &[&str],
) -> Result<(), Error> {
    transaction
        .execute(
            "INSERT INTO countersign_shadow.rebuild_progress (org_id, position) VALUES ($1, $2) \
             ON CONFLICT (org_id) DO UPDATE SET position = EXCLUDED.position",
            parameters![organization.uuid(), position],
        )
        .await?;
    transaction
        .execute(
            "INSERT INTO countersign_shadow.rebuild_disclosed (org_id, sha256) \
             SELECT $1, * FROM UNNEST($2::text[]) ON CONFLICT DO NOTHING",
            parameters![organization.uuid(), disclosed],
        )
        .await?;
    Ok(())
}

/// Whether the shadow holds what a replay would no longer give: a disclosure was erased since it was read, or the
/// database was set back behind what was replayed.
pub(super) async fn is_stale(
    transaction: &Transaction<'_>,
    organization: OrganizationId,
    head: i64,
) -> Result<bool, Error> {
    let erased: bool = transaction
        .query_one(
            "SELECT EXISTS (SELECT FROM countersign_shadow.rebuild_disclosed r WHERE r.org_id = $1 AND NOT EXISTS \
             (SELECT FROM public.disclosures d WHERE d.org_id = r.org_id AND d.sha256 = r.sha256))",
            parameters![organization.uuid()],
        )
        .await?
        .try_get(0)?;
    Ok(erased || position(transaction, organization).await? > head)
}

/// Forgets what was replayed of an organization.
pub(super) async fn forget(client: &mut Client, organization: OrganizationId) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    let own = ["rebuild_progress", "rebuild_disclosed"];
    for table in Folds::TABLES.iter().map(|table| table.name).chain(own) {
        let sql = format!("DELETE FROM countersign_shadow.{table} WHERE org_id = $1");
        transaction.execute(&sql, parameters![organization.uuid()]).await?;
    }
    transaction.commit().await
}
