//! `GET /api/v1/orgs/{org}/third-parties/{third_party}`

use actix_web::{HttpResponse, web};
use countersign_domain::ThirdPartyId;

use super::view::{ThirdPartyView, existing};
use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::state::AppState;

/// Reads a third party with its client, secrets and tokens
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}",
    tag = "Third parties",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party")
    ),
    responses((status = 200, description = "The third party", body = ThirdPartyView), ReadProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn get_third_party(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let (_, id) = path.into_inner();
    let detail = existing(&state.store, &caller.organization, id).await?;
    Ok(HttpResponse::Ok().json(ThirdPartyView::from(detail)))
}
