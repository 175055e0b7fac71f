//! A lane: one writing connection that commits a batch at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_domain::{OrganizationId, StreamId};
use tokio::time::timeout;
use tokio_postgres::error::{DbError, Severity, SqlState};

use super::batch::{Batch, Witness};
use super::connection::{Connection, pipeline};
use super::queue::Queue;
use super::{Appended, CommitObserver, Request};
use crate::StoreError;
use crate::clock::monotonic;
use crate::directory::notice;
use crate::error::is_unavailable;
use crate::projections::unique_names::NameKind;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one attempt at a batch may take before its connection is given up.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How long requests wait for a database that went away. While it stays away, later batches are attempted once each.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Lane {
    database: tokio_postgres::Config,
    queue: Arc<Queue>,
    observer: Arc<dyn CommitObserver>,
    connection: Option<Connection>,
    away_since: Option<Instant>,
}

/// How a transaction ended, if it did not fail.
enum Ended {
    Committed,
    /// An attempt before had been committed, so this one was not made.
    CommittedBefore,
}

/// Why an attempt at a batch failed as a whole.
enum Failure {
    /// Nothing was changed.
    Certain(tokio_postgres::Error),
    /// COMMIT was on its way: only the database knows.
    InDoubt(tokio_postgres::Error),
}

impl Failure {
    /// A statement that was refused, or could not be sent, takes its whole transaction with it.
    fn while_committing(error: tokio_postgres::Error) -> Self {
        let severity = error.as_db_error().and_then(DbError::parsed_severity);
        let refused = severity == Some(Severity::Error) || !is_unavailable(&error);
        if refused { Self::Certain(error) } else { Self::InDoubt(error) }
    }
}

/// An attempt that may have been committed.
struct InDoubt {
    witness: Witness,
    outcomes: Outcomes,
    changed: Vec<(OrganizationId, StreamId)>,
}

type Outcomes = Vec<Result<Appended, StoreError>>;

impl Lane {
    pub fn new(database: &tokio_postgres::Config, queue: Arc<Queue>, observer: Arc<dyn CommitObserver>) -> Self {
        let mut database = database.clone();
        // A transaction whose network broke must not hold its heads until the server's TCP gives up, hours later.
        let limit = format!("-c idle_in_transaction_session_timeout={}", ATTEMPT.as_millis());
        let options = [database.get_options().unwrap_or_default(), &limit].join(" ");
        database.options(options.trim());
        Self { database, queue, observer, connection: None, away_since: None }
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
                    let alone = self.commit_together(std::slice::from_ref(request)).await;
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
        let mut in_doubt = None;
        loop {
            let error = match self.attempt(requests, &mut in_doubt).await {
                Err(error @ StoreError::Unavailable(_)) => error,
                answered => {
                    self.away_since = None;
                    if answered.is_err() {
                        self.abandon().await;
                    }
                    return answered;
                }
            };
            self.connection = None;
            // The database, not the batch, has this long: or a full queue would wait for it batch after batch.
            let away_since = *self.away_since.get_or_insert_with(monotonic);
            if away_since.elapsed() >= PATIENCE {
                return Err(if in_doubt.is_some() { StoreError::OutcomeUnknown } else { error });
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn attempt(&mut self, requests: &[Request], in_doubt: &mut Option<InDoubt>) -> Result<Outcomes, StoreError> {
        let connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => timeout(CONNECT, Connection::open(&self.database)).await.map_err(|_| timed_out())??,
        };
        let connection = self.connection.insert(connection);
        let mut batch = Batch::new(requests);
        let result = timeout(ATTEMPT, transact(connection, &mut batch, in_doubt)).await;
        // Told whatever came of it: a cache must not outlive what may have been committed.
        self.observer.committed(&batch.changed_streams());
        let error = match result {
            Ok(Ok(Ended::Committed)) => return Ok(batch.into_outcomes()),
            Ok(Ok(Ended::CommittedBefore)) => {
                // Told again: when it was told first, the database may not have been there yet.
                return Ok(in_doubt.take().map_or_else(Vec::new, |committed| {
                    self.observer.committed(&committed.changed);
                    committed.outcomes
                }));
            }
            Ok(Err(Failure::Certain(error))) => return Err(error.into()),
            Ok(Err(Failure::InDoubt(error))) => StoreError::from(error),
            Err(_elapsed) => timed_out(),
        };
        if let Some(witness) = batch.witness() {
            let changed = batch.changed_streams();
            *in_doubt = Some(InDoubt { witness, changed, outcomes: batch.into_outcomes() });
        }
        Err(error)
    }

    /// Ends a transaction that failed for its data; a connection that can't is dropped.
    async fn abandon(&mut self) {
        if let Some(connection) = &self.connection
            && !matches!(timeout(CONNECT, connection.run("ROLLBACK")).await, Ok(Ok(_)))
        {
            self.connection = None;
        }
    }
}

fn timed_out() -> StoreError {
    StoreError::Unavailable("it did not answer in time".into())
}

/// Reads and decides in one round trip, writes and commits in a second.
async fn transact(
    connection: &Connection,
    batch: &mut Batch<'_>,
    in_doubt: &mut Option<InDoubt>,
) -> Result<Ended, Failure> {
    let begin = batch.begin();
    let mut reads = Vec::new();
    for (read, statement) in batch.reads(in_doubt.as_ref().map(|attempt| attempt.witness)) {
        reads.push((read, connection.prepare(statement).await.map_err(Failure::Certain)?));
    }
    let mut sent = vec![connection.run(&begin)];
    sent.extend(reads.iter().map(|(_, prepared)| connection.execute(prepared)));
    let answers = pipeline(sent).await.map_err(Failure::Certain)?;
    for ((read, _), rows) in reads.iter().zip(answers.iter().skip(1)) {
        batch.accept(*read, rows).map_err(Failure::Certain)?;
    }
    if batch.was_committed_before() {
        connection.run("ROLLBACK").await.map_err(Failure::Certain)?;
        return Ok(Ended::CommittedBefore);
    }
    *in_doubt = None;

    batch.decide();
    if batch.is_empty() {
        connection.run("ROLLBACK").await.map_err(Failure::Certain)?;
        return Ok(Ended::Committed);
    }
    let mut statements = batch.write_statements();
    statements.extend(notice::statements(&batch.changed_streams()));
    let mut writes = Vec::with_capacity(statements.len());
    for statement in statements {
        writes.push(connection.prepare(statement).await.map_err(Failure::Certain)?);
    }
    let mut sent = writes.iter().map(|prepared| connection.execute(prepared)).collect::<Vec<_>>();
    sent.push(connection.run("COMMIT"));
    pipeline(sent).await.map_err(Failure::while_committing)?;
    Ok(Ended::Committed)
}

/// What a refused request is told.
fn refusal(error: StoreError) -> StoreError {
    match error {
        StoreError::Database(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            match error.as_db_error().and_then(DbError::table) {
                Some("organization_slugs") => StoreError::NameTaken(NameKind::OrganizationSlug),
                Some("organization_hosts") => StoreError::NameTaken(NameKind::HostName),
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
        StoreError::Unavailable(reason) => StoreError::Unavailable(reason.clone()),
        other => StoreError::Unavailable(other.to_string()),
    }
}
