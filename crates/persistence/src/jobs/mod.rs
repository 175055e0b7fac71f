//! Long work, which goes on where it stopped when its process ends.
//!
//! A job is a row of its organization. Where one waits stands in a table of the installation, because a worker looks for
//! work before it knows whose. Whoever works on one holds it for a while only, and each step is written with its result
//! in one transaction: a killed process's job goes on, in another, after the last step that was written.

mod export;
mod worker;

use countersign_domain::organization::ExportFormat;
use countersign_domain::{JobId, Organization, OrganizationCommand, OrganizationId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::pool::parameters;
use crate::queries::audit::AuditFilter;
use crate::sealing::Place;
use crate::{ChangeError, Context, Store, StoreError, clock};

pub use worker::{Step, Work, claim, work};

/// How long a finished job and its result are kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Writes the filtered timeline down.
    AuditExport(AuditExport),
}

/// The timeline that is to be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditExport {
    /// As what.
    pub format: ExportFormat,
    /// Which lines.
    pub filter: AuditFilter,
    /// The last position at the time of the request: what came later is not in it.
    pub up_to: u64,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl JobState {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn of_stored(text: &str) -> Result<Self, StoreError> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::UnexpectedValue(format!("job state {text}")))
    }

    /// Whether nothing will be done any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which one.
    pub id: JobId,
    /// What is done.
    pub task: Task,
    /// Which member or client asked for it.
    pub requested_by: Uuid,
    /// What the person is called, or the client's Client ID; `None` once erased.
    pub requested_by_name: Option<String>,
    /// When.
    pub requested_at: Timestamp,
    /// How far it is.
    pub state: JobState,
    /// How many lines are done.
    pub done: u64,
    /// Of how many, once they are counted.
    pub total: Option<u64>,
    /// The length of the result so far, in bytes.
    pub size: u64,
    /// Since when nothing is done any more.
    pub finished_at: Option<Timestamp>,
    /// Until when it is kept.
    pub expires_at: Option<Timestamp>,
    /// Why it failed, in words.
    pub error: Option<String>,
}

/// Asks for the filtered timeline as a file, as it stands now. That it was asked for is on the record; by what text or
/// person it was filtered is not, because that may be about a person.
pub async fn request_audit_export(
    store: &Store,
    context: &Context,
    format: ExportFormat,
    filter: &AuditFilter,
) -> Result<JobId, ChangeError> {
    let organization = context.organization;
    let sql = "SELECT position FROM org_heads WHERE org_id = $1";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid()]).await?;
    let position: i64 = rows.first().ok_or(StoreError::UnknownOrganization)?.try_get(0).map_err(StoreError::from)?;
    let up_to = position.unsigned_abs();
    let task = Task::AuditExport(AuditExport { format, filter: filter.storable(), up_to });
    let parameters = serde_json::to_value(&task).map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
    let filters = filter.names_of_set().into_iter().map(str::to_owned).collect::<Vec<_>>();
    store
        .change(context, async |unit| {
            let job = JobId(unit.services().new_id());
            let export = OrganizationCommand::ExportAudit { job, format, filters: filters.clone(), up_to };
            unit.execute::<Organization>(organization.uuid(), export).await?;
            unit.enqueue(job, context.actor.id().unwrap_or_default(), parameters.clone());
            Ok(job)
        })
        .await
}

macro_rules! select_jobs {
    ($rest:literal) => {
        concat!(
            "SELECT j.job_id, j.parameters, j.requested_by, coalesce(m.name, c.identifier), j.requested_at, j.state, j.done, j.total, j.size, \
             j.finished_at, j.expires_at, j.error \
             FROM jobs j LEFT JOIN members m ON m.org_id = j.org_id AND m.member_id = j.requested_by \
             LEFT JOIN clients c ON c.org_id = j.org_id AND c.client_id = j.requested_by \
             WHERE j.org_id = $1 AND ",
            $rest
        )
    };
}

/// The jobs, the newest first; those before another one.
pub async fn list(
    store: &Store,
    organization: OrganizationId,
    before: Option<JobId>,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    // Identifiers are ordered by time.
    let sql = select_jobs!("($2::uuid IS NULL OR j.job_id < $2) ORDER BY j.job_id DESC LIMIT $3");
    let (before, limit) = (before.map(JobId::uuid), i64::from(limit));
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), before, limit]).await?;
    rows.iter().map(job).collect()
}

/// One job.
pub async fn get(store: &Store, organization: OrganizationId, id: JobId) -> Result<Option<Job>, StoreError> {
    let sql = select_jobs!("j.job_id = $2");
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?;
    rows.first().map(job).transpose()
}

fn job(row: &Row) -> Result<Job, StoreError> {
    let count = |column| row.try_get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Job {
        id: JobId(row.try_get(0)?),
        task: row.try_get::<_, Json<Task>>(1)?.0,
        requested_by: row.try_get(2)?,
        requested_by_name: row.try_get(3)?,
        requested_at: row.try_get(4)?,
        state: JobState::of_stored(row.try_get(5)?)?,
        done: count(6)?,
        total: row.try_get::<_, Option<i64>>(7)?.map(i64::unsigned_abs),
        size: count(8)?,
        finished_at: row.try_get(9)?,
        expires_at: row.try_get(10)?,
        error: row.try_get(11)?,
    })
}

/// Ends a job that is not finished; whether there was such a one.
pub async fn cancel(store: &Store, organization: OrganizationId, id: JobId) -> Result<bool, StoreError> {
    let sql = "WITH ended AS (UPDATE jobs SET state = 'cancelled', finished_at = $3, expires_at = $4 \
                   WHERE org_id = $1 AND job_id = $2 AND state IN ('queued', 'running') RETURNING job_id), \
               unqueued AS (DELETE FROM job_queue WHERE job = $2 AND purpose = 'run' AND EXISTS (SELECT FROM ended)), \
               dropped AS (DELETE FROM job_results WHERE org_id = $1 AND job_id = $2 AND EXISTS (SELECT FROM ended)), \
               expiring AS (INSERT INTO job_queue (job, organization, purpose, due_at) \
                   SELECT $2, $1, 'expire', $4 FROM ended) \
               SELECT job_id FROM ended";
    let now = clock::now();
    let parameters = parameters![organization.uuid(), id.uuid(), now, expiry(now)];
    Ok(!store.pool().write(organization, sql, parameters).await?.is_empty())
}

/// Removes a job that is finished, with its result.
pub async fn remove(store: &Store, organization: OrganizationId, id: JobId) -> Result<(), StoreError> {
    let sql = "WITH gone AS (DELETE FROM jobs WHERE org_id = $1 AND job_id = $2 AND finished_at IS NOT NULL \
                   RETURNING job_id), \
               dropped AS (DELETE FROM job_results WHERE org_id = $1 AND job_id = $2 AND EXISTS (SELECT FROM gone)) \
               DELETE FROM job_queue WHERE job = $2 AND EXISTS (SELECT FROM gone)";
    store.pool().write(organization, sql, parameters![organization.uuid(), id.uuid()]).await.map(drop)
}

/// A piece of a job's result, counted from 0; `None` after the last.
pub async fn result_piece(
    store: &Store,
    organization: OrganizationId,
    id: JobId,
    number: i32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT content FROM job_results WHERE org_id = $1 AND job_id = $2 AND piece = $3";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), id.uuid(), number]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let row_name = piece_name(id, number);
    let key = store.data_keys().get(organization).await?;
    Ok(Some(key.open(place(organization, &row_name), row.try_get(0)?)?))
}

/// Where a piece of a result is sealed for: it holds what disclosures hold.
fn place(organization: OrganizationId, row: &str) -> Place<'_> {
    Place { organization, table: "job_results", row, column: "content" }
}

fn piece_name(job: JobId, number: i32) -> String {
    format!("{job} {number}")
}

fn expiry(finished_at: Timestamp) -> Timestamp {
    finished_at.saturating_add(KEPT).unwrap_or(finished_at)
}
