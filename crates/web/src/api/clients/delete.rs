//! `DELETE /api/v1/orgs/{org}/clients/{client}`

use actix_web::{HttpResponse, web};
use countersign_domain::ClientId;

use super::view::existing;
use crate::WebError;
use crate::api::problem::ChangeProblems;
use crate::caller::{ApiCaller, ManageThirdParties};
use crate::changes::clients;
use crate::state::AppState;

/// Ends a client for good, with its tokens
///
/// Its history stays. A new client of the same Client ID does not bring the tokens back.
#[utoipa::path(
    delete,
    path = "/api/v1/orgs/{org}/clients/{client}",
    tag = "Clients",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("client" = uuid::Uuid, Path, description = "Which client")
    ),
    responses((status = 204, description = "The client has ended"), ChangeProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn delete_client(
    state: web::Data<AppState>,
    caller: ApiCaller<ManageThirdParties>,
    path: web::Path<(String, ClientId)>,
) -> Result<HttpResponse, WebError> {
    let (_, id) = path.into_inner();
    existing(&state.store, &caller.organization, id).await?;
    clients::delete(&state.store, &caller.context(), id).await?;
    Ok(HttpResponse::NoContent().finish())
}
