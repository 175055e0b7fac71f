//! What clients can find out by themselves: RFC 8414 for the authorization server, RFC 9728 for its own resource.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::client_authentication::Accepted;
use super::token::GRANTS;
use super::{ErrorDocument, OAuthError};
use crate::state::AppState;
use crate::tenant::Tenant;

/// The metadata of an organization's authorization server (RFC 8414 section 2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuthorizationServer {
    /// The issuer identifier.
    issuer: String,
    /// Where members let clients in.
    authorization_endpoint: String,
    /// Where tokens are issued.
    token_endpoint: String,
    /// Where resource servers ask about tokens.
    introspection_endpoint: String,
    /// Where clients end tokens.
    revocation_endpoint: String,
    /// What the authorization endpoint answers.
    response_types_supported: [&'static str; 1],
    /// How it answers.
    response_modes_supported: [&'static str; 1],
    /// The ways of PKCE (RFC 7636).
    code_challenge_methods_supported: [&'static str; 1],
    /// Whether authorization responses name the issuer (RFC 9207).
    authorization_response_iss_parameter_supported: bool,
    /// The values of `grant_type`.
    grant_types_supported: Vec<&'static str>,
    /// How clients authenticate at the token endpoint.
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// How clients authenticate at the introspection endpoint.
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    /// How clients authenticate at the revocation endpoint.
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
}

/// Describes the authorization server of an organization
///
/// Also at `/t/{org}/.well-known/oauth-authorization-server` and `/t/{org}/.well-known/openid-configuration`.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server/t/{org}",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    responses(
        (status = 200, description = "The metadata", body = AuthorizationServer),
        (status = 404, description = "There is no such organization", body = ErrorDocument),
        (status = 503, description = "The database is away; `Retry-After` says for how long to wait", body = ErrorDocument)
    )
)]
pub(crate) async fn authorization_server(
    state: web::Data<AppState>,
    tenant: Tenant,
) -> Result<HttpResponse, OAuthError> {
    let issuer = tenant.issuer(&state);
    Ok(HttpResponse::Ok().json(AuthorizationServer {
        authorization_endpoint: format!("{issuer}/oauth2/authorize"),
        token_endpoint: format!("{issuer}/oauth2/token"),
        introspection_endpoint: format!("{issuer}/oauth2/introspect"),
        revocation_endpoint: format!("{issuer}/oauth2/revoke"),
        issuer,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        grant_types_supported: GRANTS.iter().map(|grant| grant.grant_type.as_str()).collect(),
        token_endpoint_auth_methods_supported: Accepted::ConfidentialAndPublic.methods(),
        introspection_endpoint_auth_methods_supported: Accepted::Confidential.methods(),
        revocation_endpoint_auth_methods_supported: Accepted::ConfidentialAndPublic.methods(),
    }))
}

/// The metadata of our own protected resource (RFC 9728 section 2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProtectedResource {
    /// The resource.
    resource: String,
    /// Who issues tokens for it.
    authorization_servers: [String; 1],
    /// How tokens are presented.
    bearer_methods_supported: [&'static str; 1],
}

/// Describes the access test as a protected resource
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource/t/{org}/access-test",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    responses(
        (status = 200, description = "The metadata", body = ProtectedResource),
        (status = 404, description = "There is no such organization", body = ErrorDocument),
        (status = 503, description = "The database is away; `Retry-After` says for how long to wait", body = ErrorDocument)
    )
)]
pub(crate) async fn protected_resource(state: web::Data<AppState>, tenant: Tenant) -> Result<HttpResponse, OAuthError> {
    let issuer = tenant.issuer(&state);
    Ok(HttpResponse::Ok().json(ProtectedResource {
        resource: format!("{issuer}/access-test"),
        authorization_servers: [issuer],
        bearer_methods_supported: ["header"],
    }))
}
