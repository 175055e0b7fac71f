//! `GET /api/v1/orgs/{org}/third-parties/{third_party}/tokens/{token}`

use actix_web::{HttpResponse, web};
use countersign_domain::{ThirdPartyId, TokenId};

use super::view::{TokenView, existing};
use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::state::AppState;

/// Reads a token's state and use; never the token itself
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/tokens/{token}",
    tag = "Tokens",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party"),
        ("token" = uuid::Uuid, Path, description = "Which token, by its id")
    ),
    responses((status = 200, description = "The token's state", body = TokenView), ReadProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn get_token(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadThirdParties>,
    path: web::Path<(String, ThirdPartyId, TokenId)>,
) -> Result<HttpResponse, WebError> {
    let (_, third_party, id) = path.into_inner();
    let token = existing(&state.store, &caller.organization, third_party, id).await?;
    Ok(HttpResponse::Ok().json(TokenView::from(token)))
}
