//! `POST /t/{org}/oauth2/token`: a client comes by its tokens (RFC 6749 section 3.2).
//!
//! A grant is one module with one entry in [`GRANTS`].

mod access_token;
mod authorization_code;
mod client_credentials;
mod refresh_token;
mod refusal;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{GrantType, Secret};
use countersign_persistence::Context;
use countersign_persistence::directory::{ClientEntry, OrganizationEntry};
use jiff::SignedDuration;
use serde::Serialize;

pub(super) use access_token::granted_scopes;

use super::client_authentication::{Accepted, authenticate};
use super::error_responses::ClientErrors;
use super::parameters::Parameters;
use super::{ErrorDocument, OAuthError, context};
use crate::WebError;
use crate::state::AppState;
use crate::tenant::Tenant;

/// A token request of an authenticated client.
pub(super) struct GrantRequest<'a> {
    pub state: &'a AppState,
    pub client: Arc<ClientEntry>,
    pub organization: &'a OrganizationEntry,
    pub parameters: &'a Parameters,
    pub context: Context,
}

const NOT_FOR_THIS_GRANT: &str = "The client may not use this grant_type: an admin of the organization can allow it";

type Issued<'a> = Pin<Box<dyn Future<Output = Result<IssuedTokens, OAuthError>> + 'a>>;

/// A way to come by tokens.
pub(super) struct Grant {
    /// The value of `grant_type`.
    pub grant_type: GrantType,
    issue: for<'a> fn(GrantRequest<'a>) -> Issued<'a>,
}

/// The grants that are served.
pub(super) const GRANTS: &[Grant] = &[authorization_code::GRANT, client_credentials::GRANT, refresh_token::GRANT];

/// The answer to a token request that succeeded (RFC 6749 section 5.1).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "access_token": "cs_at_…", "token_type": "Bearer", "expires_in": 3600, "scope": "records:read"
}))]
pub(crate) struct IssuedTokens {
    /// The access token.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// For how many seconds from now; absent when the token does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    /// What brings the next access token, where a member granted the access.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// What it allows, with spaces between; absent where there are no scopes (RFC 6749 section 3.3 has no empty one).
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

impl IssuedTokens {
    fn new(
        access_token: &Secret,
        lifetime: Option<SignedDuration>,
        refresh_token: Option<&Secret>,
        scopes: &[String],
    ) -> Self {
        Self {
            access_token: access_token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: lifetime.map(|lifetime| lifetime.as_secs()),
            refresh_token: refresh_token.map(|token| token.expose().to_owned()),
            scope: scopes.join(" "),
        }
    }
}

/// Issues tokens
///
/// For authenticated clients of the organization: by HTTP Basic or by `client_id` and `client_secret` in the body, not
/// both; a public client sends its `client_id` alone. The grant types that are served stand in the metadata.
#[utoipa::path(
    post,
    path = "/t/{org}/oauth2/token",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body(
        content = inline(TokenRequest), content_type = "application/x-www-form-urlencoded",
        description = "Each parameter once"
    ),
    responses(
        (status = 200, description = "The tokens", body = IssuedTokens),
        (status = 400, description = "The request, the grant type or the scope is not acceptable", body = ErrorDocument),
        (status = 403, description = "The organization is suspended", body = ErrorDocument),
        ClientErrors
    ),
    security(("client" = []))
)]
pub(crate) async fn token(
    state: web::Data<AppState>,
    tenant: Tenant,
    request: HttpRequest,
    parameters: Parameters,
) -> Result<HttpResponse, OAuthError> {
    let client = authenticate(&state, &tenant, &request, &parameters, Accepted::ConfidentialAndPublic).await?;
    if tenant.suspended {
        return Err(WebError::Suspended.into());
    }
    let name =
        parameters.get("grant_type").ok_or(OAuthError::invalid_request("The parameter grant_type is missing"))?;
    let grant =
        GRANTS.iter().find(|grant| grant.grant_type.as_str() == name).ok_or(OAuthError::UnsupportedGrantType)?;
    if !client.settings.grant_types.contains(&grant.grant_type) {
        return Err(OAuthError::UnauthorizedClient(NOT_FOR_THIS_GRANT));
    }
    let context = context(&tenant, &client, &request);
    let granted = GrantRequest { state: &state, client, organization: &tenant, parameters: &parameters, context };
    let issued = (grant.issue)(granted).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(issued))
}

/// The parameters of a token request.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the form; the parameters are read one by one")]
struct TokenRequest {
    /// One of `grant_types_supported` of the metadata.
    #[schema(pattern = "^(authorization_code|client_credentials|refresh_token)$")]
    grant_type: String,
    /// The authorization code; for `authorization_code`.
    code: Option<String>,
    /// Where the code was sent, if the authorization request named it; for `authorization_code`.
    redirect_uri: Option<String>,
    /// The verifier of the authorization request's challenge (RFC 7636); for `authorization_code`.
    code_verifier: Option<String>,
    /// The refresh token; for `refresh_token`.
    refresh_token: Option<String>,
    /// What to ask for, with spaces between; everything that the client may have when left out.
    scope: Option<String>,
    /// The asking client, unless it is in the Authorization header.
    client_id: Option<String>,
    /// Its secret, unless it is in the Authorization header.
    client_secret: Option<String>,
}
