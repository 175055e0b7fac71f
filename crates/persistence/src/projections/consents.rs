//! What members let clients have without being asked again.

use countersign_domain::{ConsentEvent, JournalEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct Consents;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConsentRow {
    member_id: Uuid,
    client_id: Uuid,
    scopes: String,
    given_at: Timestamp,
}

impl Projection for Consents {
    type Key = Uuid;
    type Row = ConsentRow;

    const TABLE: &'static str = "consents";
    const KEY: &'static [Column] = &[("consent_id", "uuid")];
    const VALUES: &'static [Column] =
        &[("member_id", "uuid"), ("client_id", "uuid"), ("scopes", "text"), ("given_at", "timestamptz")];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Consent(_) => vec![event.stream_id],
            _ => Vec::new(),
        }
    }

    // A stream of consents begins anew after a withdrawal, and may be widened by a second event of the same type.
    fn creates(_: &ProjectedEvent<'_>) -> bool {
        false
    }

    fn apply(_: &Uuid, row: Option<ConsentRow>, event: &ProjectedEvent<'_>) -> Option<ConsentRow> {
        match event.event {
            JournalEvent::Consent(ConsentEvent::ConsentGiven { member, client, scopes, .. }) => Some(ConsentRow {
                member_id: member.uuid(),
                client_id: client.uuid(),
                scopes: scopes.join(" "),
                given_at: event.occurred_at,
            }),
            JournalEvent::Consent(ConsentEvent::ConsentWithdrawn {}) => None,
            _ => row,
        }
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, ConsentRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            ConsentRow {
                member_id: row.try_get(1)?,
                client_id: row.try_get(2)?,
                scopes: row.try_get(3)?,
                given_at: row.try_get(4)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&ConsentRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.member_id),
            array(rows, |row| row.client_id),
            array(rows, |row| row.scopes.clone()),
            array(rows, |row| row.given_at),
        ]
    }
}
