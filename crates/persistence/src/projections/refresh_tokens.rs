//! To which authorization a refresh token belongs: every one that was ever given out, by its digest.

use countersign_domain::{AuthorizationEvent, JournalEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct RefreshTokens;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RefreshTokenRow {
    authorization_id: Uuid,
    issued_at: Timestamp,
}

impl Projection for RefreshTokens {
    type Key = Vec<u8>;
    type Row = RefreshTokenRow;

    const TABLE: &'static str = "refresh_tokens";
    const KEY: &'static [Column] = &[("digest", "bytea")];
    const VALUES: &'static [Column] = &[("authorization_id", "uuid"), ("issued_at", "timestamptz")];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Vec<u8>> {
        match event.event {
            JournalEvent::Authorization(
                AuthorizationEvent::CodeRedeemed { refresh: Some(issued) }
                | AuthorizationEvent::RefreshTokenRotated { to: issued, .. },
            ) => vec![issued.0.to_vec()],
            _ => Vec::new(),
        }
    }

    fn creates(_: &ProjectedEvent<'_>) -> bool {
        true
    }

    fn apply(_: &Vec<u8>, _: Option<RefreshTokenRow>, event: &ProjectedEvent<'_>) -> Option<RefreshTokenRow> {
        Some(RefreshTokenRow { authorization_id: event.stream_id, issued_at: event.occurred_at })
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Vec<u8>, RefreshTokenRow), tokio_postgres::Error> {
        Ok((row.try_get(0)?, RefreshTokenRow { authorization_id: row.try_get(1)?, issued_at: row.try_get(2)? }))
    }

    fn key_arrays(keys: &[&Vec<u8>]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| (*key).clone())]
    }

    fn value_arrays(rows: &[&RefreshTokenRow]) -> Vec<ArrayParameter> {
        vec![array(rows, |row| row.authorization_id), array(rows, |row| row.issued_at)]
    }
}
