//! What belongs to the installation rather than to an organization.

use countersign_persistence::{Store, StoreError};
use jiff::Timestamp;

/// What the database server says of itself.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// Its version.
    pub version: String,
    /// Its clock.
    pub now: Timestamp,
}

/// Asks the database server about itself.
pub async fn server_facts(store: &Store) -> Result<ServerFacts, StoreError> {
    let sql = "SELECT current_setting('server_version'), clock_timestamp()";
    let rows = store.pool().read_installation(sql, &[]).await?;
    let row = rows.first().ok_or(StoreError::UnexpectedValue("no answer".to_owned()))?;
    Ok(ServerFacts { version: row.try_get(0)?, now: row.try_get(1)? })
}

/// The names in URLs of all organizations.
pub async fn slugs(store: &Store) -> Result<Vec<String>, StoreError> {
    let rows = store.pool().read_installation("SELECT slug FROM organization_slugs ORDER BY slug", &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
