//! The tokens of an organization: digests and state, never the token itself.

use countersign_domain::token::TokenStatus;
use countersign_domain::{AuthorizationId, ClientId, JournalEvent, ThirdPartyId, TokenEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct Tokens;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenRow {
    kind: String,
    status: String,
    third_party_id: Option<Uuid>,
    client_id: Option<Uuid>,
    digest: Vec<u8>,
    last_four: String,
    scopes: String,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    authorization_id: Option<Uuid>,
}

impl Projection for Tokens {
    type Key = Uuid;
    type Row = TokenRow;

    const TABLE: &'static str = "tokens";
    const KEY: &'static [Column] = &[("token_id", "uuid")];
    const VALUES: &'static [Column] = &[
        ("kind", "text"),
        ("status", "text"),
        ("third_party_id", "uuid"),
        ("client_id", "uuid"),
        ("digest", "bytea"),
        ("last_four", "text"),
        ("scopes", "text"),
        ("issued_at", "timestamptz"),
        ("expires_at", "timestamptz"),
        ("authorization_id", "uuid"),
    ];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Token(_) => vec![event.stream_id],
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::Token(TokenEvent::TokenIssued { .. }))
    }

    fn apply(_: &Uuid, row: Option<TokenRow>, event: &ProjectedEvent<'_>) -> Option<TokenRow> {
        let JournalEvent::Token(token_event) = event.event else { return row };
        let status = match token_event {
            TokenEvent::TokenIssued {
                kind,
                third_party,
                client,
                digest,
                last_four,
                scopes,
                issued_at,
                expires_at,
                authorization,
            } => {
                return Some(TokenRow {
                    kind: kind.as_str().to_owned(),
                    status: TokenStatus::Active.as_str().to_owned(),
                    third_party_id: third_party.map(ThirdPartyId::uuid),
                    client_id: client.map(ClientId::uuid),
                    digest: digest.0.to_vec(),
                    last_four: last_four.clone(),
                    scopes: scopes.join(" "),
                    issued_at: *issued_at,
                    expires_at: *expires_at,
                    authorization_id: authorization.map(AuthorizationId::uuid),
                });
            }
            TokenEvent::TokenActivated {} => TokenStatus::Active,
            TokenEvent::TokenDeactivated {} => TokenStatus::Inactive,
            TokenEvent::TokenRevoked {} => TokenStatus::Revoked,
        };
        Some(TokenRow { status: status.as_str().to_owned(), ..row? })
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, TokenRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            TokenRow {
                kind: row.try_get(1)?,
                status: row.try_get(2)?,
                third_party_id: row.try_get(3)?,
                client_id: row.try_get(4)?,
                digest: row.try_get(5)?,
                last_four: row.try_get(6)?,
                scopes: row.try_get(7)?,
                issued_at: row.try_get(8)?,
                expires_at: row.try_get(9)?,
                authorization_id: row.try_get(10)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&TokenRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.kind.clone()),
            array(rows, |row| row.status.clone()),
            array(rows, |row| row.third_party_id),
            array(rows, |row| row.client_id),
            array(rows, |row| row.digest.clone()),
            array(rows, |row| row.last_four.clone()),
            array(rows, |row| row.scopes.clone()),
            array(rows, |row| row.issued_at),
            array(rows, |row| row.expires_at),
            array(rows, |row| row.authorization_id),
        ]
    }
}
