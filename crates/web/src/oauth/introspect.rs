//! `POST /t/{org}/oauth2/introspect`: a resource server asks about a token (RFC 7662).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::ThirdPartyId;
use countersign_persistence::clock;
use countersign_persistence::directory::Verdict;
use serde::Serialize;

use super::parameters::Parameters;
use super::{ErrorDocument, OAuthError, client_authentication};
use crate::middleware::address;
use crate::state::AppState;
use crate::tenant::Tenant;

/// What there is to know of a token that gives access (RFC 7662 section 2.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "active": true, "scope": "", "client_id": "cs_ci_1b0f", "token_type": "Bearer", "exp": 1_811_253_900,
    "iat": 1_795_356_300, "iss": "https://access.example.com/t/acme", "sub": "0197c1f0-6a1e-7c3f-9a52-0f6b8d3e1c42"
}))]
pub(crate) struct ActiveToken<'a> {
    /// True. A token that is not active is answered with `{"active": false}` and nothing else.
    active: bool,
    /// What the token allows, with spaces between.
    scope: String,
    /// The Client ID that the token is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    /// `Bearer`.
    token_type: &'static str,
    /// When the token expires, in seconds since 1970; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// When the token was issued, in seconds since 1970.
    iat: i64,
    /// The issuer.
    iss: String,
    /// The third party.
    #[schema(value_type = Option<uuid::Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<ThirdPartyId>,
}

/// The answer to everything else, always the same.
const INACTIVE: &str = r#"{"active":false}"#;

/// Asks whether a token gives access, and whose it is
///
/// For authenticated, confidential clients of the organization: by HTTP Basic or by `client_id` and `client_secret` in
/// the body, not both.
#[utoipa::path(
    post,
    path = "/t/{org}/oauth2/introspect",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body(
        content = inline(IntrospectionRequest), content_type = "application/x-www-form-urlencoded",
        description = "Each parameter once"
    ),
    responses(
        (status = 200, description = "What is known of the token; only `active: false` when it gives no access",
            body = ActiveToken),
        (status = 400, description = "A parameter is missing or sent twice, or the content type is another",
            body = ErrorDocument),
        (status = 401, description = "The client could not be authenticated", body = ErrorDocument,
            headers(("WWW-Authenticate" = String, description = "`Basic` with realm"))),
        (status = 404, description = "There is no such organization", body = ErrorDocument),
        (status = 413, description = "The body is too long", body = ErrorDocument),
        (status = 503, description = "The database is away; `Retry-After` says for how long to wait",
            body = ErrorDocument)
    ),
    security(("client" = []))
)]
pub(crate) async fn introspect(
    state: web::Data<AppState>,
    Tenant(organization): Tenant,
    request: HttpRequest,
    parameters: Parameters,
) -> Result<HttpResponse, OAuthError> {
    client_authentication::authenticate(&state, &organization, &request, &parameters).await?;
    let token = parameters.get("token").ok_or(OAuthError::invalid_request("The parameter token is missing"))?;
    let now = clock::now();
    let verdict = state.store.directory().check_token(&organization, token, None, now).await?;
    if let Some(token) = &verdict.token {
        state.store.usage().count(organization.id, token.id, now, &address(&request));
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store"));
    Ok(match active(&verdict, || state.issuer(&organization.slug)) {
        Some(active) => response.json(active),
        None => response.content_type("application/json").body(INACTIVE),
    })
}

/// What is answered of a token that gives access.
fn active(verdict: &Verdict, issuer: impl Fn() -> String) -> Option<ActiveToken<'_>> {
    let token = verdict.token.as_ref().filter(|_| verdict.result.is_ok())?;
    Some(ActiveToken {
        active: true,
        scope: token.facts.scopes.join(" "),
        client_id: verdict.client.as_ref().map(|client| client.identifier.as_str()),
        token_type: "Bearer",
        exp: token.facts.expires_at.map(jiff::Timestamp::as_second),
        iat: token.issued_at.as_second(),
        iss: issuer(),
        sub: token.third_party,
    })
}

/// The parameters of an introspection request.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the form; the parameters are read one by one")]
struct IntrospectionRequest {
    /// The token to ask about.
    token: String,
    /// A hint that is not needed here.
    token_type_hint: Option<String>,
    /// The asking client, unless it is in the Authorization header.
    client_id: Option<String>,
    /// Its secret, unless it is in the Authorization header.
    client_secret: Option<String>,
}
