//! `PATCH /api/v1/orgs/{org}/members/{member}`

use actix_web::{HttpResponse, web};
use countersign_domain::values::{Note, PersonName};
use countersign_domain::{MemberId, Role};
use countersign_persistence::Context;
use serde::Deserialize;

use super::view::{MemberDetail, detail, existing};
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::api::query::Check;
use crate::caller::ManageMembers;
use crate::changes::members::{self, MemberChanges};
use crate::state::AppState;

/// What to change of a member: what is absent stays.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "role": "auditor", "reason": "Moved to internal audit." }))]
pub(crate) struct ChangeMember {
    /// What the member is called.
    name: Option<String>,
    /// `owner`, `admin`, `developer` or `auditor`.
    #[schema(pattern = "^(owner|admin|developer|auditor)$")]
    role: Option<String>,
    /// Whether the member may sign in; false ends the sessions at once.
    active: Option<bool>,
    /// Kept in the audit timeline.
    reason: Option<String>,
}

/// Changes a member
///
/// All of the change is made, or none. Nobody changes their own role or deactivates themselves, and an organization keeps
/// at least one active owner (`/problems/own-membership`, `/problems/last-owner`).
#[utoipa::path(
    patch,
    path = "/api/v1/orgs/{org}/members/{member}",
    tag = "Members",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("member" = uuid::Uuid, Path, description = "Which member")
    ),
    request_body = ChangeMember,
    responses((status = 200, description = "The member as it is now", body = MemberDetail), BodyProblems),
    security(("session" = ["ManageMembers"]))
)]
pub(crate) async fn change_member(
    state: web::Data<AppState>,
    path: web::Path<(String, MemberId)>,
    request: Request<ManageMembers, ChangeMember>,
) -> Result<HttpResponse, WebError> {
    let ((_, id), Request { caller, body }) = (path.into_inner(), request);
    let before = existing(&state.store, caller.organization.id, id).await?;
    let mut check = Check::default();
    let changes = MemberChanges {
        name: check.optional("name", body.name.as_deref(), PersonName::parse),
        role: check.optional("role", body.role.as_deref(), str::parse::<Role>),
        active: body.active,
    };
    let reason = check.optional("reason", body.reason.as_deref(), Note::parse);
    check.finish()?;
    let context = Context { reason, ..caller.context() };
    members::update(&state.store, &context, &before, &changes).await?;
    Ok(HttpResponse::Ok().json(detail(&state.store, caller.organization.id, id).await?))
}
