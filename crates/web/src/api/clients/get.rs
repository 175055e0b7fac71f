//! `GET /api/v1/orgs/{org}/clients/{client}`

use actix_web::{HttpResponse, web};
use countersign_domain::ClientId;

use super::view::{ClientView, existing};
use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::state::AppState;

/// Reads a client
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/clients/{client}",
    tag = "Clients",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("client" = uuid::Uuid, Path, description = "Which client")
    ),
    responses((status = 200, description = "The client", body = ClientView), ReadProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn get_client(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadThirdParties>,
    path: web::Path<(String, ClientId)>,
) -> Result<HttpResponse, WebError> {
    let (_, id) = path.into_inner();
    Ok(HttpResponse::Ok().json(ClientView::from(existing(&state.store, &caller.organization, id).await?)))
}
