//! `POST /api/v1/orgs/{org}/third-parties/{third_party}/secrets`

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use countersign_domain::ThirdPartyId;
use serde::Serialize;

use crate::WebError;
use crate::api::problem::ChangeProblems;
use crate::api::third_parties::view::{ThirdPartyView, existing};
use crate::caller::{ApiCaller, ManageThirdParties};
use crate::changes::third_parties::{self, ThirdPartyChanges};
use crate::state::AppState;

/// A Client Secret that was added.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AddedSecret {
    /// The Client Secret. Shown only now.
    #[schema(example = "cs_sk_…")]
    client_secret: String,
    /// The third party as it is now.
    third_party: ThirdPartyView,
}

/// Adds a Client Secret beside the current one
///
/// A client has at most two, so that one can be replaced without cutting anybody off.
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/secrets",
    tag = "Client secrets",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party")
    ),
    responses(
        (status = 201, description = "The secret was added; it is shown only now", body = AddedSecret),
        ChangeProblems
    ),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn add_secret(
    state: web::Data<AppState>,
    caller: ApiCaller<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let (_, third_party) = path.into_inner();
    let organization = &caller.organization;
    let client = existing(&state.store, organization, third_party).await?.client.map(|client| client.id);
    let changes = ThirdPartyChanges { add_secret: Some(caller.rights()), ..ThirdPartyChanges::default() };
    let revealed =
        third_parties::update(&state.store, &caller.context(), organization, third_party, client, &changes).await?;
    let client_secret = revealed.client_secret.ok_or(WebError::NotFound)?.expose().to_owned();
    let third_party = existing(&state.store, organization, third_party).await?.into();
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(AddedSecret { client_secret, third_party }))
}
