//! `POST /api/v1/orgs/{org}/members/{member}/sign-in-link`

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use countersign_domain::MemberId;

use super::Reason;
use super::view::{SignInLinkView, existing};
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::caller::ManageMembers;
use crate::changes::members;
use crate::state::AppState;

/// Makes a link that signs a member in once
///
/// It works within 24 hours. Links made before are void.
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/members/{member}/sign-in-link",
    tag = "Members",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("member" = uuid::Uuid, Path, description = "Which member")
    ),
    request_body = Reason,
    responses((status = 201, description = "The link was made; it is shown only now", body = SignInLinkView), BodyProblems),
    security(("session" = ["ManageMembers"]))
)]
pub(crate) async fn create_sign_in_link(
    state: web::Data<AppState>,
    path: web::Path<(String, MemberId)>,
    request: Request<ManageMembers, Reason>,
) -> Result<HttpResponse, WebError> {
    let ((_, id), Request { caller, body }) = (path.into_inner(), request);
    let member = existing(&state.store, caller.organization.id, id).await?;
    let context = body.into_context(caller.context())?;
    let link = members::issue_link(&state, &context, &caller.organization, &member).await?;
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(SignInLinkView::from(link)))
}
