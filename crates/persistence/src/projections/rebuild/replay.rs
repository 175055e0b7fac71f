//! Replays the journal of an organization into the shadow schema.

use std::collections::BTreeSet;

use countersign_domain::JournalEvent;
use countersign_ledger::Record;
use tokio_postgres::{Client, Transaction};

use super::{RebuildError, Subject, shadow};
use crate::StoreError;
use crate::journal::{commitments, open_disclosure, read_record};
use crate::pool::parameters;
use crate::projections::{Disclosed, Folds, ProjectedEvent};

/// How many events are replayed in one transaction.
const CHUNK: i64 = 1000;

/// Whether appends are to be held back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadLock {
    None,
    ForUpdate,
}

/// The position of the organization's last event.
pub(super) async fn head(
    transaction: &Transaction<'_>,
    subject: &Subject<'_>,
    lock: HeadLock,
) -> Result<i64, RebuildError> {
    let sql = match lock {
        HeadLock::None => "SELECT position FROM public.org_heads WHERE org_id = $1",
        HeadLock::ForUpdate => "SELECT position FROM public.org_heads WHERE org_id = $1 FOR UPDATE",
    };
    let row = transaction.query_opt(sql, parameters![subject.id.uuid()]).await?;
    let row = row.ok_or_else(|| subject.unreadable(StoreError::UnknownOrganization))?;
    Ok(row.try_get(0)?)
}

/// Replays in transactions of their own up to the last chunk of what the journal holds now. That and what is appended
/// meanwhile is left to the comparison, or a busy organization might never be caught up with.
pub(super) async fn catch_up(client: &mut Client, subject: &Subject<'_>) -> Result<(), RebuildError> {
    let mut until = None;
    loop {
        let transaction = client.transaction().await?;
        shadow::scope(&transaction, subject.id).await?;
        let head = match until {
            Some(head) => head,
            None => *until.insert(head(&transaction, subject, HeadLock::None).await?),
        };
        let position = shadow::position(&transaction, subject.id).await?;
        subject.report(position, head);
        if head - position < CHUNK {
            return Ok(());
        }
        replay_chunk(&transaction, subject, position, head).await?;
        transaction.commit().await?;
    }
}

/// Replays within the given transaction up to the head.
pub(super) async fn replay_to(
    transaction: &Transaction<'_>,
    subject: &Subject<'_>,
    head: i64,
) -> Result<(), RebuildError> {
    let mut position = shadow::position(transaction, subject.id).await?;
    while position < head {
        position = replay_chunk(transaction, subject, position, head).await?;
        subject.report(position, head);
    }
    Ok(())
}

/// Replays the next events after a position; returns the position of the last.
async fn replay_chunk(
    transaction: &Transaction<'_>,
    subject: &Subject<'_>,
    after: i64,
    head: i64,
) -> Result<i64, RebuildError> {
    let events = read_events(transaction, subject, after, head).await?;
    let last = after + i64::try_from(events.len()).unwrap_or(i64::MAX);
    let disclosed = read_disclosures(transaction, subject, &events).await?;
    let events = events
        .iter()
        .map(|(record, event)| ProjectedEvent {
            organization: subject.id,
            stream_id: record.tail.stream.id,
            stream_version: record.tail.stream.version,
            occurred_at: record.occurred_at,
            event,
            disclosed: &disclosed,
        })
        .collect::<Vec<_>>();
    project(transaction, &events).await?;
    let disclosed = disclosed.keys().map(String::as_str).collect::<Vec<_>>();
    shadow::advance(transaction, subject.id, last, &disclosed).await?;
    Ok(last)
}

async fn read_events(
    transaction: &Transaction<'_>,
    subject: &Subject<'_>,
    after: i64,
    head: i64,
) -> Result<Vec<(Record, JournalEvent)>, RebuildError> {
    let rows = transaction
        .query(
            "SELECT record FROM public.events WHERE org_id = $1 AND position > $2 AND position <= $3 \
             ORDER BY position LIMIT $4",
            parameters![subject.id.uuid(), after, head, CHUNK],
        )
        .await?;
    if rows.is_empty() {
        return Err(subject.missing(after + 1));
    }
    let mut events = Vec::with_capacity(rows.len());
    for (position, row) in (after + 1..).zip(&rows) {
        let (record, event) = read_record(row.try_get(0)?).map_err(|source| RebuildError::Event {
            slug: subject.slug.clone(),
            position,
            source,
        })?;
        if record.organization != subject.id.uuid() || record.position != position.unsigned_abs() {
            return Err(subject.missing(position));
        }
        events.push((record, event));
    }
    Ok(events)
}

/// The values behind the commitments of the events, without those that were erased.
async fn read_disclosures(
    transaction: &Transaction<'_>,
    subject: &Subject<'_>,
    events: &[(Record, JournalEvent)],
) -> Result<Disclosed, RebuildError> {
    let commitments = events.iter().flat_map(|(record, _)| commitments(record)).collect::<BTreeSet<_>>();
    let rows = transaction
        .query(
            "SELECT sha256, sealed FROM public.disclosures WHERE org_id = $1 AND sha256 = ANY($2)",
            parameters![subject.id.uuid(), commitments.into_iter().collect::<Vec<_>>()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            open_disclosure(subject.id, &subject.key, row.try_get(0)?, row.try_get(1)?)
                .map_err(|error| subject.unreadable(error))
        })
        .collect()
}

/// Folds the events over the rows of the shadow, as a batch of the journal does over the real ones: all rows are read
/// before, and written after.
async fn project(transaction: &Transaction<'_>, events: &[ProjectedEvent<'_>]) -> Result<(), tokio_postgres::Error> {
    let mut folds = Folds::new();
    for fold in folds.all() {
        for event in events {
            fold.want(event);
        }
        if let Some(statement) = fold.read_statement() {
            fold.accept(&shadow::execute(transaction, &statement).await?)?;
        }
        for event in events {
            fold.fold(event);
        }
        for statement in fold.write_statements() {
            shadow::execute(transaction, &statement).await?;
        }
    }
    Ok(())
}
