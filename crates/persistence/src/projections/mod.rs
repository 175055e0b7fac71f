//! Projections: current state, derived from the journal in the transaction that appends.
//!
//! A projection is one file: the table it owns and a pure function from a row and an event to the row afterwards. The
//! same function serves the append, the rebuild and the check.

mod authorizations;
mod client_overviews;
mod client_secrets;
pub mod clients;
mod consents;
mod fold;
pub mod members;
pub mod organizations;
pub mod rebuild;
mod refresh_tokens;
pub mod third_parties;
pub mod tokens;
pub mod unique_names;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use countersign_domain::{JournalEvent, OrganizationId, Personal, StreamId};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;

pub(crate) use fold::{Fold, Folds, Statement, Table};

/// The values behind the commitments of an event, by commitment; erased ones are missing.
pub(crate) type Disclosed = HashMap<String, String>;

/// An event as projections see it.
#[derive(Clone, Copy)]
pub(crate) struct ProjectedEvent<'a> {
    pub organization: OrganizationId,
    pub stream_id: StreamId,
    pub stream_version: u64,
    pub occurred_at: Timestamp,
    pub event: &'a JournalEvent,
    pub disclosed: &'a Disclosed,
}

impl ProjectedEvent<'_> {
    /// The value behind a commitment, unless it was erased.
    pub fn reveal(&self, personal: &Personal) -> Option<String> {
        self.disclosed.get(&personal.sha256).cloned()
    }

    /// The value behind an optional commitment.
    pub fn reveal_optional(&self, personal: Option<&Personal>) -> Option<String> {
        personal.and_then(|personal| self.reveal(personal))
    }
}

/// A column: its name and its PostgreSQL type.
pub(crate) type Column = (&'static str, &'static str);

/// An array parameter with one element a row.
pub(crate) type ArrayParameter = Box<dyn ToSql + Sync + Send>;

/// A table derived from events.
pub(crate) trait Projection: 'static {
    /// What names a row within the organization.
    type Key: Clone + Eq + Hash + Ord + Debug + Send + Sync;
    /// The values of a row.
    type Row: Clone + PartialEq + Debug + Send + Sync;

    /// The table.
    const TABLE: &'static str;
    /// The columns of the key, after `org_id`.
    const KEY: &'static [Column];
    /// The other columns.
    const VALUES: &'static [Column];
    /// The columns by which a report names a row: the key, unless it holds personal data.
    const SHOWN: &'static [Column] = Self::KEY;

    /// The keys of the rows that the event may change.
    fn touched(event: &ProjectedEvent<'_>) -> Vec<Self::Key>;

    /// Whether no row of the touched keys can exist before the event, so that none need be read.
    fn creates(event: &ProjectedEvent<'_>) -> bool;

    /// The row after the event; `None` where there is none.
    fn apply(key: &Self::Key, row: Option<Self::Row>, event: &ProjectedEvent<'_>) -> Option<Self::Row>;

    /// Reads a row with the columns of the key, then the values.
    fn read(row: &tokio_postgres::Row) -> Result<(Self::Key, Self::Row), tokio_postgres::Error>;

    /// One array for each column of the key.
    fn key_arrays(keys: &[&Self::Key]) -> Vec<ArrayParameter>;

    /// One array for each column of the values.
    fn value_arrays(rows: &[&Self::Row]) -> Vec<ArrayParameter>;
}

/// An array of one value a row.
pub(crate) fn array<R, T>(rows: &[&R], value: impl Fn(&R) -> T) -> ArrayParameter
where
    T: ToSql + Sync + Send + Debug + 'static,
{
    Box::new(rows.iter().map(|row| value(row)).collect::<Vec<T>>())
}
