//! How the API shows a token.

use countersign_domain::token::{TokenKind, TokenStatus};
use countersign_domain::{ThirdPartyId, TokenId};
use countersign_persistence::Store;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::tokens::{self, TokenSummary};
use jiff::Timestamp;
use serde::Serialize;

use crate::WebError;

/// A token as it is shown after the first time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "0197c1f4-11d0-7a6b-b3a1-5c2e9d7f8041", "masked": "cs_mt_…a9F2", "kind": "manual", "status": "active",
    "active": true, "issued_at": "2026-11-20T14:05:00Z", "expires_at": "2027-05-20T14:05:00Z",
    "last_used_at": null, "uses": 0, "last_source": null, "scopes": []
}))]
pub(crate) struct TokenView {
    /// Which one.
    #[schema(value_type = uuid::Uuid)]
    pub id: TokenId,
    /// By what people tell it apart.
    masked: String,
    /// What kind of token it is.
    #[schema(value_type = String, examples("manual"))]
    kind: TokenKind,
    /// `active`, `inactive` or `revoked`. Whether it has expired is another question.
    #[schema(value_type = String, examples("active", "inactive", "revoked"))]
    status: TokenStatus,
    /// Whether Active is ticked.
    active: bool,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    /// When it expires; null if it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was last presented; a few seconds late.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// How often it was presented; a few seconds late.
    uses: u64,
    /// The network address from which it was last presented.
    last_source: Option<String>,
    /// What it allows.
    scopes: Vec<String>,
}

impl From<TokenSummary> for TokenView {
    fn from(token: TokenSummary) -> Self {
        Self {
            id: token.id,
            masked: token.masked,
            kind: token.kind,
            status: token.status,
            active: token.status == TokenStatus::Active,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            uses: token.uses,
            last_source: token.last_source,
            scopes: token.scopes,
        }
    }
}

/// A token of the third party. One of another third party is, from here, not there.
pub(crate) async fn existing(
    store: &Store,
    organization: &OrganizationEntry,
    third_party: ThirdPartyId,
    id: TokenId,
) -> Result<TokenSummary, WebError> {
    let found = tokens::get(store, organization.id, id).await?;
    found.filter(|token| token.third_party == Some(third_party)).ok_or(WebError::NotFound)
}
