//! A job as it is answered.

use countersign_persistence::jobs::{Job, Task};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// Long work.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct JobView {
    id: Uuid,
    /// `audit_export`.
    kind: &'static str,
    /// `csv` or `ndjson`.
    format: &'static str,
    /// By what the timeline is filtered: names of filters.
    filters: Vec<&'static str>,
    /// The last position that can be in it.
    up_to: u64,
    /// The member who asked for it.
    requested_by: Uuid,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    state: &'static str,
    /// How many lines are done.
    done: u64,
    /// Of how many; null until they are counted.
    total: Option<u64>,
    /// The length of the result so far, in bytes.
    size: u64,
    /// Since when nothing is done any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Until when it is kept.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Why it failed.
    error: Option<String>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let Task::AuditExport(export) = &job.task;
        Self {
            id: job.id.uuid(),
            kind: "audit_export",
            format: export.format.as_str(),
            filters: export.filter.names_of_set(),
            up_to: export.up_to,
            requested_by: job.requested_by,
            requested_at: job.requested_at,
            state: job.state.as_str(),
            done: job.done,
            total: job.total,
            size: job.size,
            finished_at: job.finished_at,
            expires_at: job.expires_at,
            error: job.error,
        }
    }
}
