//! How the API shows a client.

use countersign_domain::client::ClientType;
use countersign_domain::{ClientId, GrantType, ThirdPartyId};
use countersign_persistence::Store;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::clients::{self, ClientDetail};
use jiff::Timestamp;
use serde::Serialize;

use crate::WebError;
use crate::api::third_parties::view::SecretView;

/// An OAuth client.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "0197c1f0-6a1e-7c3f-9a52-0f6b8d3e1c43", "client_id": "cs_ci_3f1d0c9a8b7e6d5c4b3a2f1e",
    "type": "confidential", "third_party": null, "third_party_name": null,
    "redirect_uris": ["https://partner.example/callback"], "scopes": ["records:read"],
    "grant_types": ["authorization_code", "client_credentials", "refresh_token"], "pkce_required": true,
    "expires_in": 3600, "may_introspect": false, "api_access": false, "active": true, "registered_at": "2026-11-20T14:05:00Z", "secrets": []
}))]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the document")]
pub(crate) struct ClientView {
    /// Which record.
    #[schema(value_type = uuid::Uuid)]
    id: ClientId,
    /// The `client_id` of the protocol.
    client_id: String,
    /// `confidential` or `public`.
    #[serde(rename = "type")]
    client_type: &'static str,
    /// The third party that it belongs to.
    #[schema(value_type = Option<uuid::Uuid>)]
    third_party: Option<ThirdPartyId>,
    /// What that third party is called.
    third_party_name: Option<String>,
    /// Where authorization responses may go.
    redirect_uris: Vec<String>,
    /// What it may ask for.
    scopes: Vec<String>,
    /// How it may come by tokens.
    #[schema(value_type = Vec<String>)]
    grant_types: Vec<GrantType>,
    /// Whether its authorization requests must use PKCE. Only clients that can't should do without.
    pkce_required: bool,
    /// How long its access tokens live, in seconds; null for the organization's default, and without
    /// end for what a member grants to a third party in automatic mode. The organization's maximum goes before.
    expires_in: Option<u32>,
    /// Whether it may introspect the tokens of other clients.
    may_introspect: bool,
    /// Whether it is an API key: its access tokens open this API.
    api_access: bool,
    /// Whether it may take part.
    active: bool,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
    /// Its secrets, oldest first.
    secrets: Vec<SecretView>,
}

impl From<ClientDetail> for ClientView {
    fn from(client: ClientDetail) -> Self {
        Self {
            id: client.id,
            client_id: client.identifier,
            client_type: match client.client_type {
                ClientType::Confidential => "confidential",
                ClientType::Public => "public",
            },
            third_party: client.third_party,
            third_party_name: client.third_party_name,
            redirect_uris: client.redirect_uris,
            scopes: client.settings.scopes,
            grant_types: client.settings.grant_types,
            pkce_required: client.settings.pkce_required,
            expires_in: client.settings.access_token_lifetime,
            may_introspect: client.settings.may_introspect,
            api_access: client.settings.api_access,
            active: client.active,
            registered_at: client.registered_at,
            secrets: client.secrets.into_iter().map(SecretView::from).collect(),
        }
    }
}

/// A client of the organization that was not deleted.
pub(super) async fn existing(
    store: &Store,
    organization: &OrganizationEntry,
    id: ClientId,
) -> Result<ClientDetail, WebError> {
    clients::get(store, organization.id, id).await?.filter(|client| !client.deleted).ok_or(WebError::NotFound)
}
