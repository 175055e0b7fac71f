//! `PATCH /api/v1/orgs/{org}/third-parties/{third_party}/tokens/{token}`

use actix_web::{HttpResponse, web};
use countersign_domain::{ThirdPartyId, TokenId};
use serde::Deserialize;

use super::view::{TokenView, existing};
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::caller::ManageThirdParties;
use crate::changes::third_parties::{self, ThirdPartyChanges};
use crate::state::AppState;

/// What to change of a token.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "active": false }))]
pub(crate) struct ChangeToken {
    /// Whether Active is to be ticked.
    active: bool,
}

/// Switches a token on or off
///
/// It counts from the token's next use on. A revoked token can't be switched on again.
#[utoipa::path(
    patch,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/tokens/{token}",
    tag = "Tokens",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party"),
        ("token" = uuid::Uuid, Path, description = "Which token, by its id")
    ),
    request_body = ChangeToken,
    responses((status = 200, description = "The token's state as it is now", body = TokenView), BodyProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn change_token(
    state: web::Data<AppState>,
    path: web::Path<(String, ThirdPartyId, TokenId)>,
    request: Request<ManageThirdParties, ChangeToken>,
) -> Result<HttpResponse, WebError> {
    let ((_, third_party, id), Request { caller, body }) = (path.into_inner(), request);
    let changes = ThirdPartyChanges { tokens: vec![(id, body.active)], ..ThirdPartyChanges::default() };
    let organization = &caller.organization;
    third_parties::update(&state.store, &caller.context(), organization, third_party, None, &changes).await?;
    let token = existing(&state.store, organization, third_party, id).await?;
    Ok(HttpResponse::Ok().json(TokenView::from(token)))
}
