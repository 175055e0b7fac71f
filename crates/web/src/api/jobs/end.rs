//! `DELETE /api/v1/orgs/{org}/jobs/{job}`

use actix_web::{HttpResponse, web};
use countersign_domain::JobId;
use countersign_persistence::jobs;

use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::{ApiCaller, ReadAudit};
use crate::job_result::existing;
use crate::state::AppState;

/// Cancels a job, or removes one that is finished
///
/// Its result is removed with it. That it was asked for stays on the record.
#[utoipa::path(
    delete,
    path = "/api/v1/orgs/{org}/jobs/{job}",
    tag = "Jobs",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("job" = uuid::Uuid, Path, description = "Which job")
    ),
    responses((status = 204, description = "It is cancelled or removed"), ReadProblems),
    security(("session" = ["ReadAudit"]))
)]
pub(crate) async fn end_job(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadAudit>,
    path: web::Path<(String, JobId)>,
) -> Result<HttpResponse, WebError> {
    let organization = caller.organization.id;
    let job = existing(&state, organization, path.1).await?;
    if job.state.is_final() || !jobs::cancel(&state.store, organization, job.id).await? {
        jobs::remove(&state.store, organization, job.id).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
