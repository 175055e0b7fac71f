//! How the API shows a third party.

use countersign_domain::third_party::Mode;
use countersign_domain::{SecretId, ThirdPartyId};
use countersign_persistence::Store;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::third_parties::list::ThirdPartySummary;
use countersign_persistence::queries::third_parties::{self, SecretSummary, ThirdPartyDetail};
use jiff::Timestamp;
use serde::Serialize;

use crate::WebError;
use crate::api::tokens::view::TokenView;

/// A third party with its client, secrets and tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "0197c1f0-6a1e-7c3f-9a52-0f6b8d3e1c42", "name": "Brightside Payroll", "enabled": true, "mode": "manual",
    "contact_name": "Noor Haddad", "contact_email": "noor@brightside.example",
    "requirements": "Reviewed with Noor on 12 November: reads payslips only.", "callback_url": null,
    "client_id": "cs_ci_3f1d0c9a8b7e6d5c4b3a2f1e", "client_active": true, "version": 3,
    "added_at": "2026-11-20T14:05:00Z", "secrets": [], "tokens": []
}))]
pub(crate) struct ThirdPartyView {
    /// Which one.
    #[schema(value_type = uuid::Uuid)]
    pub id: ThirdPartyId,
    /// Its name, unique in the organization.
    name: String,
    /// Whether its access is switched on.
    enabled: bool,
    /// How it comes by its tokens.
    #[schema(value_type = String, examples("manual", "automatic"))]
    mode: Mode,
    /// Whom to talk to.
    contact_name: Option<String>,
    /// Where mail goes.
    contact_email: Option<String>,
    /// What was reviewed with the third party.
    requirements: Option<String>,
    /// The Callback URL (redirect URI).
    callback_url: Option<String>,
    /// The Client ID.
    client_id: Option<String>,
    /// Whether its client is Active.
    client_active: bool,
    /// How many times it was changed; send it back with a change, so that nobody else's is overwritten.
    version: u64,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// The client's secrets, oldest first.
    secrets: Vec<SecretView>,
    /// Its tokens, newest first.
    tokens: Vec<TokenView>,
}

/// A client secret as it is shown after the first time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SecretView {
    /// Which one.
    #[schema(value_type = uuid::Uuid)]
    id: SecretId,
    /// By what people tell it apart.
    #[schema(example = "cs_sk_…Zk81")]
    masked: String,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it stops working by itself, if ever.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When the client last proved by it who it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// A third party in the list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ThirdPartyItem {
    /// Which one.
    #[schema(value_type = uuid::Uuid)]
    id: ThirdPartyId,
    /// Its name.
    name: String,
    /// Whether its access is switched on.
    enabled: bool,
    /// How it comes by its tokens.
    #[schema(value_type = String, examples("manual", "automatic"))]
    mode: Mode,
    /// Whom to talk to.
    contact_name: Option<String>,
    /// Where mail goes.
    contact_email: Option<String>,
    /// When the first of its tokens that work now expires.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_expiry: Option<Timestamp>,
    /// Whether one of its active tokens never expires.
    never_expires: bool,
    /// How many of its tokens are active and have not expired.
    active_tokens: u64,
    /// When one of its tokens was last used.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<ThirdPartyDetail> for ThirdPartyView {
    fn from(detail: ThirdPartyDetail) -> Self {
        let (client_id, client_active, callback_url, secrets) = match detail.client {
            Some(client) => {
                (Some(client.identifier), client.active, client.redirect_uris.into_iter().next(), client.secrets)
            }
            None => (None, false, None, Vec::new()),
        };
        Self {
            id: detail.id,
            name: detail.name,
            enabled: detail.enabled,
            mode: detail.mode,
            contact_name: detail.contact_name,
            contact_email: detail.contact_email,
            requirements: detail.requirements,
            callback_url,
            client_id,
            client_active,
            version: detail.version,
            added_at: detail.added_at,
            secrets: secrets.into_iter().map(SecretView::from).collect(),
            tokens: detail.tokens.into_iter().map(TokenView::from).collect(),
        }
    }
}

impl From<SecretSummary> for SecretView {
    fn from(secret: SecretSummary) -> Self {
        Self {
            id: secret.id,
            masked: secret.masked,
            created_at: secret.created_at,
            expires_at: secret.expires_at,
            last_used_at: secret.last_used_at,
        }
    }
}

impl From<ThirdPartySummary> for ThirdPartyItem {
    fn from(summary: ThirdPartySummary) -> Self {
        Self {
            id: summary.id,
            name: summary.name,
            enabled: summary.enabled,
            mode: summary.mode,
            contact_name: summary.contact_name,
            contact_email: summary.contact_email,
            next_expiry: summary.next_expiry,
            never_expires: summary.never_expires,
            active_tokens: summary.active_tokens,
            last_used_at: summary.last_used_at,
        }
    }
}

/// A third party of the organization that was not deleted.
pub(crate) async fn existing(
    store: &Store,
    organization: &OrganizationEntry,
    id: ThirdPartyId,
) -> Result<ThirdPartyDetail, WebError> {
    let found = third_parties::get(store, organization.id, id).await?;
    found.filter(|detail| !detail.deleted).ok_or(WebError::NotFound)
}
