//! `POST /api/v1/orgs/{org}/third-parties/{third_party}/access-test`

use actix_web::{HttpResponse, web};
use countersign_domain::ThirdPartyId;
use countersign_persistence::clock;
use serde::Deserialize;

use super::json::Request;
use super::problem::QuestionProblems;
use super::third_parties::view::existing;
use crate::WebError;
use crate::caller::ReadThirdParties;
use crate::diagnosis::Diagnosis;
use crate::state::AppState;

/// The token to look into.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "token": "cs_mt_…" }))]
pub(crate) struct AccessTest {
    /// The token in full. It is neither stored nor logged.
    token: String,
}

/// Looks into why a token gives access, or none
///
/// The same checks that every use of the token meets, without counting as a use. A token of another third party is
/// looked into too; the answer says whose it is.
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/access-test",
    tag = "Third parties",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party")
    ),
    request_body = AccessTest,
    responses((status = 200, description = "Every check with its outcome", body = Diagnosis), QuestionProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn test_third_party_access(
    state: web::Data<AppState>,
    path: web::Path<(String, ThirdPartyId)>,
    request: Request<ReadThirdParties, AccessTest>,
) -> Result<HttpResponse, WebError> {
    let ((_, third_party), Request { caller, body }) = (path.into_inner(), request);
    existing(&state.store, &caller.organization, third_party).await?;
    let token = body.token.trim();
    let verdict = state.store.directory().check_token(&caller.organization, token, None, clock::now()).await?;
    Ok(HttpResponse::Ok().json(Diagnosis::of(&caller.organization, token, &verdict)))
}
