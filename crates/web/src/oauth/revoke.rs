//! `POST /t/{org}/oauth2/revoke`: a client ends an access or refresh token of its own (RFC 7009).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{
    Authorization, AuthorizationCommand, ClientId, Digest, ParsedSecret, SecretKind, Token, TokenCommand, secret,
};
use countersign_persistence::queries::authorizations;
use countersign_persistence::{Context, UnitOfWork};
use serde::Serialize;

use super::client_authentication::{Accepted, authenticate};
use super::error_responses::ClientErrors;
use super::parameters::Parameters;
use super::{ErrorDocument, OAuthError, context};
use crate::state::AppState;
use crate::tenant::Tenant;

const NOT_YOURS: &str = "The token was issued to another client";

/// The answer where a token was ended: it says nothing else.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Ended {}

/// Revokes a token
///
/// For authenticated clients of the organization. A token that is not known, or ended already, is answered like one that
/// was ended just now. With a refresh token end all tokens of its family.
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
        (status = 200, description = "The token gives no access any more", body = Ended),
        (status = 400, description = "A parameter is missing or sent twice, or the token is another client's", body = ErrorDocument),
        ClientErrors
    ),
    security(("client" = []))
)]
pub(crate) async fn revoke(
    state: web::Data<AppState>,
    tenant: Tenant,
    request: HttpRequest,
    parameters: Parameters,
) -> Result<HttpResponse, OAuthError> {
    let client = authenticate(&state, &tenant, &request, &parameters, Accepted::ConfidentialAndPublic).await?;
    let presented = parameters.get("token").ok_or(OAuthError::invalid_request("The parameter token is missing"))?;
    let context = context(&tenant, &client, &request);
    match secret::parse(presented) {
        Ok(ParsedSecret { kind: SecretKind::RefreshToken, digest }) => {
            revoke_authorization(&state, &context, client.id, digest).await?;
        }
        Ok(parsed) => revoke_token(&state, &context, client.id, parsed.digest).await?,
        Err(_) => {}
    }
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Ended {}))
}

async fn revoke_token(state: &AppState, context: &Context, client: ClientId, digest: Digest) -> Result<(), OAuthError> {
    let Some(token) = state.store.directory().token(context.organization, digest).await? else { return Ok(()) };
    if token.client != Some(client) {
        return Err(OAuthError::UnauthorizedClient(NOT_YOURS));
    }
    let revoke = async |unit: &UnitOfWork| unit.execute::<Token>(token.id.uuid(), TokenCommand::Revoke).await;
    Ok(state.store.change(context, revoke).await?)
}

/// The access tokens of a refresh token end with it (RFC 7009 section 2.1).
async fn revoke_authorization(
    state: &AppState,
    context: &Context,
    client: ClientId,
    refresh_token: Digest,
) -> Result<(), OAuthError> {
    let found = authorizations::of_refresh_token(&state.store, context.organization, refresh_token).await?;
    let Some(grant) = found else { return Ok(()) };
    if grant.client != client {
        return Err(OAuthError::UnauthorizedClient(NOT_YOURS));
    }
    let revoke = async |unit: &UnitOfWork| {
        unit.execute::<Authorization>(grant.authorization.uuid(), AuthorizationCommand::Revoke).await
    };
    Ok(state.store.change(context, revoke).await?)
}

/// The parameters of a revocation request.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the form; the parameters are read one by one")]
struct RevocationRequest {
    /// The token to end.
    #[schema(min_length = 1)]
    token: String,
    /// A hint that is not needed here.
    token_type_hint: Option<String>,
    /// The asking client, unless it is in the Authorization header.
    client_id: Option<String>,
    /// Its secret, unless it is in the Authorization header.
    client_secret: Option<String>,
}
