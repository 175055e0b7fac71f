//! Long work that members asked for: the list, one job's progress, its end and its result.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::JobId;
use countersign_domain::organization::ExportFormat;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::jobs::{self, Job, JobState, Task};
use jiff::Timestamp;
use serde::Serialize;

use super::page::{Frame, Section, base, html, see_other};
use crate::WebError;
use crate::caller::{Caller, ReadAudit};
use crate::form::{Fields, SignedForm};
use crate::job_result::{download, existing};
use crate::state::AppState;

const PAGE_SIZE: u32 = 50;

#[derive(Serialize)]
struct JobsPage {
    page: Frame,
    jobs: Vec<JobLine>,
    older: Option<String>,
}

#[derive(Serialize)]
struct JobPage {
    page: Frame,
    job: JobLine,
}

#[derive(Serialize)]
struct JobLine {
    href: String,
    what: String,
    filters: Vec<&'static str>,
    requested_by: Option<String>,
    requested_at: Timestamp,
    requested_unix: i64,
    state: JobState,
    is_final: bool,
    done: u64,
    total: Option<u64>,
    progress: String,
    size: String,
    finished_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    error: Option<String>,
}

impl JobLine {
    fn of(organization: &OrganizationEntry, job: Job) -> Self {
        let Task::AuditExport(export) = &job.task;
        let format = match export.format {
            ExportFormat::Csv => "CSV",
            ExportFormat::Ndjson => "NDJSON",
        };
        Self {
            href: job_href(&organization.slug, job.id),
            what: format!("Audit timeline up to no. {} as {format}", grouped(export.up_to)),
            filters: export.filter.names_of_set(),
            progress: match job.total {
                Some(total) => format!("{} of {} lines", grouped(job.done), grouped(total)),
                None => format!("{} lines", grouped(job.done)),
            },
            requested_by: job.requested_by_name,
            requested_at: job.requested_at,
            requested_unix: job.requested_at.as_second(),
            is_final: job.state.is_final(),
            state: job.state,
            done: job.done,
            total: job.total,
            size: size(job.size),
            finished_at: job.finished_at,
            expires_at: job.expires_at,
            error: job.error,
        }
    }
}

pub(super) fn job_href(slug: &str, id: JobId) -> String {
    format!("{}/jobs/{id}", base(slug))
}

/// `GET /o/{org}/jobs`
pub(super) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadAudit>,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &caller, Section::Audit).await?;
    let organization = &caller.organization;
    let before = Fields::of_query(&request).get("before").parse().ok();
    let mut found = jobs::list(&state.store, organization.id, before, PAGE_SIZE + 1).await?;
    let has_more = found.len() > PAGE_SIZE as usize;
    found.truncate(PAGE_SIZE as usize);
    let older =
        found.last().filter(|_| has_more).map(|last| format!("{}/jobs?before={}", base(&organization.slug), last.id));
    let jobs = found.into_iter().map(|job| JobLine::of(organization, job)).collect();
    html(&state, StatusCode::OK, "jobs", &JobsPage { page, jobs, older })
}

/// `GET /o/{org}/jobs/{job}`
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadAudit>,
    path: web::Path<(String, JobId)>,
) -> Result<HttpResponse, WebError> {
    let job = existing(&state, caller.organization.id, path.1).await?;
    let page = Frame::load(&state, &request, &caller, Section::Audit).await?;
    html(&state, StatusCode::OK, "job", &JobPage { page, job: JobLine::of(&caller.organization, job) })
}

/// `POST /o/{org}/jobs/{job}`: cancels a job, or removes it once it is finished.
pub(super) async fn end(
    state: web::Data<AppState>,
    form: SignedForm<ReadAudit>,
    path: web::Path<(String, JobId)>,
) -> Result<HttpResponse, WebError> {
    let organization = &form.caller.organization;
    let job = existing(&state, organization.id, path.1).await?;
    if !job.state.is_final() && jobs::cancel(&state.store, organization.id, job.id).await? {
        return Ok(see_other(&format!("{}?done=job-cancelled", job_href(&organization.slug, job.id))));
    }
    if form.fields.get("action") != "remove" {
        // It was finished while the person pressed Cancel.
        return Ok(see_other(&job_href(&organization.slug, job.id)));
    }
    jobs::remove(&state.store, organization.id, job.id).await?;
    Ok(see_other(&format!("{}/jobs?done=job-removed", base(&organization.slug))))
}

/// `GET /o/{org}/jobs/{job}/result`
pub(super) async fn result(
    state: web::Data<AppState>,
    caller: Caller<ReadAudit>,
    path: web::Path<(String, JobId)>,
) -> Result<HttpResponse, WebError> {
    let job = existing(&state, caller.organization.id, path.1).await?;
    download(state, &caller.organization, &job)
}

/// A number as people read it: 12,000.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length in kB.
fn size(bytes: u64) -> String {
    format!("{} kB", grouped(bytes.div_ceil(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let grouped = [0, 12, 999, 1000, 12_000, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "12", "999", "1,000", "12,000", "1,234,567"]);
        assert_eq!([0, 1, 1000, 1_234_567].map(size), ["0 kB", "1 kB", "1 kB", "1,235 kB"]);
    }
}
