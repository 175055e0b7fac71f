//! `POST /t/{org}/oauth2/introspect`: a resource server asks about a token (RFC 7662).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{Authorization, Digest, ParsedSecret, SecretKind, ThirdPartyId, secret};
use countersign_persistence::directory::{ClientEntry, Verdict};
use countersign_persistence::queries::authorizations;
use countersign_persistence::{Context, clock};
use serde::Serialize;
use uuid::Uuid;

use super::client_authentication::{Accepted, authenticate};
use super::error_responses::ClientErrors;
use super::parameters::Parameters;
use super::{ErrorDocument, OAuthError, context, count_request};
use crate::state::AppState;
use crate::tenant::Tenant;

/// What there is to know of a token that gives access (RFC 7662 section 2.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "active": true, "scope": "records:read", "client_id": "cs_ci_1b0f", "token_type": "Bearer", "exp": 1_811_253_900,
    "iat": 1_795_356_300, "iss": "https://access.example.com/t/acme", "sub": "0197c1f0-6a1e-7c3f-9a52-0f6b8d3e1c42"
}))]
pub(crate) struct ActiveToken<'a> {
    /// True. A token that is not active is answered with `{"active": false}` and nothing else.
    active: bool,
    /// What the token allows, with spaces between; absent where there are no scopes.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    /// The Client ID that the token is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    /// `Bearer`, or `refresh_token` for one of those.
    token_type: &'static str,
    /// When the token expires, in seconds since 1970; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// When the token was issued, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// The issuer.
    iss: String,
    /// Who is acted for: the member who granted the access, otherwise the third party.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<Uuid>,
}

/// The answer to everything else, always the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "active": false }))]
pub(crate) struct InactiveToken {
    /// False.
    active: bool,
}

/// What is known of a token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum IntrospectionResponse<'a> {
    /// It gives access.
    Active(ActiveToken<'a>),
    /// It gives none, or is not for the client to know.
    Inactive(InactiveToken),
}

/// Asks whether a token gives access, and whose it is
///
/// A client asks about its own tokens; about those of others it needs the right to introspect, without which they are
/// not active to it. For authenticated, confidential clients of the organization: by HTTP Basic or by `client_id` and `client_secret` in
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
            body = IntrospectionResponse),
        (status = 400, description = "A parameter is missing or sent twice, or the content type is another",
            body = ErrorDocument),
        ClientErrors
    ),
    security(("client" = []))
)]
pub(crate) async fn introspect(
    state: web::Data<AppState>,
    tenant: Tenant,
    request: HttpRequest,
    parameters: Parameters,
) -> Result<HttpResponse, OAuthError> {
    let client = authenticate(&state, &tenant, &request, &parameters, Accepted::Confidential).await?;
    let token = parameters.get("token").ok_or(OAuthError::invalid_request("The parameter token is missing"))?;
    if secret::claimed_kind(token) == Some(SecretKind::RefreshToken) {
        let Ok(ParsedSecret { digest, .. }) = secret::parse(token) else { return Ok(answer(None)) };
        return introspect_refresh_token(&state, &tenant, &client, context(&tenant, &client, &request), digest).await;
    }
    let now = clock::now();
    let verdict = state.store.directory().check_token(&tenant, token, None, now).await?;
    let is_own = verdict.token.as_ref().is_some_and(|token| token.client == Some(client.id));
    if !is_own && !client.settings.may_introspect {
        return Ok(answer(None));
    }
    count_request(&state, &tenant, &verdict, now, &request);
    Ok(answer(active(&verdict, || tenant.issuer(&state))))
}

fn answer(active: Option<ActiveToken<'_>>) -> HttpResponse {
    let inactive = IntrospectionResponse::Inactive(InactiveToken { active: false });
    let known = active.map_or(inactive, IntrospectionResponse::Active);
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(known)
}

/// A refresh token is nobody's business but its own client's.
async fn introspect_refresh_token(
    state: &AppState,
    tenant: &Tenant,
    client: &ClientEntry,
    context: Context,
    digest: Digest,
) -> Result<HttpResponse, OAuthError> {
    let found = authorizations::of_refresh_token(&state.store, tenant.id, digest).await?;
    let Some(grant) = found.filter(|grant| grant.client == client.id) else { return Ok(answer(None)) };
    let id = grant.authorization.uuid();
    let authorization = state.store.unit_of_work(context).load::<Authorization>(id).await?;
    let member = state.store.directory().member(tenant.id, grant.member).await?;
    let is_active = authorization.is_current(digest) && !tenant.suspended && member.is_some_and(|member| member.active);
    Ok(answer(is_active.then(|| ActiveToken {
        active: true,
        scope: grant.scopes.join(" "),
        client_id: Some(&client.identifier),
        token_type: "refresh_token",
        exp: None,
        iat: None,
        iss: tenant.issuer(state),
        sub: Some(grant.member.uuid()),
    })))
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
        iat: Some(token.issued_at.as_second()),
        iss: issuer(),
        sub: match &verdict.authorization {
            Some(authorization) => Some(authorization.member.uuid()),
            None => token.third_party.map(ThirdPartyId::uuid),
        },
    })
}

/// The parameters of an introspection request.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the form; the parameters are read one by one")]
struct IntrospectionRequest {
    /// The token to ask about.
    #[schema(min_length = 1)]
    token: String,
    /// A hint that is not needed here.
    token_type_hint: Option<String>,
    /// The asking client, unless it is in the Authorization header.
    client_id: Option<String>,
    /// Its secret, unless it is in the Authorization header.
    client_secret: Option<String>,
}
