//! How the installation is: what `countersign doctor` and the operators' page look at, and what to do about it.

use countersign_domain::{Actor, Member};
use jiff::{SignedDuration, Timestamp};

use crate::migrate::MIGRATIONS;
use crate::queries::installation::{OrganizationFilter, SlugCursor, organizations};
use crate::queries::members;
use crate::readiness::{self, NotReady};
use crate::{ChangeError, Context, Store, StoreError, Via, clock};

/// Two clocks that differ by more make records and expiries hard to explain.
const LARGEST_SKEW: SignedDuration = SignedDuration::from_secs(2);
/// In how many organizations something sealed is looked for.
const ORGANIZATIONS_TRIED: u32 = 20;

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub subject: &'static str,
    /// How it is.
    pub what: String,
    /// What to do about it; `None` where all is well.
    pub advice: Option<&'static str>,
}

impl Finding {
    fn ok(subject: &'static str, what: String) -> Self {
        Self { subject, what, advice: None }
    }

    fn problem(subject: &'static str, what: String, advice: &'static str) -> Self {
        Self { subject, what, advice: Some(advice) }
    }
}

/// What the database server says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerFacts {
    /// Its version.
    pub version: String,
    /// How long it took to answer.
    pub latency: SignedDuration,
    /// The length of the database, in bytes.
    pub size: u64,
    /// Connections to the database, those of other programs too.
    pub connections: u32,
    /// The most connections to the server.
    pub most_connections: u32,
    now: Timestamp,
    asked_at: Timestamp,
}

/// Asks the database server about itself.
pub async fn server_facts(store: &Store) -> Result<ServerFacts, StoreError> {
    // The first question includes connecting and preparing; the second tells how long an answer takes.
    ask(store).await?;
    ask(store).await
}

async fn ask(store: &Store) -> Result<ServerFacts, StoreError> {
    let sql = "SELECT current_setting('server_version'), clock_timestamp(), pg_database_size(current_database()), \
               coalesce((SELECT numbackends FROM pg_stat_database WHERE datname = current_database()), 0), \
               current_setting('max_connections')::integer";
    let asked_at = clock::now();
    let rows = store.pool().read_installation(sql, &[]).await?;
    let latency = clock::now().duration_since(asked_at);
    let row = rows.first().ok_or(StoreError::UnexpectedValue("no answer".to_owned()))?;
    let count = |column| row.try_get::<_, i32>(column).map(i32::unsigned_abs);
    Ok(ServerFacts {
        version: row.try_get(0)?,
        now: row.try_get(1)?,
        size: row.try_get::<_, i64>(2)?.unsigned_abs(),
        connections: count(3)?,
        most_connections: count(4)?,
        latency,
        asked_at,
    })
}

/// The server and its clock.
pub fn look_at_server(facts: &Result<ServerFacts, StoreError>) -> Vec<Finding> {
    let facts = match facts {
        Ok(facts) => facts,
        Err(error) => {
            let advice = "the role needs to be a member of countersign_app: run `countersign migrate`";
            let advice = match error {
                StoreError::Unavailable(_) => "is PostgreSQL running, and are address, role and password right?",
                _ => advice,
            };
            return vec![Finding::problem("database", error.to_string(), advice)];
        }
    };
    let answers = format!("PostgreSQL {}, answers in {} ms", facts.version, milliseconds(facts.latency));
    let skew = facts.now.duration_since(facts.asked_at).checked_sub(facts.latency / 2).unwrap_or_default();
    let clock = if skew.abs() > LARGEST_SKEW {
        let what = format!("the clock of the database differs by {} ms", milliseconds(skew));
        Finding::problem("clock", what, "keep the clocks of both machines with NTP")
    } else {
        Finding::ok("clock", format!("{} ms from the database's", milliseconds(skew)))
    };
    vec![Finding::ok("database", answers), clock]
}

/// A duration with a tenth of a millisecond.
pub fn milliseconds(duration: SignedDuration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
}

/// Whether the database is at this program's version.
pub async fn look_at_version(store: &Store) -> Finding {
    match readiness::check(store).await {
        Ok(()) => Finding::ok("version", newest_migration().to_owned()),
        Err(error @ NotReady::OtherVersion { .. }) => Finding::problem(
            "version",
            error.to_string(),
            "back the database up, then run `countersign migrate`; where the database is newer, run the newer program",
        ),
        Err(error) => Finding::problem("version", error.to_string(), "see the database above"),
    }
}

/// The version of this program's database.
pub fn newest_migration() -> &'static str {
    MIGRATIONS.last().map_or("none", |migration| migration.name)
}

/// Whether this process hears of other processes' changes.
pub fn look_at_directory(store: &Store) -> Finding {
    if store.directory().is_trusted() {
        Finding::ok("directory", "live: other processes' changes are heard of within a second".to_owned())
    } else {
        Finding::problem(
            "directory",
            "the link to other processes is down: the database is asked each time".to_owned(),
            "nothing wrong is answered, only more slowly; if it stays, look whether the connection is cut by a proxy or \
             pooler that doesn't pass LISTEN",
        )
    }
}

/// Whether changes are written as fast as they come.
pub fn look_at_journal(store: &Store) -> Finding {
    let (waiting, most) = store.journal().depth();
    let what = format!("{waiting} changes wait to be written, of {most} that may");
    if waiting < most / 2 {
        Finding::ok("journal", what)
    } else {
        Finding::problem(
            "journal",
            what,
            "the database writes more slowly than changes come: look at its disk and load",
        )
    }
}

/// Opens something sealed of the first organization that has anything.
pub async fn look_at_sealed_values(store: &Store) -> Finding {
    match open_something(store).await {
        Ok(None) => Finding::ok("sealed values", "there are none yet".to_owned()),
        Ok(Some(slug)) => Finding::ok("sealed values", format!("the master key opens those of {slug}")),
        Err(error) => Finding::problem(
            "sealed values",
            error.to_string(),
            "configure the master key that this database was used with; older keys stay in the file, after the first",
        ),
    }
}

async fn open_something(store: &Store) -> Result<Option<String>, ChangeError> {
    let all = OrganizationFilter::default();
    for found in organizations(store, &all, &SlugCursor::First, ORGANIZATIONS_TRIED).await?.items {
        if let Some(member) = members::list(store, found.id).await?.first() {
            let context = Context {
                organization: found.id,
                actor: Actor::System,
                via: Via::Worker,
                request: clock::new_id(),
                source: None,
                reason: None,
            };
            store.unit_of_work(context).load::<Member>(member.id.uuid()).await?;
            return Ok(Some(found.slug));
        }
    }
    Ok(None)
}
