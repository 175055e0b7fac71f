//! `DELETE /api/v1/orgs/{org}/third-parties/{third_party}/tokens/{token}`

use actix_web::{HttpResponse, web};
use countersign_domain::{ThirdPartyId, TokenId};

use crate::WebError;
use crate::api::problem::ChangeProblems;
use crate::caller::{ApiCaller, ManageThirdParties};
use crate::changes::third_parties;
use crate::state::AppState;

/// Revokes a token: it never works again
///
/// Its history stays. Revoking it once more changes nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/tokens/{token}",
    tag = "Tokens",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party"),
        ("token" = uuid::Uuid, Path, description = "Which token, by its id")
    ),
    responses((status = 204, description = "The token is revoked"), ChangeProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn revoke_token(
    state: web::Data<AppState>,
    caller: ApiCaller<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId, TokenId)>,
) -> Result<HttpResponse, WebError> {
    let (_, third_party, id) = path.into_inner();
    third_parties::revoke_token(&state.store, &caller.context(), third_party, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
