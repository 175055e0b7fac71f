//! Whoever works on jobs: takes one, step by step, until it is done or somebody else's.

use std::time::Duration;

use countersign_domain::{JobId, OrganizationId};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::export::{self, PIECE};
use super::{AuditExport, Task, expiry, piece_name, place, remove};
use crate::pool::parameters;
use crate::queries::audit;
use crate::{Store, StoreError, clock};

/// How long a job is held without another step: longer than a step takes, and no longer than a person waits for a job
/// whose process was killed.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How many lines a step writes.
const LINES: u32 = 200;
/// How often is looked for work.
const PAUSE: Duration = Duration::from_secs(1);
/// How long is waited where the database does not answer.
const RECOVERY: Duration = Duration::from_secs(5);
/// How many waiting jobs are looked at at once.
const LOOKED_AT: i64 = 500;

/// A job that is held.
pub struct Work {
    store: Store,
    organization: OrganizationId,
    job: JobId,
    /// Who holds it: another one each time that a job is taken.
    worker: Uuid,
    task: Task,
    cursor: i64,
    pieces: i32,
    is_counted: bool,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// It was the last one.
    Finished,
    /// The job was cancelled, or is somebody else's by now: nothing was written.
    Lost,
}

/// Works until the task is aborted.
pub async fn work(store: Store) {
    loop {
        match claim(&store, clock::now()).await {
            Ok(Some(mut work)) => run(&mut work).await,
            Ok(None) => sleep(PAUSE).await,
            Err(error) => {
                tracing::warn!(%error, "jobs wait until the database is back");
                sleep(RECOVERY).await;
            }
        }
    }
}

async fn run(work: &mut Work) {
    loop {
        match work.step().await {
            Ok(Step::More) => {}
            Ok(Step::Finished | Step::Lost) => return,
            Err(error @ (StoreError::Unavailable(_) | StoreError::Overloaded)) => {
                // Held on to: whoever comes first after the lease goes on.
                tracing::warn!(%error, job = %work.job, "a job waits until the database is back");
                return sleep(RECOVERY).await;
            }
            Err(error) => {
                tracing::error!(%error, job = %work.job, "a job failed");
                if let Err(error) = work.fail().await {
                    tracing::warn!(%error, job = %work.job, "a failed job is tried again");
                }
                return;
            }
        }
    }
}

/// Takes a job that waits, or whose holder has not been heard of; on the way, removes what has expired.
pub async fn claim(store: &Store, now: Timestamp) -> Result<Option<Work>, StoreError> {
    let sql = "SELECT job, organization, purpose FROM job_queue WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
    for row in store.pool().read_installation(sql, parameters![now, LOOKED_AT]).await? {
        let (job, organization) = (JobId(row.try_get(0)?), OrganizationId(row.try_get(1)?));
        if row.try_get::<_, &str>(2)? == "expire" {
            remove(store, organization, job).await?;
        } else if let Some(work) = take(store, organization, job, now).await? {
            return Ok(Some(work));
        }
    }
    Ok(None)
}

/// Of any number who try at the same time, the lock lets one through; the others pass on.
async fn take(
    store: &Store,
    organization: OrganizationId,
    job: JobId,
    now: Timestamp,
) -> Result<Option<Work>, StoreError> {
    let sql = "UPDATE jobs SET state = 'running', worker = $3, lease_until = $5 WHERE org_id = $1 AND job_id = \
               (SELECT job_id FROM jobs WHERE org_id = $1 AND job_id = $2 \
                   AND (state = 'queued' OR state = 'running' AND lease_until <= $4) FOR UPDATE SKIP LOCKED) \
               RETURNING parameters, cursor, pieces, total IS NOT NULL";
    let worker = clock::new_id();
    let parameters = parameters![organization.uuid(), job.uuid(), worker, now, lease(now)];
    let rows = store.pool().write(organization, sql, parameters).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Work {
        store: store.clone(),
        organization,
        job,
        worker,
        task: row.try_get::<_, Json<Task>>(0)?.0,
        cursor: row.try_get(1)?,
        pieces: row.try_get(2)?,
        is_counted: row.try_get(3)?,
    }))
}

fn lease(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(now)
}

impl Work {
    /// Which job it is.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// Does the next part, and writes it with its result.
    pub async fn step(&mut self) -> Result<Step, StoreError> {
        let Task::AuditExport(export) = self.task.clone();
        if !self.is_counted {
            self.count(&export).await?;
        }
        let after = self.cursor.unsigned_abs();
        let lines = audit::in_order(&self.store, self.organization, &export.filter, after, export.up_to, LINES).await?;
        let is_last = lines.len() < LINES as usize;
        let cursor = lines.last().map_or(self.cursor, |line| i64::try_from(line.position).unwrap_or(i64::MAX));
        let text = export::text(export.format, self.pieces == 0, &lines)?;
        self.write(cursor, lines.len(), &text, is_last).await
    }

    /// How many lines there will be. A journal that takes too long to count is written without.
    async fn count(&mut self, export: &AuditExport) -> Result<(), StoreError> {
        let counted =
            audit::count(&self.store, self.organization, &export.filter, Some(export.up_to), u64::MAX >> 1).await;
        self.is_counted = true;
        let Ok(total) = counted else { return Ok(()) };
        let sql = "UPDATE jobs SET total = $4 WHERE org_id = $1 AND job_id = $2 AND worker = $3";
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        let parameters = parameters![self.organization.uuid(), self.job.uuid(), self.worker, total];
        self.store.pool().write(self.organization, sql, parameters).await.map(drop)
    }

    /// Moves the job on, if it is still held and stands where it was read, with what the step made.
    async fn write(&mut self, cursor: i64, lines: usize, text: &[u8], is_last: bool) -> Result<Step, StoreError> {
        let key = self.store.data_keys().get(self.organization).await?;
        let (mut numbers, mut contents) = (Vec::new(), Vec::new());
        for (number, piece) in (self.pieces..).zip(text.chunks(PIECE)) {
            numbers.push(number);
            contents.push(key.seal(place(self.organization, &piece_name(self.job, number)), piece)?);
        }
        let sql = "WITH moved AS (UPDATE jobs SET cursor = $5, done = done + $6, size = size + $7, \
                       pieces = pieces + cardinality($8::integer[]), lease_until = $10, \
                       state = CASE WHEN $11 THEN 'done' ELSE state END, \
                       finished_at = CASE WHEN $11 THEN $12::timestamptz END, \
                       expires_at = CASE WHEN $11 THEN $13::timestamptz END \
                       WHERE org_id = $1 AND job_id = $2 AND worker = $3 AND state = 'running' AND cursor = $4 \
                       RETURNING job_id), \
                   written AS (INSERT INTO job_results (org_id, job_id, piece, content) \
                       SELECT $1, $2, new.piece, new.content FROM moved, \
                       UNNEST($8::integer[], $9::bytea[]) AS new(piece, content)), \
                   unqueued AS (DELETE FROM job_queue WHERE $11 AND job = $2 AND purpose = 'run' \
                       AND EXISTS (SELECT FROM moved)), \
                   expiring AS (INSERT INTO job_queue (job, organization, purpose, due_at) \
                       SELECT $2, $1, 'expire', $13 FROM moved WHERE $11) \
                   SELECT job_id FROM moved";
        let now = clock::now();
        let (lines, size) = (i64::try_from(lines).unwrap_or_default(), i64::try_from(text.len()).unwrap_or_default());
        let parameters = parameters![
            self.organization.uuid(),
            self.job.uuid(),
            self.worker,
            self.cursor,
            cursor,
            lines,
            size,
            numbers,
            contents,
            lease(now),
            is_last,
            now,
            expiry(now),
        ];
        if self.store.pool().write(self.organization, sql, parameters).await?.is_empty() {
            return Ok(Step::Lost);
        }
        self.cursor = cursor;
        self.pieces += i32::try_from(numbers.len()).unwrap_or(i32::MAX);
        Ok(if is_last { Step::Finished } else { Step::More })
    }

    /// Ends a job that can't be done. The log knows why.
    async fn fail(&self) -> Result<(), StoreError> {
        let sql = "WITH failed AS (UPDATE jobs SET state = 'failed', finished_at = $4, expires_at = $5, error = $6 \
                       WHERE org_id = $1 AND job_id = $2 AND worker = $3 AND state = 'running' RETURNING job_id), \
                   unqueued AS (DELETE FROM job_queue WHERE job = $2 AND purpose = 'run' \
                       AND EXISTS (SELECT FROM failed)), \
                   dropped AS (DELETE FROM job_results WHERE org_id = $1 AND job_id = $2 \
                       AND EXISTS (SELECT FROM failed)) \
                   INSERT INTO job_queue (job, organization, purpose, due_at) SELECT $2, $1, 'expire', $5 FROM failed";
        let error =
            "Something in the journal could not be read. Tell whoever runs this installation; the log has more.";
        let now = clock::now();
        let (organization, job) = (self.organization.uuid(), self.job.uuid());
        let parameters = parameters![organization, job, self.worker, now, expiry(now), error];
        self.store.pool().write(self.organization, sql, parameters).await.map(drop)
    }
}
