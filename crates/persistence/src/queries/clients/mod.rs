//! The OAuth clients of an organization.

pub mod api_keys;
pub mod list;

use countersign_domain::client::ClientType;
use countersign_domain::token::TokenKind;
use countersign_domain::{ClientId, ClientSettings, MemberId, OrganizationId, SecretKind, ThirdPartyId, TokenId};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::third_parties::{SecretSummary, last_uses, secrets};
use super::tokens::{masked_token, token_kind};
use super::{ERASED, masked};
use crate::pool::parameters;
use crate::{Store, StoreError};

/// An OAuth client with its settings and secrets, and what it last came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDetail {
    /// Which record.
    pub id: ClientId,
    /// The `client_id` of the protocol.
    pub identifier: String,
    /// Whether it can keep a secret.
    pub client_type: ClientType,
    /// The third party that it belongs to.
    pub third_party: Option<ThirdPartyId>,
    /// What that third party is called.
    pub third_party_name: Option<String>,
    /// Whether that third party is in automatic mode, in which granted tokens have no end unless a lifetime is set.
    pub is_automatic: bool,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// What it may do.
    pub settings: ClientSettings,
    /// Whether it may take part.
    pub active: bool,
    /// Whether it was ended for good.
    pub deleted: bool,
    /// Since when it exists.
    pub registered_at: Timestamp,
    /// Its secrets, oldest first.
    pub secrets: Vec<SecretSummary>,
    /// Its last authorization code.
    pub last_code: Option<LastCode>,
    /// Its last token.
    pub last_token: Option<LastToken>,
}

/// The last authorization code that a client got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCode {
    /// By what people tell it apart: `cs_ac_…a9F2`.
    pub masked: String,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Where it was sent to.
    pub redirect_uri: String,
    /// The member for whom the client acts by it: the passthru user.
    pub passthru_user: PassthruUser,
}

/// The member for whom a client acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassthruUser {
    /// Who.
    pub id: MemberId,
    /// The name.
    pub name: String,
    /// The e-mail address, unless it was erased.
    pub email: Option<String>,
}

/// The last token that a client got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastToken {
    /// Which one.
    pub id: TokenId,
    /// What kind of token it is.
    pub kind: TokenKind,
    /// By what people tell it apart: `cs_at_…a9F2`.
    pub masked: String,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// The tokens of a client that work now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActiveTokens {
    /// How many.
    pub count: u64,
    /// Whether there may be more than were counted.
    pub is_at_least: bool,
    /// When one of them was last used, and from where. A few seconds late.
    pub last_use: Option<(Timestamp, String)>,
}

/// How many of a client's last events are looked at for its active tokens: a busy client has millions.
const EVENTS_LOOKED_AT: i64 = 1000;

macro_rules! select_clients {
    ($rest:literal) => {
        concat!(
            "SELECT c.client_id, c.identifier, c.client_type, c.third_party_id, tp.name, \
             coalesce(tp.mode = 'automatic', false), c.redirect_uris, c.settings, c.active, c.deleted, \
             c.registered_at, c.secrets, ",
            last_uses!("c"),
            ", a.code_last_four, a.granted_at, a.redirect_uri, a.member_id, m.name, m.email, \
             t.token_id, t.kind, t.last_four, t.issued_at FROM clients c \
             LEFT JOIN third_parties tp ON tp.org_id = c.org_id AND tp.third_party_id = c.third_party_id \
             LEFT JOIN client_overviews o ON o.org_id = c.org_id AND o.client_id = c.client_id \
             LEFT JOIN authorizations a ON a.org_id = o.org_id AND a.authorization_id = o.authorization_id \
             LEFT JOIN members m ON m.org_id = a.org_id AND m.member_id = a.member_id \
             LEFT JOIN tokens t ON t.org_id = o.org_id AND t.token_id = o.token_id \
             WHERE c.org_id = $1 ",
            $rest
        )
    };
}

/// A client of a third party, by what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedClient {
    /// Which record.
    pub id: ClientId,
    /// The `client_id` of the protocol.
    pub identifier: String,
}

/// The clients of a third party that were not deleted, the newest first.
pub async fn of_third_party(
    store: &Store,
    organization: OrganizationId,
    third_party: ThirdPartyId,
) -> Result<Vec<NamedClient>, StoreError> {
    let sql = "SELECT client_id, identifier FROM clients WHERE org_id = $1 AND third_party_id = $2 AND NOT deleted \
               ORDER BY registered_at DESC, client_id DESC";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), third_party.uuid()]).await?;
    rows.iter().map(|row| Ok(NamedClient { id: ClientId(row.try_get(0)?), identifier: row.try_get(1)? })).collect()
}

/// One client, deleted or not.
pub async fn get(
    store: &Store,
    organization: OrganizationId,
    id: ClientId,
) -> Result<Option<ClientDetail>, StoreError> {
    let sql = select_clients!("AND c.client_id = $2");
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?;
    rows.first().map(detail).transpose()
}

/// Clients that were not deleted, in the order of their identifiers.
pub async fn get_all(
    store: &Store,
    organization: OrganizationId,
    ids: &[ClientId],
) -> Result<Vec<ClientDetail>, StoreError> {
    let sql = select_clients!("AND c.client_id = ANY($2) AND NOT c.deleted ORDER BY array_position($2, c.client_id)");
    let ids = ids.iter().map(|id| id.uuid()).collect::<Vec<_>>();
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), ids]).await?;
    rows.iter().map(detail).collect()
}

/// The tokens of a client that are Active and have not expired: those that people handle, and those among its last
/// events, which only the busiest clients have more of.
pub async fn active_tokens(
    store: &Store,
    organization: OrganizationId,
    client: ClientId,
    now: Timestamp,
) -> Result<ActiveTokens, StoreError> {
    let sql = "WITH recent AS ( \
                   SELECT e.event_type, e.stream_id FROM events e WHERE e.org_id = $1 AND e.client_id = $2 \
                   ORDER BY e.position DESC LIMIT $4 \
               ), candidates AS ( \
                   SELECT stream_id AS token_id FROM recent WHERE event_type = 'TokenIssued' \
                   UNION SELECT t.token_id FROM clients c JOIN tokens t ON t.org_id = c.org_id \
                   AND t.third_party_id = c.third_party_id AND t.client_id = c.client_id \
                   AND (t.kind = 'manual' OR t.expires_at IS NULL) WHERE c.org_id = $1 AND c.client_id = $2 \
               ), active AS ( \
                   SELECT u.last_used_at, u.last_source FROM candidates \
                   JOIN tokens t ON t.org_id = $1 AND t.token_id = candidates.token_id \
                   LEFT JOIN token_usage u ON u.org_id = $1 AND u.token_id = candidates.token_id \
                   WHERE t.status = 'active' AND (t.expires_at IS NULL OR t.expires_at > $3) \
               ) SELECT (SELECT count(*) FROM active), (SELECT count(*) FROM recent) = $4, last.* \
               FROM (SELECT 1) AS one LEFT JOIN LATERAL (SELECT last_used_at, last_source FROM active \
                   WHERE last_used_at IS NOT NULL ORDER BY last_used_at DESC LIMIT 1) AS last ON true";
    let parameters = parameters![organization.uuid(), client.uuid(), now, EVENTS_LOOKED_AT];
    let rows = store.pool().read(organization, sql, parameters).await?;
    let Some(row) = rows.first() else { return Ok(ActiveTokens::default()) };
    Ok(ActiveTokens {
        count: row.try_get::<_, i64>(0)?.unsigned_abs(),
        is_at_least: row.try_get(1)?,
        last_use: row.try_get::<_, Option<_>>(2)?.zip(row.try_get::<_, Option<_>>(3)?),
    })
}

fn detail(row: &Row) -> Result<ClientDetail, StoreError> {
    Ok(ClientDetail {
        id: ClientId(row.try_get(0)?),
        identifier: row.try_get(1)?,
        client_type: client_type(row.try_get(2)?)?,
        third_party: row.try_get::<_, Option<_>>(3)?.map(ThirdPartyId),
        third_party_name: row.try_get(4)?,
        is_automatic: row.try_get(5)?,
        redirect_uris: row.try_get::<_, Json<_>>(6)?.0,
        settings: row.try_get::<_, Json<_>>(7)?.0,
        active: row.try_get(8)?,
        deleted: row.try_get(9)?,
        registered_at: row.try_get(10)?,
        secrets: secrets(row.try_get(11)?, &row.try_get(12)?),
        last_code: last_code(row)?,
        last_token: last_token(row)?,
    })
}

fn client_type(text: &str) -> Result<ClientType, StoreError> {
    match text {
        "confidential" => Ok(ClientType::Confidential),
        "public" => Ok(ClientType::Public),
        _ => Err(StoreError::UnexpectedValue(format!("client type {text}"))),
    }
}

fn last_code(row: &Row) -> Result<Option<LastCode>, StoreError> {
    let Some(last_four) = row.try_get::<_, Option<&str>>(13)? else { return Ok(None) };
    Ok(Some(LastCode {
        masked: masked(SecretKind::AuthorizationCode, last_four),
        created_at: row.try_get(14)?,
        redirect_uri: row.try_get(15)?,
        passthru_user: PassthruUser {
            id: MemberId(row.try_get(16)?),
            name: row.try_get::<_, Option<_>>(17)?.unwrap_or_else(|| ERASED.to_owned()),
            email: row.try_get(18)?,
        },
    }))
}

fn last_token(row: &Row) -> Result<Option<LastToken>, StoreError> {
    let Some(id) = row.try_get::<_, Option<_>>(19)? else { return Ok(None) };
    let kind = token_kind(row.try_get(20)?)?;
    Ok(Some(LastToken {
        id: TokenId(id),
        kind,
        masked: masked_token(kind, row.try_get(21)?),
        created_at: row.try_get(22)?,
    }))
}
