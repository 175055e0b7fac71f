//! `POST /t/{org}/oauth2/revoke-leaked`: whoever found a token ends it. Holding it is enough: who could misuse it may
//! as well end it.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::values::Note;
use countersign_domain::{Actor, Authorization, AuthorizationCommand, SecretKind, Token, TokenCommand, secret};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::{authorizations, masked};
use countersign_persistence::{Context, UnitOfWork, Via};

use super::error_responses::FormErrors;
use super::parameters::Parameters;
use super::revoke::Ended;
use super::{ErrorDocument, OAuthError};
use crate::WebError;
use crate::middleware::{request_id, source};
use crate::state::AppState;
use crate::tenant::Tenant;

const MISSING: &str = "The parameter token is missing";
const UNREADABLE: &str = "This is not a whole secret of Countersign: nothing was ended";

/// Ends a token that leaked
///
/// For whoever holds it, without authentication: finders and leak scanners. Manual and access tokens are ended, and with
/// a refresh token all tokens of its family. The answer doesn't say whether the organization ever issued the token. What tokens look like is at
/// `/.well-known/countersign-token-format`.
#[utoipa::path(
    post,
    path = "/t/{org}/oauth2/revoke-leaked",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body(
        content = inline(LeakedToken), content_type = "application/x-www-form-urlencoded",
        description = "Each parameter once. What stands in the URL is not read"
    ),
    responses(
        (status = 200, description = "If it was a token of the organization, it gives no access any more; the answer is always the \
            same", body = Ended),
        (status = 400, description = "The parameter is missing, sent twice or by its form no secret of Countersign, or \
            the content type is another", body = ErrorDocument),
        FormErrors
    )
)]
pub(crate) async fn revoke_leaked(
    state: web::Data<AppState>,
    tenant: Tenant,
    request: HttpRequest,
    parameters: Parameters,
) -> Result<HttpResponse, OAuthError> {
    let presented = parameters.get("token").ok_or(OAuthError::invalid_request(MISSING))?;
    // Told by its form alone, so it says nothing of what was issued; and nobody takes half a token for ended.
    let parsed = secret::parse(presented).map_err(|_| OAuthError::invalid_request(UNREADABLE))?;
    match parsed.kind {
        SecretKind::ManualToken | SecretKind::AccessToken => {
            if let Some(token) = state.store.directory().token(tenant.id, parsed.digest).await? {
                let context = context(&tenant, &request, &masked(parsed.kind, &token.last_four))?;
                let revoke =
                    async |unit: &UnitOfWork| unit.execute::<Token>(token.id.uuid(), TokenCommand::Revoke).await;
                state.store.change(&context, revoke).await?;
            }
        }
        SecretKind::RefreshToken => {
            let found = authorizations::of_refresh_token(&state.store, tenant.id, parsed.digest).await?;
            if let Some(grant) = found {
                let context = context(&tenant, &request, "a refresh token")?;
                let revoke = async |unit: &UnitOfWork| {
                    unit.execute::<Authorization>(grant.authorization.uuid(), AuthorizationCommand::Revoke).await
                };
                state.store.change(&context, revoke).await?;
            }
        }
        _ => {}
    }
    // The same for every secret that is whole, whether it was known or not.
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Ended {}))
}

/// Nobody is known who did it, so the record says why it was done.
fn context(organization: &OrganizationEntry, request: &HttpRequest, what: &str) -> Result<Context, WebError> {
    let reason = format!("Reported as leaked: whoever held {what} sent it in to be ended");
    Ok(Context {
        organization: organization.id,
        actor: Actor::System,
        via: Via::OAuth,
        request: request_id(request),
        source: Some(source(request)),
        reason: Some(Note::parse(&reason).map_err(WebError::internal)?),
    })
}

/// The parameters of a report.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the form; the parameter is read by its name")]
struct LeakedToken {
    /// The token to end.
    #[schema(min_length = 1)]
    token: String,
}
