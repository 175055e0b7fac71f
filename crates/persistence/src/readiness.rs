//! Whether this process can answer requests: the database is there and at this program's version.

use crate::migrate::MIGRATIONS;
use crate::pool::parameters;
use crate::{Store, StoreError};

/// Why requests should go elsewhere for now.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The database can't be asked.
    #[error("the database does not answer: {0}")]
    Database(#[from] StoreError),
    /// The database took too long.
    #[error("the database does not answer in time")]
    Silent,
    /// The database is at another version.
    #[error("the database is at version {found}, this program needs version {needed}: run `countersign migrate`")]
    OtherVersion {
        /// The version of the database.
        found: i64,
        /// The version of this program.
        needed: usize,
    },
}

/// Asks the database.
pub async fn check(store: &Store) -> Result<(), NotReady> {
    let rows = store.pool().read_installation("SELECT count(*) FROM schema_migrations", parameters![]).await?;
    let found: i64 = rows.first().map(|row| row.try_get(0)).transpose().map_err(StoreError::from)?.unwrap_or_default();
    let needed = MIGRATIONS.len();
    if usize::try_from(found) == Ok(needed) { Ok(()) } else { Err(NotReady::OtherVersion { found, needed }) }
}
