//! `POST /api/v1/orgs/{org}/third-parties/{third_party}/tokens`

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, web};
use countersign_domain::ThirdPartyId;
use serde::{Deserialize, Serialize};

use super::view::{self, TokenView};
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::api::query::{Check, instant};
use crate::api::third_parties::view::existing;
use crate::caller::ManageThirdParties;
use crate::changes::third_parties::{self, NewToken, ThirdPartyChanges};
use crate::state::AppState;

/// A token to be added.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "expires_at": "2027-01-31T12:00:00Z" }))]
pub(crate) struct AddToken {
    /// When it expires, within the organization's maximum; six calendar months from now unless chosen.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A token that was added.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AddedToken {
    /// What stays visible of it.
    #[serde(flatten)]
    summary: TokenView,
    /// The token. Shown only now.
    #[schema(example = "cs_mt_…")]
    token: String,
}

/// Adds a manual token
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/tokens",
    tag = "Tokens",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party")
    ),
    request_body = AddToken,
    responses(
        (status = 201, description = "The token was added; it is shown only now", body = AddedToken,
            headers(("Location" = String, description = "Where the token's state is"))),
        BodyProblems
    ),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn add_token(
    state: web::Data<AppState>,
    path: web::Path<(String, ThirdPartyId)>,
    request: Request<ManageThirdParties, AddToken>,
) -> Result<HttpResponse, WebError> {
    let ((_, third_party), Request { caller, body }) = (path.into_inner(), request);
    let mut check = Check::default();
    let expires_at = check.optional("expires_at", body.expires_at.as_deref(), instant);
    check.finish()?;
    let client = existing(&state.store, &caller.organization, third_party).await?.client.map(|client| client.id);
    let changes = ThirdPartyChanges { add_token: Some(NewToken { expires_at }), ..ThirdPartyChanges::default() };
    let organization = &caller.organization;
    let revealed =
        third_parties::update(&state.store, &caller.context(), organization, third_party, client, &changes).await?;
    let (id, secret) = revealed.token.ok_or(WebError::NotFound)?;
    let summary = view::existing(&state.store, organization, third_party, id).await?;
    let location = format!("/api/v1/orgs/{}/third-parties/{third_party}/tokens/{id}", organization.slug);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(AddedToken { summary: summary.into(), token: secret.expose().to_owned() }))
}
