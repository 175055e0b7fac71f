//! `DELETE /api/v1/orgs/{org}/third-parties/{third_party}/secrets/{secret}`

use actix_web::{HttpResponse, web};
use countersign_domain::{SecretId, ThirdPartyId};

use crate::WebError;
use crate::api::problem::ChangeProblems;
use crate::api::third_parties::view::existing;
use crate::caller::{ApiCaller, ManageThirdParties};
use crate::changes::third_parties::{self, ThirdPartyChanges};
use crate::state::AppState;

/// Takes a Client Secret away: it never works again
#[utoipa::path(
    delete,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/secrets/{secret}",
    tag = "Client secrets",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party"),
        ("secret" = uuid::Uuid, Path, description = "Which secret, by its id")
    ),
    responses((status = 204, description = "The secret is gone"), ChangeProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn remove_secret(
    state: web::Data<AppState>,
    caller: ApiCaller<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId, SecretId)>,
) -> Result<HttpResponse, WebError> {
    let (_, third_party, secret) = path.into_inner();
    let organization = &caller.organization;
    let client = existing(&state.store, organization, third_party).await?.client.ok_or(WebError::NotFound)?.id;
    let changes = ThirdPartyChanges { remove_secrets: vec![secret], ..ThirdPartyChanges::default() };
    third_parties::update(&state.store, &caller.context(), organization, third_party, Some(client), &changes).await?;
    Ok(HttpResponse::NoContent().finish())
}
