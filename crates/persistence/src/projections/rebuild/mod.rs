//! Checks the projections against the journal, and rebuilds them from it.
//!
//! The journal is replayed into a shadow schema by the code that appends use: its statements name tables without a
//! schema, so the search path decides which they write. Then both are compared row by row. The service may run
//! meanwhile: a check compares within one snapshot of the database and holds nobody back; a rebuild holds back the
//! appends of an organization whose rows differ while it compares again and mends them.
//!
//! What was replayed is kept between runs, so an interrupted one is gone on with. The shadow has no personal data that
//! was erased: an organization of which a disclosure went away since it was read is replayed from the beginning.
//!
//! A value that was erased from the disclosures but still stands in a projection is a difference: the journal no longer
//! gives it. The check names it, and a rebuild removes it.

mod compare;
mod replay;
mod shadow;

use std::fmt;

use countersign_domain::OrganizationId;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, IsolationLevel};

use crate::migrate::{self, MigrationError};
use crate::pool::parameters;
use crate::sealing::{MasterKeyRing, SealingKey};
use crate::{StoreError, directory::notice};

/// Any number, the same for all processes of ours, other than that of the migrations.
const LOCK: i64 = 0x636f_756e_7465_7274;
/// How long the server process of a run that was just interrupted may take to end.
const LOCK_PATIENCE: &str = "3s";

/// How far one organization is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The organization.
    pub organization: OrganizationId,
    /// Its name in URLs.
    pub slug: String,
    /// The position of the last event that was replayed.
    pub position: u64,
    /// The position of the last event of its journal, as far as it is known.
    pub head: u64,
}

/// What a check found, or a rebuild found and mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// How many organizations were compared. One that begins during the run is not among them.
    pub organizations: u64,
    /// How many events their projections are derived from.
    pub events: u64,
    /// How many rows differ.
    pub differing_rows: u64,
    /// The first [`MAXIMUM_DIFFERENCES`] of them.
    pub differences: Vec<Difference>,
}

/// The most differences that a report lists.
pub const MAXIMUM_DIFFERENCES: usize = 100;

/// A row that is not what the journal says. It names columns but holds no value that could be personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The name of the organization in URLs.
    pub slug: String,
    /// The table.
    pub table: &'static str,
    /// The columns that name the row, such as `member_id=…`.
    pub row: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The journal has it, the projection doesn't.
    Missing,
    /// The projection has it, the journal doesn't.
    Unexpected,
    /// These columns have other values than the journal says.
    Altered(Vec<String>),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}: ", self.slug, self.table, self.row)?;
        match &self.fault {
            Fault::Missing => f.write_str("missing"),
            Fault::Unexpected => f.write_str("not in the journal"),
            Fault::Altered(columns) => write!(f, "differs in {}", columns.join(", ")),
        }
    }
}

/// Why a check or a rebuild ended without a result. What it did until then is kept for the next.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database can't be reached or refused a statement.
    #[error("database error: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// The database is not at this program's version.
    #[error(transparent)]
    Version(#[from] MigrationError),
    /// Another one is running.
    #[error("another check or rebuild of this database is under way")]
    UnderWay,
    /// The organization's personal data can't be read.
    #[error("organization {slug}: {source}")]
    Organization {
        /// The name of the organization in URLs.
        slug: String,
        /// The reason.
        source: StoreError,
    },
    /// An event can't be read.
    #[error("organization {slug}, position {position}: {source}")]
    Event {
        /// The name of the organization in URLs.
        slug: String,
        /// Where the event stands.
        position: i64,
        /// The reason.
        source: StoreError,
    },
    /// The journal has a gap or an event that stands in a wrong place.
    #[error("organization {slug}: the event of position {position} is missing: run `countersign audit verify`")]
    Missing {
        /// The name of the organization in URLs.
        slug: String,
        /// The position.
        position: i64,
    },
}

/// Compares the projections of all organizations with their journals. Changes nothing but the shadow schema.
pub async fn check(
    owner_url: &str,
    ring: &MasterKeyRing,
    progress: impl Fn(Progress) + Send + Sync,
) -> Result<CheckReport, RebuildError> {
    run(owner_url, ring, &progress, Mode::Check).await
}

/// Makes the projections of all organizations what their journals say, and reports what had to be mended. Rows that are
/// right are left alone, and an organization of which all are is not held up.
pub async fn rebuild(
    owner_url: &str,
    ring: &MasterKeyRing,
    progress: impl Fn(Progress) + Send + Sync,
) -> Result<CheckReport, RebuildError> {
    run(owner_url, ring, &progress, Mode::Rebuild).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Check,
    Rebuild,
}

/// An organization at work.
struct Subject<'a> {
    id: OrganizationId,
    slug: String,
    key: SealingKey,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
}

impl Subject<'_> {
    fn report(&self, position: i64, head: i64) {
        (self.progress)(Progress {
            organization: self.id,
            slug: self.slug.clone(),
            position: position.unsigned_abs(),
            head: head.unsigned_abs(),
        });
    }

    fn missing(&self, position: i64) -> RebuildError {
        RebuildError::Missing { slug: self.slug.clone(), position }
    }

    fn unreadable(&self, source: impl Into<StoreError>) -> RebuildError {
        RebuildError::Organization { slug: self.slug.clone(), source: source.into() }
    }
}

async fn run(
    owner_url: &str,
    ring: &MasterKeyRing,
    progress: &(dyn Fn(Progress) + Send + Sync),
    mode: Mode,
) -> Result<CheckReport, RebuildError> {
    let mut client = migrate::connect(owner_url).await?;
    lock(&client).await?;
    migrate::check_version(&client).await?;
    shadow::prepare(&client).await?;
    let mut report = CheckReport::default();
    // The slugs are the list of the organizations: each got one in the transaction that began it.
    for row in client.query("SELECT organization, slug FROM public.organization_slugs ORDER BY slug", &[]).await? {
        let subject = open(&mut client, ring, row.try_get(0)?, row.try_get(1)?, progress).await?;
        let (head, comparison) = compare(&mut client, &subject, mode).await?;
        report.organizations += 1;
        report.events += head.unsigned_abs();
        report.differing_rows += comparison.rows;
        report.differences.extend(comparison.differences);
        report.differences.truncate(MAXIMUM_DIFFERENCES);
    }
    shadow::remove(&client).await?;
    Ok(report)
}

/// Keeps other runs out for as long as the connection lives.
async fn lock(client: &Client) -> Result<(), RebuildError> {
    client.batch_execute(&format!("SET lock_timeout = '{LOCK_PATIENCE}'")).await?;
    match client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => return Err(RebuildError::UnderWay),
        other => other?,
    };
    Ok(client.batch_execute("RESET lock_timeout").await?)
}

async fn open<'a>(
    client: &mut Client,
    ring: &MasterKeyRing,
    organization: uuid::Uuid,
    slug: String,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
) -> Result<Subject<'a>, RebuildError> {
    let id = OrganizationId(organization);
    let transaction = client.transaction().await?;
    shadow::scope(&transaction, id).await?;
    let row = transaction
        .query_opt(
            "SELECT master_key, wrapped FROM public.data_keys WHERE org_id = $1 AND key_id = 1",
            parameters![organization],
        )
        .await?;
    let key = match &row {
        Some(row) => ring.open_data_key(id, row.try_get(0)?, row.try_get(1)?).map_err(StoreError::from),
        None => Err(StoreError::UnexpectedValue("the organization has no data key".into())),
    };
    transaction.commit().await?;
    match key {
        Ok(key) => Ok(Subject { id, slug, key, progress }),
        Err(source) => Err(RebuildError::Organization { slug, source }),
    }
}

/// Replays an organization's journal and compares; returns the position of the last event, too.
async fn compare(
    client: &mut Client,
    subject: &Subject<'_>,
    mode: Mode,
) -> Result<(i64, compare::Comparison), RebuildError> {
    let mut mending = false;
    loop {
        replay::catch_up(client, subject).await?;
        let found = if mending { mend(client, subject).await? } else { look(client, subject).await? };
        match found {
            None => shadow::forget(client, subject.id).await?,
            Some((_, comparison)) if mode == Mode::Rebuild && !mending && comparison.rows > 0 => mending = true,
            Some(found) => return Ok(found),
        }
    }
}

/// Compares within one snapshot. Appends write the projections in the transaction that moves the head, so the snapshot
/// has the rows as they are at the head that it has. `None` when the shadow has become stale.
async fn look(client: &mut Client, subject: &Subject<'_>) -> Result<Option<(i64, compare::Comparison)>, RebuildError> {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    shadow::scope(&transaction, subject.id).await?;
    let head = replay::head(&transaction, subject, replay::HeadLock::None).await?;
    if shadow::is_stale(&transaction, subject.id, head).await? {
        return Ok(None);
    }
    replay::replay_to(&transaction, subject, head).await?;
    let comparison = compare::compare(&transaction, subject).await?;
    transaction.commit().await?;
    Ok(Some((head, comparison)))
}

/// Compares and mends while the organization's head is locked, as an append would.
async fn mend(client: &mut Client, subject: &Subject<'_>) -> Result<Option<(i64, compare::Comparison)>, RebuildError> {
    let transaction = client.transaction().await?;
    shadow::scope(&transaction, subject.id).await?;
    let head = replay::head(&transaction, subject, replay::HeadLock::ForUpdate).await?;
    if shadow::is_stale(&transaction, subject.id, head).await? {
        return Ok(None);
    }
    replay::replay_to(&transaction, subject, head).await?;
    let comparison = compare::compare(&transaction, subject).await?;
    compare::mend(&transaction, subject.id).await?;
    for statement in notice::statements(&[(subject.id, notice::EVERYTHING)]) {
        shadow::execute(&transaction, &statement).await?;
    }
    transaction.commit().await?;
    tracing::warn!(organization = %subject.id, rows = comparison.rows, "projections were mended from the journal");
    Ok(Some((head, comparison)))
}
