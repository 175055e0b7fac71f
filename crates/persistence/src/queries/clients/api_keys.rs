//! The API keys of an organization: clients whose access tokens open the JSON API.

use countersign_domain::{ClientId, ClientSettings, OrganizationId};
use jiff::Timestamp;
use tokio_postgres::types::Json;

use crate::pool::parameters;
use crate::{Store, StoreError};

/// An API key in the list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Which client.
    pub id: ClientId,
    /// The `client_id` of the protocol, by which it is called.
    pub identifier: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Since when it exists.
    pub registered_at: Timestamp,
    /// When it last got a token or made a call. A few seconds late.
    pub last_used_at: Option<Timestamp>,
    /// Whether it may take part.
    pub active: bool,
}

/// The API keys that were not deleted, by their identifiers.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<ApiKey>, StoreError> {
    let sql = "SELECT c.client_id, c.identifier, c.settings, c.registered_at, \
               greatest(o.token_created_at, u.last_used_at), c.active FROM clients c \
               LEFT JOIN client_overviews o ON o.org_id = c.org_id AND o.client_id = c.client_id \
               LEFT JOIN token_usage u ON u.org_id = o.org_id AND u.token_id = o.token_id \
               WHERE c.org_id = $1 AND NOT c.deleted AND c.settings @> '{\"api_access\": true}' \
               ORDER BY lower(c.identifier), c.client_id";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid()]).await?;
    rows.iter()
        .map(|row| {
            Ok(ApiKey {
                id: ClientId(row.try_get(0)?),
                identifier: row.try_get(1)?,
                scopes: row.try_get::<_, Json<ClientSettings>>(2)?.0.scopes,
                registered_at: row.try_get(3)?,
                last_used_at: row.try_get(4)?,
                active: row.try_get(5)?,
            })
        })
        .collect()
}
