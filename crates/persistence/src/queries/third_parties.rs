//! The list of third parties, and one of them with its client and tokens.

use std::collections::HashMap;

use countersign_domain::client::SecretProof;
use countersign_domain::third_party::Mode;
use countersign_domain::values::ThirdPartyName;
use countersign_domain::{ClientId, ClientSettings, OrganizationId, SecretId, SecretKind, ThirdPartyId};
use futures_util::future::try_join4;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::clients::{self, NamedClient};
use super::tokens::{self, TokenSummary};
use super::{Page, containing, masked, parse};
use crate::pool::parameters;
use crate::projections::clients::StoredSecret;
use crate::projections::unique_names::NameKind;
use crate::{Store, StoreError};

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ThirdPartySort {
    /// The name, without regard to case.
    #[default]
    Name,
    /// Switched off before switched on.
    Enabled,
    /// Automatic before manual.
    Mode,
    /// The next expiry of a token.
    NextExpiry,
    /// The last use of a token.
    LastUsed,
}

impl ThirdPartySort {
    fn expression(self) -> &'static str {
        match self {
            Self::Name => "lower(name)",
            Self::Enabled => "enabled",
            Self::Mode => "mode",
            Self::NextExpiry => "next_expiry",
            Self::LastUsed => "last_used_at",
        }
    }

    /// Whether the order can't be told without looking at the tokens of every third party.
    fn needs_tokens(self) -> bool {
        match self {
            Self::Name | Self::Enabled | Self::Mode => false,
            Self::NextExpiry | Self::LastUsed => true,
        }
    }
}

/// Which third parties to list, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThirdPartyList {
    /// A part of the name, the contact's name or the contact's e-mail address, without regard to case.
    pub search: Option<String>,
    /// By what to sort; the name decides between equals. Those without a value come last in either direction.
    pub sort: ThirdPartySort,
    /// From the largest down.
    pub descending: bool,
    /// Which page, from 1 on; one past the end answers the last.
    pub page: u32,
    /// How many rows a page has; `None` puts all on one.
    pub page_size: Option<u32>,
}

/// A third party in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdPartySummary {
    /// Which one.
    pub id: ThirdPartyId,
    /// Its name.
    pub name: String,
    /// Whether its access is switched on.
    pub enabled: bool,
    /// How it comes by its tokens.
    pub mode: Mode,
    /// Whom to talk to.
    pub contact_name: Option<String>,
    /// Where mail goes.
    pub contact_email: Option<String>,
    /// When the first of its tokens that work now expires.
    pub next_expiry: Option<Timestamp>,
    /// Whether one of its active tokens never expires.
    pub never_expires: bool,
    /// How many of its tokens are active and have not expired.
    pub active_tokens: u64,
    /// When one of its tokens was last used.
    pub last_used_at: Option<Timestamp>,
}

/// A third party with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdPartyDetail {
    /// Which one.
    pub id: ThirdPartyId,
    /// Its name.
    pub name: String,
    /// Whom to talk to.
    pub contact_name: Option<String>,
    /// Where mail goes.
    pub contact_email: Option<String>,
    /// What was reviewed with it.
    pub requirements: Option<String>,
    /// How it comes by its tokens.
    pub mode: Mode,
    /// Whether its access is switched on.
    pub enabled: bool,
    /// Whether it was ended for good.
    pub deleted: bool,
    /// Since when it exists.
    pub added_at: Timestamp,
    /// How many times it was changed: a form that was filled in at an earlier version may overwrite somebody's change.
    pub version: u64,
    /// Its client: the last registered of those that were not deleted.
    pub client: Option<ClientSummary>,
    /// All of its clients that were not deleted, the last registered first.
    pub clients: Vec<NamedClient>,
    /// Its tokens, newest first.
    pub tokens: Vec<TokenSummary>,
}

/// An OAuth client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSummary {
    /// Which record.
    pub id: ClientId,
    /// The `client_id` of the protocol.
    pub identifier: String,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// What it may do.
    pub settings: ClientSettings,
    /// Whether it may take part.
    pub active: bool,
    /// Its secrets, oldest first.
    pub secrets: Vec<SecretSummary>,
}

/// One of a client's secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSummary {
    /// Which one.
    pub id: SecretId,
    /// By what people tell it apart: `cs_sk_…a9F2`, or that a person chose it.
    pub masked: String,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When the client last proved by it who it is.
    pub last_used_at: Option<Timestamp>,
}

/// When the secrets of the clients under a name were last used, by secret, as an expression.
macro_rules! last_uses {
    ($clients:literal) => {
        concat!(
            "(SELECT coalesce(jsonb_object_agg(u.secret_id, u.last_used_at), '{}') FROM secret_usage u WHERE u.org_id = ",
            $clients,
            ".org_id AND u.secret_id IN (SELECT (s ->> 'secret')::uuid FROM jsonb_array_elements(",
            $clients,
            ".secrets) s))"
        )
    };
}

pub(super) use last_uses;

/// One page of the third parties that were not deleted.
pub async fn list(
    store: &Store,
    organization: OrganizationId,
    list: &ThirdPartyList,
    now: Timestamp,
) -> Result<Page<ThirdPartySummary>, StoreError> {
    let direction = if list.descending { "DESC" } else { "ASC" };
    let order = format!("ORDER BY {} {direction} NULLS LAST, lower(name), third_party_id", list.sort.expression());
    let cut = "LIMIT $4::bigint \
               OFFSET coalesce(least($5::bigint, greatest((SELECT total FROM counted) - 1, 0) / $4) * $4, 0)";
    // Where it can, the page is cut before anybody's tokens are looked at.
    let (early, late) = if list.sort.needs_tokens() { (String::new(), cut) } else { (format!("{order} {cut}"), "") };
    let sql = format!(
        "WITH found AS ( \
             SELECT third_party_id, name, enabled, mode, contact_name, contact_email FROM third_parties \
             WHERE org_id = $1 AND NOT deleted \
             AND ($2::text IS NULL OR name ILIKE $2 OR contact_name ILIKE $2 OR contact_email ILIKE $2) \
         ), counted AS (SELECT count(*) AS total FROM found), \
         wanted AS (SELECT * FROM found {early}) \
         SELECT wanted.*, next_expiry, active_tokens > expiring_tokens, active_tokens, last_used_at, \
             (SELECT total FROM counted) \
         FROM wanted, LATERAL ( \
             SELECT count(*) FILTER (WHERE is_live) AS active_tokens, \
                 count(expires_at) FILTER (WHERE is_live) AS expiring_tokens, \
                 min(expires_at) FILTER (WHERE is_live) AS next_expiry, max(last_used_at) AS last_used_at \
             FROM (SELECT t.expires_at, u.last_used_at, \
                       t.status = 'active' AND (t.expires_at IS NULL OR t.expires_at > $3) AS is_live \
                   FROM tokens t LEFT JOIN token_usage u ON u.org_id = t.org_id AND u.token_id = t.token_id \
                   WHERE t.org_id = $1 AND t.third_party_id = wanted.third_party_id \
                   AND (t.kind = 'manual' OR t.expires_at IS NULL)) \
                   AS its_tokens \
         ) AS its_use {order} {late}",
    );
    let search = list.search.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(containing);
    let page_size = list.page_size.map(|size| i64::from(size.max(1)));
    let skipped_pages = i64::from(list.page.saturating_sub(1));
    let rows = store
        .pool()
        .read(organization, &sql, parameters![organization.uuid(), search, now, page_size, skipped_pages])
        .await?;
    let total = rows.first().map(|row| row.try_get::<_, i64>(10)).transpose()?.unwrap_or_default();
    let items = rows.iter().map(summary).collect::<Result<_, _>>()?;
    Ok(Page::new(items, total.unsigned_abs(), list.page, list.page_size))
}

fn summary(row: &Row) -> Result<ThirdPartySummary, StoreError> {
    Ok(ThirdPartySummary {
        id: ThirdPartyId(row.try_get(0)?),
        name: row.try_get(1)?,
        enabled: row.try_get(2)?,
        mode: parse("mode", row.try_get(3)?)?,
        contact_name: row.try_get(4)?,
        contact_email: row.try_get(5)?,
        next_expiry: row.try_get(6)?,
        never_expires: row.try_get(7)?,
        active_tokens: row.try_get::<_, i64>(8)?.unsigned_abs(),
        last_used_at: row.try_get(9)?,
    })
}

/// One third party, deleted or not.
pub async fn get(
    store: &Store,
    organization: OrganizationId,
    id: ThirdPartyId,
) -> Result<Option<ThirdPartyDetail>, StoreError> {
    let sql = "SELECT name, contact_name, contact_email, requirements, mode, enabled, deleted, added_at, version \
               FROM third_parties WHERE org_id = $1 AND third_party_id = $2";
    let key = (organization.uuid(), id.uuid());
    let (rows, client, clients, tokens) = try_join4(
        store.pool().read(organization, sql, parameters![key.0, key.1]),
        client_of(store, organization, id),
        clients::of_third_party(store, organization, id),
        tokens::of_third_party(store, organization, id),
    )
    .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(ThirdPartyDetail {
        id,
        name: row.try_get(0)?,
        contact_name: row.try_get(1)?,
        contact_email: row.try_get(2)?,
        requirements: row.try_get(3)?,
        mode: parse("mode", row.try_get(4)?)?,
        enabled: row.try_get(5)?,
        deleted: row.try_get(6)?,
        added_at: row.try_get(7)?,
        version: row.try_get::<_, i64>(8)?.unsigned_abs(),
        client,
        clients,
        tokens,
    }))
}

/// The third party of a name, without regard to case, if there is one.
pub async fn by_name(
    store: &Store,
    organization: OrganizationId,
    name: &ThirdPartyName,
) -> Result<Option<ThirdPartyId>, StoreError> {
    let sql = "SELECT holder_id FROM unique_names WHERE org_id = $1 AND kind = $2 AND name = $3";
    let (kind, key) = (NameKind::ThirdParty.as_str(), ThirdPartyName::unique_key_of(name.as_str()));
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), kind, key]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map(ThirdPartyId))
}

async fn client_of(
    store: &Store,
    organization: OrganizationId,
    third_party: ThirdPartyId,
) -> Result<Option<ClientSummary>, StoreError> {
    let sql = concat!(
        "SELECT client_id, identifier, redirect_uris, settings, active, secrets, ",
        last_uses!("clients"),
        " FROM clients WHERE org_id = $1 AND third_party_id = $2 AND NOT deleted \
          ORDER BY registered_at DESC, client_id DESC LIMIT 1"
    );
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), third_party.uuid()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(ClientSummary {
        id: ClientId(row.try_get(0)?),
        identifier: row.try_get(1)?,
        redirect_uris: row.try_get::<_, Json<_>>(2)?.0,
        settings: row.try_get::<_, Json<_>>(3)?.0,
        active: row.try_get(4)?,
        secrets: secrets(row.try_get(5)?, &row.try_get(6)?),
    }))
}

/// Secrets as they are shown.
pub(super) fn secrets(
    stored: Json<Vec<StoredSecret>>,
    last_uses: &Json<HashMap<SecretId, Timestamp>>,
) -> Vec<SecretSummary> {
    stored.0.into_iter().map(|stored| secret(stored, &last_uses.0)).collect()
}

fn secret(stored: StoredSecret, last_uses: &HashMap<SecretId, Timestamp>) -> SecretSummary {
    let masked = match stored.proof {
        SecretProof::Generated { last_four, .. } => masked(SecretKind::ClientSecret, &last_four),
        SecretProof::Chosen { .. } => "chosen by a person".to_owned(),
    };
    SecretSummary {
        id: stored.secret,
        masked,
        created_at: stored.created_at,
        expires_at: stored.expires_at,
        last_used_at: last_uses.get(&stored.secret).copied(),
    }
}
