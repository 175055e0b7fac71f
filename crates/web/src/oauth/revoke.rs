//! `POST /t/{org}/oauth2/revoke`: a client ends a token of its own (RFC 7009).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{Token, TokenCommand, secret};
use countersign_persistence::ChangeError;

use super::parameters::Parameters;
use super::{ErrorDocument, OAuthError, client_authentication, context};
use crate::state::AppState;
use crate::tenant::Tenant;

const NOT_YOURS: &str = "The token was issued to another client";

/// Revokes a token
///
/// For authenticated clients of the organization. A token that is not known, or ended already, is answered like one that
/// was ended just now.
#[utoipa::path(
    post,
    path = "/t/{org}/oauth2/revoke",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body(
        content = inline(RevocationRequest), content_type = "application/x-www-form-urlencoded",
        description = "Each parameter once"
    ),
    responses(
        (status = 200, description = "The token gives no access any more"),
        (status = 400, description = "A parameter is missing or sent twice, or the token is another client's", body = ErrorDocument),
        (status = 401, description = "The client could not be authenticated", body = ErrorDocument,
            headers(("WWW-Authenticate" = String, description = "`Basic` with realm"))),
        (status = 404, description = "There is no such organization", body = ErrorDocument),
        (status = 413, description = "The body is too long", body = ErrorDocument),
        (status = 503, description = "The database is away; `Retry-After` says for how long to wait", body = ErrorDocument)
    ),
    security(("client" = []))
)]
pub(crate) async fn revoke(
    state: web::Data<AppState>,
    Tenant(organization): Tenant,
    request: HttpRequest,
    parameters: Parameters,
) -> Result<HttpResponse, OAuthError> {
    let client = client_authentication::authenticate(&state, &organization, &request, &parameters).await?;
    let presented = parameters.get("token").ok_or(OAuthError::invalid_request("The parameter token is missing"))?;
    let token = match secret::parse(presented) {
        Ok(parsed) => state.store.directory().token(organization.id, parsed.digest).await?,
        Err(_) => None,
    };
    if let Some(token) = token {
        if token.client != Some(client.id) {
            return Err(OAuthError::UnauthorizedClient(NOT_YOURS));
        }
        let context = context(&organization, &client, &request);
        state
            .store
            .change(&context, async |unit| {
                unit.execute::<Token>(token.id.uuid(), TokenCommand::Revoke).await?;
                Ok::<_, ChangeError>(())
            })
            .await?;
    }
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish())
}

/// The parameters of a revocation request.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the form; the parameters are read one by one")]
struct RevocationRequest {
    /// The token to end.
    token: String,
    /// A hint that is not needed here.
    token_type_hint: Option<String>,
    /// The asking client, unless it is in the Authorization header.
    client_id: Option<String>,
    /// Its secret, unless it is in the Authorization header.
    client_secret: Option<String>,
}
