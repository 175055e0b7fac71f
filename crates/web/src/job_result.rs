//! The result of a job as a download, sent piece by piece.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use countersign_domain::organization::ExportFormat;
use countersign_domain::{JobId, OrganizationId};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::jobs::{self, Job, JobState, Task};
use futures_util::stream;

use crate::WebError;
use crate::state::AppState;

/// The job; another organization's is none.
pub(crate) async fn existing(state: &AppState, organization: OrganizationId, id: JobId) -> Result<Job, WebError> {
    jobs::get(&state.store, organization, id).await?.ok_or(WebError::NotFound)
}

/// The result, once all of it is there.
pub(crate) fn download(
    state: web::Data<AppState>,
    organization: &OrganizationEntry,
    job: &Job,
) -> Result<HttpResponse, WebError> {
    if job.state != JobState::Done {
        return Err(WebError::NotFound);
    }
    let Task::AuditExport(export) = &job.task;
    let media_type = match export.format {
        ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
        ExportFormat::Ndjson => "application/x-ndjson",
    };
    let name = format!("countersign-{}-audit-{}.{}", organization.slug, export.up_to, export.format.as_str());
    let (organization, id) = (organization.id, job.id);
    let pieces = stream::try_unfold(0, move |number| {
        let state = state.clone();
        async move {
            let piece = jobs::result_piece(&state.store, organization, id, number).await?;
            Ok::<_, WebError>(piece.map(|piece| (Bytes::from(piece), number + 1)))
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(Box::pin(pieces)))
}
