//! A lane: one writing connection that commits a batch at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::OrganizationId;
use countersign_ledger::LeafHash;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::batch::Batch;
use super::connection::{Connection, Prepared, pipeline};
use super::queue::Queue;
use super::{Appended, CommitObserver, Request};
use crate::StoreError;
use crate::clock::monotonic;
use crate::directory::notice;
use crate::projections::Statement;
use crate::projections::unique_names::NameKind;

/// How long one attempt at a batch may take before its connection is given up.
const ATTEMPT: Duration = Duration::from_secs(15);
/// How long the requests of a batch wait for a database that went away.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Lane {
    database: tokio_postgres::Config,
    queue: Arc<Queue>,
    process: Uuid,
    observer: Arc<dyn CommitObserver>,
    connection: Option<Connection>,
}

/// Why an attempt at a batch failed as a whole.
enum Failure {
    /// Before COMMIT was sent: nothing was changed.
    Before(tokio_postgres::Error),
    /// While COMMIT was on its way: only the database knows.
    During(tokio_postgres::Error),
}

/// What a transaction that may have been committed would have written first.
type Witness = (OrganizationId, u64, LeafHash);

type Outcomes = Vec<Result<Appended, StoreError>>;

impl Lane {
    pub fn new(
        database: tokio_postgres::Config,
        queue: Arc<Queue>,
        process: Uuid,
        observer: Arc<dyn CommitObserver>,
    ) -> Self {
        Self { database, queue, process, observer, connection: None }
    }

    /// Works until the queue is closed and empty.
    pub async fn run(mut self, limit: usize) {
        while let Some(requests) = self.queue.take(limit).await {
            metrics::histogram!("countersign_journal_batch_requests")
                .record(u32::try_from(requests.len()).map_or(f64::MAX, f64::from));
            let organizations = requests.iter().map(|request| request.append.organization).collect::<BTreeSet<_>>();
            let outcomes = self.commit(&requests).await;
            self.queue.finish(organizations);
            for (request, outcome) in requests.into_iter().zip(outcomes) {
                // A waiter that hung up loses only its answer.
                let _ = request.answer.send(outcome);
            }
        }
    }

    /// Commits the requests together; when the database refuses one of them for its data, each alone, so that it
    /// fails alone.
    async fn commit(&mut self, requests: &[Request]) -> Outcomes {
        match self.commit_together(requests).await {
            Ok(outcomes) => outcomes,
            Err(StoreError::Database(error)) if requests.len() > 1 => {
                tracing::warn!(
                    code = error.code().map(SqlState::code),
                    "a batch was refused: trying each request alone"
                );
                let mut outcomes = Vec::with_capacity(requests.len());
                for request in requests {
                    let alone = Box::pin(self.commit_together(std::slice::from_ref(request))).await;
                    outcomes.push(alone.map_or_else(|error| Err(refusal(error)), |mut outcomes| outcomes.remove(0)));
                }
                outcomes
            }
            Err(error) => {
                let error = refusal(error);
                requests.iter().map(|_| Err(repeat(&error))).collect()
            }
        }
    }

    /// One transaction, attempted again as long as the database is away and nothing was committed.
    async fn commit_together(&mut self, requests: &[Request]) -> Result<Outcomes, StoreError> {
        let deadline = monotonic() + PATIENCE;
        let mut in_doubt: Option<(Witness, Outcomes)> = None;
        loop {
            let error = match self.attempt(requests, &mut in_doubt).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(error @ StoreError::Unavailable(_)) => error,
                Err(error) => {
                    self.abandon().await;
                    return Err(error);
                }
            };
            self.connection = None;
            if monotonic() >= deadline {
                return Err(if in_doubt.is_some() { StoreError::OutcomeUnknown } else { error });
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn attempt(
        &mut self,
        requests: &[Request],
        in_doubt: &mut Option<(Witness, Outcomes)>,
    ) -> Result<Outcomes, StoreError> {
        let connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => timeout(ATTEMPT, Connection::open(&self.database)).await.map_err(|_| timed_out())??,
        };
        let connection = self.connection.insert(connection);
        if let Some((witness, _)) = in_doubt {
            let committed = timeout(ATTEMPT, was_committed(connection, *witness)).await.map_err(|_| timed_out())??;
            if let Some((_, outcomes)) = in_doubt.take()
                && committed
            {
                return Ok(outcomes);
            }
        }
        let mut batch = Batch::new(requests);
        let result = timeout(ATTEMPT, transact(connection, &mut batch, self.process)).await;
        // Told whatever came of it: a cache must not outlive what may have been committed.
        self.observer.committed(&batch.changed_streams());
        let error = match result {
            Ok(Ok(())) => return Ok(batch.into_outcomes()),
            Ok(Err(Failure::Before(error))) => return Err(error.into()),
            Ok(Err(Failure::During(error))) => StoreError::from(error),
            Err(_elapsed) => timed_out(),
        };
        if matches!(error, StoreError::Unavailable(_)) {
            *in_doubt = batch.witness().map(|witness| (witness, batch.into_outcomes()));
        }
        Err(error)
    }

    /// Ends a transaction that failed for its data; a connection that can't is dropped.
    async fn abandon(&mut self) {
        if let Some(connection) = &self.connection
            && connection.run("ROLLBACK").await.is_err()
        {
            self.connection = None;
        }
    }
}

fn timed_out() -> StoreError {
    StoreError::Unavailable("it did not answer in time".into())
}

/// Reads and decides in one round trip, writes and commits in a second.
async fn transact(connection: &Connection, batch: &mut Batch<'_>, process: Uuid) -> Result<(), Failure> {
    let begin = batch.begin();
    let new_heads = prepare(connection, batch.new_heads()).await.map_err(Failure::Before)?;
    let lock_heads = prepare(connection, Some(batch.lock_heads())).await.map_err(Failure::Before)?;
    let versions = prepare(connection, batch.read_versions()).await.map_err(Failure::Before)?;
    let mut rows_of = Vec::new();
    for (number, statement) in batch.read_projections().into_iter().enumerate() {
        if let Some(prepared) = prepare(connection, statement).await.map_err(Failure::Before)? {
            rows_of.push((number, prepared));
        }
    }
    let mut sent = vec![connection.run(&begin)];
    sent.extend(new_heads.iter().chain(&lock_heads).chain(&versions).map(|prepared| connection.execute(prepared)));
    sent.extend(rows_of.iter().map(|(_, prepared)| connection.execute(prepared)));
    let mut answers = pipeline(sent).await.map_err(Failure::Before)?.into_iter().skip(1);
    if new_heads.is_some() {
        answers.next();
    }
    batch.accept_heads(&answers.next().unwrap_or_default()).map_err(Failure::Before)?;
    if versions.is_some() {
        batch.accept_versions(&answers.next().unwrap_or_default()).map_err(Failure::Before)?;
    }
    for ((number, _), rows) in rows_of.iter().zip(answers) {
        batch.accept_projection(*number, &rows).map_err(Failure::Before)?;
    }

    batch.decide();
    if batch.is_empty() {
        return connection.run("ROLLBACK").await.map(drop).map_err(Failure::Before);
    }

    let mut statements = batch.write_statements();
    statements.extend(notice::statements(process, &batch.changed_streams()));
    let mut writes = Vec::with_capacity(statements.len());
    for statement in statements {
        writes.extend(prepare(connection, Some(statement)).await.map_err(Failure::Before)?);
    }
    let mut sent = writes.iter().map(|prepared| connection.execute(prepared)).collect::<Vec<_>>();
    sent.push(connection.run("COMMIT"));
    pipeline(sent).await.map(drop).map_err(Failure::During)
}

async fn prepare(
    connection: &Connection,
    statement: Option<Statement>,
) -> Result<Option<Prepared>, tokio_postgres::Error> {
    match statement {
        Some(statement) => connection.prepare(statement).await.map(Some),
        None => Ok(None),
    }
}

/// Whether the transaction that would have written the witness was committed. The lock waits for a server process that
/// may still be at it.
async fn was_committed(
    connection: &Connection,
    (organization, position, leaf): Witness,
) -> Result<bool, tokio_postgres::Error> {
    let lock = Statement {
        sql: "SELECT position FROM org_heads WHERE org_id = ANY($1::uuid[]) FOR UPDATE",
        parameters: vec![Box::new(vec![organization.uuid()])],
    };
    let look = Statement {
        sql: "SELECT leaf_hash FROM events \
              WHERE org_id = ANY($1::uuid[]) AND position = ANY($2::bigint[])",
        parameters: vec![
            Box::new(vec![organization.uuid()]),
            Box::new(vec![i64::try_from(position).unwrap_or(i64::MAX)]),
        ],
    };
    let (lock, look) = (connection.prepare(lock).await?, connection.prepare(look).await?);
    let begin = format!("BEGIN; SET LOCAL countersign.batch = '{organization}'");
    let answers = pipeline(vec![
        connection.run(&begin),
        connection.execute(&lock),
        connection.execute(&look),
        connection.run("COMMIT"),
    ])
    .await?;
    match answers.get(2).and_then(|rows| rows.first()) {
        Some(row) => Ok(row.try_get::<_, &[u8]>(0)? == leaf.0),
        None => Ok(false),
    }
}

/// What a refused request is told.
fn refusal(error: StoreError) -> StoreError {
    match error {
        StoreError::Database(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            match error.as_db_error().and_then(tokio_postgres::error::DbError::table) {
                Some("organization_slugs") => StoreError::NameTaken(NameKind::OrganizationSlug),
                Some("events") => StoreError::Conflict,
                _ => StoreError::Database(error),
            }
        }
        other => other,
    }
}

/// The same error for another waiter.
fn repeat(error: &StoreError) -> StoreError {
    match error {
        StoreError::OutcomeUnknown => StoreError::OutcomeUnknown,
        StoreError::Conflict => StoreError::Conflict,
        StoreError::NameTaken(kind) => StoreError::NameTaken(*kind),
        other => StoreError::Unavailable(other.to_string()),
    }
}
