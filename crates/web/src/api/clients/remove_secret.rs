//! `DELETE /api/v1/orgs/{org}/clients/{client}/secrets/{secret}`

use actix_web::{HttpResponse, web};
use countersign_domain::{ClientId, SecretId};

use super::view::existing;
use crate::WebError;
use crate::api::problem::ChangeProblems;
use crate::caller::{ApiCaller, ManageThirdParties};
use crate::changes::clients;
use crate::state::AppState;

/// Takes a Client Secret away at once
#[utoipa::path(
    delete,
    path = "/api/v1/orgs/{org}/clients/{client}/secrets/{secret}",
    tag = "Clients",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("client" = uuid::Uuid, Path, description = "Which client"),
        ("secret" = uuid::Uuid, Path, description = "Which secret")
    ),
    responses((status = 204, description = "The secret works no more"), ChangeProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn remove_client_secret(
    state: web::Data<AppState>,
    caller: ApiCaller<ManageThirdParties>,
    path: web::Path<(String, ClientId, SecretId)>,
) -> Result<HttpResponse, WebError> {
    let (_, id, secret) = path.into_inner();
    existing(&state.store, &caller.organization, id).await?;
    clients::remove_secret(&state.store, &caller.context(), id, secret).await?;
    Ok(HttpResponse::NoContent().finish())
}
