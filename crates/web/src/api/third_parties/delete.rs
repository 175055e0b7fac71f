//! `DELETE /api/v1/orgs/{org}/third-parties/{third_party}`

use actix_web::{HttpResponse, web};
use countersign_domain::ThirdPartyId;

use super::view::existing;
use crate::WebError;
use crate::api::problem::ChangeProblems;
use crate::caller::{ApiCaller, ManageThirdParties};
use crate::changes::third_parties;
use crate::state::AppState;

/// Ends a third party for good, with its clients and tokens
///
/// Its history stays.
#[utoipa::path(
    delete,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}",
    tag = "Third parties",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party")
    ),
    responses((status = 204, description = "The third party has ended"), ChangeProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn delete_third_party(
    state: web::Data<AppState>,
    caller: ApiCaller<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let (_, id) = path.into_inner();
    existing(&state.store, &caller.organization, id).await?;
    third_parties::delete(&state.store, &caller.context(), id).await?;
    Ok(HttpResponse::NoContent().finish())
}
