//! What belongs to the installation rather than to an organization.

use countersign_persistence::{Store, StoreError};

/// The names in URLs of all organizations.
pub async fn slugs(store: &Store) -> Result<Vec<String>, StoreError> {
    let rows = store.pool().read_installation("SELECT slug FROM organization_slugs ORDER BY slug", &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
