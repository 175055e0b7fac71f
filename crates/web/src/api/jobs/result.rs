//! `GET /api/v1/orgs/{org}/jobs/{job}/result`

use actix_web::{HttpResponse, web};
use countersign_domain::JobId;

use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::{ApiCaller, ReadAudit};
use crate::job_result::{download, existing};
use crate::state::AppState;

/// Reads the result of a job
///
/// There is none before the job is done.
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/jobs/{job}/result",
    tag = "Jobs",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("job" = uuid::Uuid, Path, description = "Which job")
    ),
    responses(
        (status = 200, description = "The file, in the format that was asked for",
            content((String = "text/csv"), (String = "application/x-ndjson")),
            headers(("Content-Disposition" = String, description = "The name of the file"))),
        ReadProblems
    ),
    security(("session" = ["ReadAudit"]))
)]
pub(crate) async fn get_job_result(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadAudit>,
    path: web::Path<(String, JobId)>,
) -> Result<HttpResponse, WebError> {
    let job = existing(&state, caller.organization.id, path.1).await?;
    download(state, &caller.organization, &job)
}
