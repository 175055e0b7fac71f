//! The OAuth clients of an organization.

use countersign_domain::{ClientId, ClientSettings, OrganizationId, ThirdPartyId};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::third_parties::{SecretSummary, last_uses, secrets};
use super::{Page, containing};
use crate::pool::parameters;
use crate::{Store, StoreError};

/// An OAuth client with its settings and secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDetail {
    /// Which record.
    pub id: ClientId,
    /// The `client_id` of the protocol.
    pub identifier: String,
    /// Whether it is a public client, which has no secret.
    pub is_public: bool,
    /// The third party that it belongs to.
    pub third_party: Option<ThirdPartyId>,
    /// What that third party is called.
    pub third_party_name: Option<String>,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// What it may do.
    pub settings: ClientSettings,
    /// Whether it may take part.
    pub active: bool,
    /// Since when it exists.
    pub registered_at: Timestamp,
    /// Its secrets, oldest first.
    pub secrets: Vec<SecretSummary>,
}

/// Which clients to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientList {
    /// A part of the `client_id` or of the third party's name, without regard to case.
    pub search: Option<String>,
    /// From the last in the alphabet on.
    pub descending: bool,
    /// Which page, from 1 on; one past the end answers the last.
    pub page: u32,
    /// How many rows a page has.
    pub page_size: u32,
}

macro_rules! select_clients {
    ($rest:literal) => {
        concat!(
            "SELECT c.client_id, c.identifier, c.client_type, c.third_party_id, tp.name, c.redirect_uris, c.settings, \
             c.active, c.registered_at, c.secrets, count(*) OVER (), ",
            last_uses!("c"),
            " FROM clients c LEFT JOIN third_parties tp \
             ON tp.org_id = c.org_id AND tp.third_party_id = c.third_party_id \
             WHERE c.org_id = $1 AND NOT c.deleted ",
            $rest
        )
    };
}

/// One page of the clients that were not deleted, by their `client_id`.
pub async fn list(
    store: &Store,
    organization: OrganizationId,
    list: &ClientList,
) -> Result<Page<ClientDetail>, StoreError> {
    const FOUND: &str = "AND ($2::text IS NULL OR c.identifier ILIKE $2 OR tp.name ILIKE $2)";
    let search = list.search.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(containing);
    let direction = if list.descending { "DESC" } else { "ASC" };
    let page_size = i64::from(list.page_size.max(1));
    let sql = format!(
        "{} {FOUND} ORDER BY lower(c.identifier) {direction}, c.client_id LIMIT $3 OFFSET $4",
        select_clients!("")
    );
    let mut skipped = i64::from(list.page.saturating_sub(1)).saturating_mul(page_size);
    loop {
        let parameters = parameters![organization.uuid(), search, page_size, skipped];
        let rows = store.pool().read(organization, &sql, parameters).await?;
        if rows.is_empty() && skipped > 0 {
            // Past the end: how many there are is not known, so the last page is looked for from the first.
            let counted =
                store.pool().read(organization, &sql, parameters![organization.uuid(), search, 1_i64, 0_i64]).await?;
            skipped = (total(&counted)? - 1).max(0) / page_size * page_size;
            continue;
        }
        let page = u32::try_from(skipped / page_size + 1).unwrap_or(u32::MAX);
        let items = rows.iter().map(detail).collect::<Result<_, _>>()?;
        return Ok(Page::new(items, total(&rows)?.unsigned_abs(), page, Some(list.page_size)));
    }
}

fn total(rows: &[Row]) -> Result<i64, StoreError> {
    Ok(rows.first().map(|row| row.try_get(10)).transpose()?.unwrap_or_default())
}

/// The clients of a third party that were not deleted.
pub async fn of_third_party(
    store: &Store,
    organization: OrganizationId,
    third_party: ThirdPartyId,
) -> Result<Vec<ClientId>, StoreError> {
    let sql = "SELECT client_id FROM clients WHERE org_id = $1 AND third_party_id = $2 AND NOT deleted";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), third_party.uuid()]).await?;
    rows.iter().map(|row| Ok(ClientId(row.try_get(0)?))).collect()
}

/// One client that was not deleted.
pub async fn get(
    store: &Store,
    organization: OrganizationId,
    id: ClientId,
) -> Result<Option<ClientDetail>, StoreError> {
    let sql = select_clients!("AND c.client_id = $2");
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?;
    rows.first().map(detail).transpose()
}

fn detail(row: &Row) -> Result<ClientDetail, StoreError> {
    Ok(ClientDetail {
        id: ClientId(row.try_get(0)?),
        identifier: row.try_get(1)?,
        is_public: row.try_get::<_, &str>(2)? == "public",
        third_party: row.try_get::<_, Option<_>>(3)?.map(ThirdPartyId),
        third_party_name: row.try_get(4)?,
        redirect_uris: row.try_get::<_, Json<_>>(5)?.0,
        settings: row.try_get::<_, Json<_>>(6)?.0,
        active: row.try_get(7)?,
        registered_at: row.try_get(8)?,
        secrets: secrets(row.try_get(9)?, &row.try_get(11)?),
    })
}
