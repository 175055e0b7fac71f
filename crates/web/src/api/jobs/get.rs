//! `GET /api/v1/orgs/{org}/jobs/{job}`

use actix_web::{HttpResponse, web};
use countersign_domain::JobId;

use super::view::JobView;
use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::{ApiCaller, ReadAudit};
use crate::job_result::existing;
use crate::state::AppState;

/// Reads how far a job is
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/jobs/{job}",
    tag = "Jobs",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("job" = uuid::Uuid, Path, description = "Which job")
    ),
    responses((status = 200, description = "The job", body = JobView), ReadProblems),
    security(("session" = ["ReadAudit"]))
)]
pub(crate) async fn get_job(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadAudit>,
    path: web::Path<(String, JobId)>,
) -> Result<HttpResponse, WebError> {
    let job = existing(&state, caller.organization.id, path.1).await?;
    Ok(HttpResponse::Ok().json(JobView::from(job)))
}
