//! What can go wrong between the rules and the database.

use countersign_domain::event::UnreadableEvent;
use countersign_ledger::RecordError;
use deadpool_postgres::PoolError;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::projections::unique_names::NameKind;
use crate::sealing::SealingError;

/// An error of the store. The cases say what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached; nothing was changed. Try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The connection was lost while committing, and the database did not come back in time to tell the outcome.
    #[error("the database went away while saving: look whether the change is there before trying again")]
    OutcomeUnknown,
    /// More appends are waiting than the queue holds; nothing was changed. Try again later.
    #[error("too many changes are waiting to be saved")]
    Overloaded,
    /// Somebody else changed the same thing while this was being saved; nothing was changed. Worth trying again from
    /// loading on, which [`crate::Store::change`] does.
    #[error("somebody else is changing this right now")]
    Conflict,
    /// The change is based on a state that is no longer current; nothing was changed.
    #[error("somebody else changed this in the meantime: look at it again before you save")]
    ChangedMeanwhile,
    /// The name belongs to another; nothing was changed.
    #[error("{0} is taken already")]
    NameTaken(NameKind),
    /// The organization would be left without an active owner; nothing was changed.
    #[error("an organization keeps at least one active owner: make somebody else an owner first")]
    LastOwner,
    /// The event would be longer than a record may be; nothing was changed.
    #[error("the change is too large to be recorded: {length} bytes, at most {maximum} are possible")]
    TooLarge {
        /// The length of the record's tail, in bytes.
        length: usize,
        /// The longest possible, in bytes.
        maximum: usize,
    },
    /// There is no such organization.
    #[error("there is no such organization")]
    UnknownOrganization,
    /// A stored record can't be read.
    #[error(transparent)]
    UnreadableRecord(#[from] RecordError),
    /// A stored event can't be read.
    #[error(transparent)]
    UnreadableEvent(#[from] UnreadableEvent),
    /// Something sealed can't be opened, or sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database refused a statement.
    #[error("database error: {0}")]
    Database(#[source] tokio_postgres::Error),
    /// A stored value is not what it must be.
    #[error("the database holds an unexpected value: {0}")]
    UnexpectedValue(String),
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_unavailable(&error) { Self::Unavailable(describe(&error)) } else { Self::Database(error) }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// Whether the database, rather than the statement, is at fault: lost connections, shutdown, exhausted resources. An
/// error above ERROR ends the connection, whatever its code.
pub(crate) fn is_unavailable(error: &tokio_postgres::Error) -> bool {
    let severity = error.as_db_error().and_then(DbError::parsed_severity);
    if matches!(severity, Some(Severity::Fatal | Severity::Panic)) {
        return true;
    }
    match error.code() {
        None => {
            error.is_closed()
                || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        }
        Some(code) => {
            let class = &code.code()[..2];
            *code == SqlState::QUERY_CANCELED || matches!(class, "08" | "53" | "57" | "58")
        }
    }
}

/// The error in words, without the values of any parameter or row (those stand in the detail, which is left out).
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(database_error) => database_error.message().to_owned(),
        None => error.to_string(),
    }
}
