//! What expires: tokens and client secrets, by when.
//!
//! Only tokens that live for more than a day are looked at. Those that clients come by every hour expire by the thousand,
//! and nobody needs to do anything about it.

use countersign_domain::token::TokenKind;
use countersign_domain::{ClientId, OrganizationId, SecretId, SecretKind, ThirdPartyId, TokenId};
use futures_util::future::try_join;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::conditions::{Conditions, filled};
use super::tokens::{masked_token, token_kind};
use super::{CHOSEN, Page, containing, masked};
use crate::{Store, StoreError};

/// Which expirations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpirationFilter {
    /// The first instant.
    pub from: Timestamp,
    /// The instant before which the last one lies.
    pub until: Timestamp,
    /// Only those of a third party.
    pub third_party: Option<ThirdPartyId>,
    /// Only those of third parties with this part in their names, without regard to case.
    pub third_party_name: Option<String>,
}

/// What expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A token.
    Token(TokenKind, TokenId),
    /// A client secret.
    ClientSecret(SecretId),
}

/// Something that expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiration {
    /// When.
    pub expires_at: Timestamp,
    /// What.
    pub credential: Credential,
    /// By what people tell it apart: `cs_mt_…a9F2`, or that a person chose it.
    pub masked: String,
    /// Of which third party, with its name.
    pub third_party: Option<(ThirdPartyId, String)>,
    /// Of which client, with its `client_id`.
    pub client: Option<(ClientId, String)>,
    /// When it was last used. A few seconds late.
    pub last_used_at: Option<Timestamp>,
}

/// Tokens `t` with an end that live for more than a day, as the index of them has it.
const LASTING: &str = "t.status = 'active' AND t.expires_at - t.issued_at > interval '24 hours'";

/// What ends tokens `t` for good without a word on their rows. Each is looked up once: as joins, they would be planned for
/// few tokens, and be slow for many.
pub(super) const NOT_OVER: &str = "(t.third_party_id IN (SELECT third_party_id FROM third_parties WHERE org_id = $1 AND deleted)) IS NOT TRUE \
    AND (t.client_id IN (SELECT client_id FROM clients WHERE org_id = $1 AND deleted)) IS NOT TRUE \
    AND (t.authorization_id IN (SELECT authorization_id FROM authorizations WHERE org_id = $1 AND revoked)) \
        IS NOT TRUE";

impl ExpirationFilter {
    /// All between two instants.
    pub fn between(from: Timestamp, until: Timestamp) -> Self {
        Self { from, until, third_party: None, third_party_name: None }
    }

    /// The query of all that pass, with its parameters.
    fn found(&self, organization: OrganizationId) -> (String, Conditions) {
        // Those that are shared; the others differ between tokens, which know their third parties, and secrets, which
        // know their clients.
        let mut conditions = Conditions::within(organization, "org_id = $1");
        conditions.push("expires_at >= ?", self.from);
        conditions.push("expires_at < ?", self.until);
        let mut third_parties = Vec::new();
        if let Some(third_party) = self.third_party {
            third_parties.push(format!("= {}", conditions.bind(third_party.uuid())));
        }
        if let Some(name) = filled(self.third_party_name.as_ref()) {
            let part = conditions.bind(containing(name));
            third_parties
                .push(format!("IN (SELECT third_party_id FROM third_parties WHERE org_id = $1 AND name ILIKE {part})"));
        }
        let of_tokens = third_parties.iter().map(|which| format!(" AND t.third_party_id {which}"));
        let of_tokens = of_tokens.collect::<Vec<_>>().concat();
        let clients = "SELECT client_id FROM clients WHERE org_id = $1 AND third_party_id";
        let of_secrets = third_parties.iter().map(|which| format!(" AND s.client_id IN ({clients} {which})"));
        let of_secrets = of_secrets.collect::<Vec<_>>().concat();
        let shared = conditions.sql();
        let sql = format!(
            "SELECT expires_at, kind, token_id AS id, third_party_id, client_id, last_four FROM tokens t \
             WHERE {shared} AND {LASTING} AND {NOT_OVER}{of_tokens} \
             UNION ALL \
             SELECT expires_at, NULL, secret_id, NULL, client_id, last_four FROM client_secrets s \
             WHERE {shared} AND s.client_id NOT IN (SELECT client_id FROM clients WHERE org_id = $1 AND deleted){of_secrets}"
        );
        (sql, conditions)
    }
}

/// One page of what expires, the first to expire first.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    filter: &ExpirationFilter,
    page: u32,
    page_size: u32,
) -> Result<Page<Expiration>, StoreError> {
    let size = page_size.max(1);
    let part = |page: u32| some(store, organization, filter, size, page);
    let (total, items) = try_join(count(store, organization, filter), part(page)).await?;
    let mut found = Page::new(items, total, page, Some(size));
    if found.items.is_empty() && total > 0 {
        found.items = part(found.page).await?;
    }
    Ok(found)
}

/// How many expire.
pub async fn count(store: &Store, organization: OrganizationId, filter: &ExpirationFilter) -> Result<u64, StoreError> {
    let (found, conditions) = filter.found(organization);
    let sql = format!("SELECT count(*) FROM ({found}) AS all_of_them");
    let rows = store.pool().read(organization, &sql, &conditions.parameters()).await?;
    Ok(rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?.unwrap_or_default().unsigned_abs())
}

/// How many of those that pass the filter expire from each of these instants on until the next; the instants ascend, and
/// the first is not after the filter's.
pub async fn counts(
    store: &Store,
    organization: OrganizationId,
    filter: &ExpirationFilter,
    instants: &[Timestamp],
) -> Result<Vec<u64>, StoreError> {
    let (found, mut conditions) = filter.found(organization);
    let instants_parameter = conditions.bind(instants.to_vec());
    let sql = format!(
        "SELECT width_bucket(expires_at, {instants_parameter}::timestamptz[]), count(*) FROM ({found}) AS all_of_them \
         GROUP BY 1"
    );
    let rows = store.pool().read(organization, &sql, &conditions.parameters()).await?;
    let mut counts = vec![0; instants.len()];
    for row in &rows {
        let bucket = usize::try_from(row.try_get::<_, i32>(0)?).unwrap_or_default();
        if let Some(count) = counts.get_mut(bucket.saturating_sub(1)) {
            *count += row.try_get::<_, i64>(1)?.unsigned_abs();
        }
    }
    Ok(counts)
}

async fn some(
    store: &Store,
    organization: OrganizationId,
    filter: &ExpirationFilter,
    size: u32,
    page: u32,
) -> Result<Vec<Expiration>, StoreError> {
    let (found, mut conditions) = filter.found(organization);
    let skipped = i64::from(page.saturating_sub(1)).saturating_mul(i64::from(size));
    let (limit, offset) = (conditions.bind(i64::from(size)), conditions.bind(skipped));
    let sql = format!(
        "SELECT f.expires_at, f.kind, f.id, f.last_four, p.third_party_id, p.name, f.client_id, c.identifier, \
             coalesce(t.last_used_at, s.last_used_at) \
         FROM ({found} ORDER BY expires_at, id LIMIT {limit} OFFSET {offset}) AS f \
         LEFT JOIN clients c ON c.org_id = $1 AND c.client_id = f.client_id \
         LEFT JOIN third_parties p ON p.org_id = $1 \
             AND p.third_party_id = coalesce(f.third_party_id, CASE WHEN f.kind IS NULL THEN c.third_party_id END) \
         LEFT JOIN token_usage t ON t.org_id = $1 AND t.token_id = f.id AND f.kind IS NOT NULL \
         LEFT JOIN secret_usage s ON s.org_id = $1 AND s.secret_id = f.id AND f.kind IS NULL \
         ORDER BY f.expires_at, f.id"
    );
    let rows = store.pool().read(organization, &sql, &conditions.parameters()).await?;
    rows.iter().map(expiration).collect()
}

fn expiration(row: &Row) -> Result<Expiration, StoreError> {
    let (id, last_four): (_, Option<&str>) = (row.try_get(2)?, row.try_get(3)?);
    let (credential, masked) = match (row.try_get::<_, Option<&str>>(1)?, last_four) {
        (Some(kind), last_four) => {
            let kind = token_kind(kind)?;
            (Credential::Token(kind, TokenId(id)), masked_token(kind, last_four.unwrap_or_default()))
        }
        (None, Some(last_four)) => {
            (Credential::ClientSecret(SecretId(id)), masked(SecretKind::ClientSecret, last_four))
        }
        (None, None) => (Credential::ClientSecret(SecretId(id)), CHOSEN.to_owned()),
    };
    let third_party = row.try_get::<_, Option<_>>(4)?.map(ThirdPartyId).zip(row.try_get::<_, Option<_>>(5)?);
    let client = row.try_get::<_, Option<_>>(6)?.map(ClientId).zip(row.try_get::<_, Option<_>>(7)?);
    Ok(Expiration {
        expires_at: row.try_get(0)?,
        credential,
        masked,
        third_party,
        client,
        last_used_at: row.try_get(8)?,
    })
}
