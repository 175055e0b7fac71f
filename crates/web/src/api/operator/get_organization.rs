//! `GET /api/v1/operator/organizations/{organization}`

use actix_web::{HttpResponse, web};

use super::view::{OperatedOrganization, existing};
use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::Operator;
use crate::state::AppState;

/// Reads an organization
///
/// How much there is in it, and nothing of what it is.
#[utoipa::path(
    get,
    path = "/api/v1/operator/organizations/{organization}",
    tag = "Operator",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "The organization", body = OperatedOrganization), ReadProblems),
    security(("session" = ["OperateInstallation"]))
)]
pub(crate) async fn get_operated_organization(
    state: web::Data<AppState>,
    _: Operator,
    slug: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let facts = existing(&state, &slug).await?;
    Ok(HttpResponse::Ok().json(OperatedOrganization::of(&state, facts)))
}
