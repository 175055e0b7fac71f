//! `GET /api/v1/orgs/{org}/members/{member}`

use actix_web::{HttpResponse, web};
use countersign_domain::MemberId;

use super::view::{MemberDetail, detail};
use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::{ApiCaller, ReadMembers};
use crate::state::AppState;

/// Reads a member
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/members/{member}",
    tag = "Members",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("member" = uuid::Uuid, Path, description = "Which member")
    ),
    responses((status = 200, description = "The member", body = MemberDetail), ReadProblems),
    security(("session" = ["ReadMembers"]))
)]
pub(crate) async fn get_member(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadMembers>,
    path: web::Path<(String, MemberId)>,
) -> Result<HttpResponse, WebError> {
    Ok(HttpResponse::Ok().json(detail(&state.store, caller.organization.id, path.1).await?))
}
