//! Tokens with their use.

use countersign_domain::token::{TokenKind, TokenStatus};
use countersign_domain::validity::AuthorizationStanding;
use countersign_domain::{ClientId, OrganizationId, SecretKind, ThirdPartyId, TokenId};
use jiff::Timestamp;
use tokio_postgres::Row;

use super::{masked, scopes};
use crate::pool::parameters;
use crate::{Store, StoreError};

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSummary {
    /// Which one.
    pub id: TokenId,
    /// By what people tell it apart: `cs_mt_…a9F2`.
    pub masked: String,
    /// What kind of token it is.
    pub kind: TokenKind,
    /// Active, inactive or revoked. Whether it has expired is another question.
    pub status: TokenStatus,
    /// Since when it exists.
    pub issued_at: Timestamp,
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last presented, successfully or not. A few seconds late.
    pub last_used_at: Option<Timestamp>,
    /// How often it was presented. A few seconds late.
    pub uses: u64,
    /// From where it was last presented.
    pub last_source: Option<String>,
    /// The client it is bound to.
    pub client: Option<ClientId>,
    /// The third party it was issued for.
    pub third_party: Option<ThirdPartyId>,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Whether the member's grant that it comes from holds, if it comes from one.
    pub authorization: Option<AuthorizationStanding>,
}

macro_rules! select_tokens {
    ($rest:literal) => {
        concat!(
            "SELECT t.token_id, t.kind, t.last_four, t.status, t.issued_at, t.expires_at, u.last_used_at, \
             coalesce(u.uses, 0), u.last_source, t.client_id, t.third_party_id, t.scopes, \
             t.authorization_id IS NOT NULL, a.revoked, m.active \
             FROM tokens t LEFT JOIN token_usage u ON u.org_id = t.org_id AND u.token_id = t.token_id \
             LEFT JOIN authorizations a ON a.org_id = t.org_id AND a.authorization_id = t.authorization_id \
             LEFT JOIN members m ON m.org_id = a.org_id AND m.member_id = a.member_id \
             WHERE t.org_id = $1 ",
            $rest
        )
    };
}

/// One token.
pub async fn get(store: &Store, organization: OrganizationId, id: TokenId) -> Result<Option<TokenSummary>, StoreError> {
    let sql = select_tokens!("AND t.token_id = $2");
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?;
    rows.first().map(summary).transpose()
}

/// The tokens of a third party that people handle, newest first: not the access tokens that expire by themselves, which
/// are many and brief.
pub(super) async fn of_third_party(
    store: &Store,
    organization: OrganizationId,
    third_party: ThirdPartyId,
) -> Result<Vec<TokenSummary>, StoreError> {
    let sql = select_tokens!(
        "AND t.third_party_id = $2 AND (t.kind = 'manual' OR t.expires_at IS NULL) \
         ORDER BY t.issued_at DESC, t.token_id DESC"
    );
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), third_party.uuid()]).await?;
    rows.iter().map(summary).collect()
}

/// A token as people see it, from its stored kind.
pub(super) fn masked_token(kind: TokenKind, last_four: &str) -> String {
    let secret_kind = match kind {
        TokenKind::Manual => SecretKind::ManualToken,
        TokenKind::Access => SecretKind::AccessToken,
    };
    masked(secret_kind, last_four)
}

/// A stored kind.
pub(super) fn token_kind(text: &str) -> Result<TokenKind, StoreError> {
    TokenKind::from_text(text).ok_or_else(|| StoreError::UnexpectedValue(format!("token kind {text}")))
}

fn summary(row: &Row) -> Result<TokenSummary, StoreError> {
    let kind = token_kind(row.try_get(1)?)?;
    let status: &str = row.try_get(3)?;
    Ok(TokenSummary {
        id: TokenId(row.try_get(0)?),
        masked: masked_token(kind, row.try_get(2)?),
        kind,
        status: TokenStatus::from_text(status)
            .ok_or_else(|| StoreError::UnexpectedValue(format!("token status {status}")))?,
        issued_at: row.try_get(4)?,
        expires_at: row.try_get(5)?,
        last_used_at: row.try_get(6)?,
        uses: row.try_get::<_, i64>(7)?.unsigned_abs(),
        last_source: row.try_get(8)?,
        client: row.try_get::<_, Option<_>>(9)?.map(ClientId),
        third_party: row.try_get::<_, Option<_>>(10)?.map(ThirdPartyId),
        scopes: scopes(row.try_get(11)?),
        authorization: authorization(row)?,
    })
}

fn authorization(row: &Row) -> Result<Option<AuthorizationStanding>, StoreError> {
    let (has_one, revoked, active): (bool, Option<bool>, Option<bool>) =
        (row.try_get(12)?, row.try_get(13)?, row.try_get(14)?);
    Ok(has_one.then_some(match (revoked, active) {
        (Some(false), Some(true)) => AuthorizationStanding::On,
        (Some(false), _) => AuthorizationStanding::MemberInactive,
        _ => AuthorizationStanding::Revoked,
    }))
}
