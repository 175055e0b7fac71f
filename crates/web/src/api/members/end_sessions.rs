//! `POST /api/v1/orgs/{org}/members/{member}/end-sessions`

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

/// Ends all sessions of a member, and voids the sign-in links that wait
///
/// Of the caller's own, the one that asks stays.
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/members/{member}/end-sessions",
    tag = "Members",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("member" = uuid::Uuid, Path, description = "Which member")
    ),
    request_body = Reason,
    responses((status = 204, description = "The sessions have ended"), BodyProblems),
    security(("session" = ["ManageMembers"]))
)]
pub(crate) async fn end_member_sessions(
    state: web::Data<AppState>,
    path: web::Path<(String, MemberId)>,
    request: Request<ManageMembers, Reason>,
) -> Result<HttpResponse, WebError> {
    let ((_, id), Request { caller, body }) = (path.into_inner(), request);
    let member = existing(&state.store, caller.organization.id, id).await?;
    let context = body.into_context(caller.context())?;
    let own = caller.session().filter(|session| session.member == member.id);
    let this = own.map(|session| session.session);
    members::end_sessions(&state.store, &context, member.id, this).await?;
    Ok(HttpResponse::NoContent().finish())
}
