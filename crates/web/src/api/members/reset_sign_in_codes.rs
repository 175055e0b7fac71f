//! `POST /api/v1/orgs/{org}/members/{member}/reset-sign-in-codes`

use actix_web::{HttpResponse, web};
use countersign_domain::MemberId;

use super::Reason;
use super::view::existing;
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::caller::ManageMembers;
use crate::changes::members;
use crate::state::AppState;

/// Asks a member for no sign-in code any more
///
/// For who has lost both the app and the recovery codes. Nobody resets their own (`/problems/own-membership`).
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/members/{member}/reset-sign-in-codes",
    tag = "Members",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("member" = uuid::Uuid, Path, description = "Which member")
    ),
    request_body = Reason,
    responses((status = 204, description = "No code is asked for"), BodyProblems),
    security(("session" = ["ManageMembers"]))
)]
pub(crate) async fn reset_sign_in_codes(
    state: web::Data<AppState>,
    path: web::Path<(String, MemberId)>,
    request: Request<ManageMembers, Reason>,
) -> Result<HttpResponse, WebError> {
    let ((_, id), Request { caller, body }) = (path.into_inner(), request);
    let member = existing(&state.store, caller.organization.id, id).await?;
    let context = body.into_context(caller.context())?;
    members::reset_sign_in_codes(&state.store, &context, member.id).await?;
    Ok(HttpResponse::NoContent().finish())
}
