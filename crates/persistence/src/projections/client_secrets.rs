//! The secrets of clients by when they end: what the calendar looks for. The clients themselves hold them too, each its
//! own, for whoever looks at a client.

use countersign_domain::client::SecretProof;
use countersign_domain::{ClientEvent, JournalEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct ClientSecrets;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClientSecretRow {
    client_id: Uuid,
    /// None where a person chose the secret.
    last_four: Option<String>,
    expires_at: Option<Timestamp>,
}

impl Projection for ClientSecrets {
    type Key = Uuid;
    type Row = ClientSecretRow;

    const TABLE: &'static str = "client_secrets";
    const KEY: &'static [Column] = &[("secret_id", "uuid")];
    const VALUES: &'static [Column] = &[("client_id", "uuid"), ("last_four", "text"), ("expires_at", "timestamptz")];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Client(
                ClientEvent::ClientSecretAdded { secret, .. }
                | ClientEvent::ClientSecretLimited { secret, .. }
                | ClientEvent::ClientSecretRemoved { secret },
            ) => vec![secret.uuid()],
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::Client(ClientEvent::ClientSecretAdded { .. }))
    }

    fn apply(_: &Uuid, row: Option<ClientSecretRow>, event: &ProjectedEvent<'_>) -> Option<ClientSecretRow> {
        match event.event {
            JournalEvent::Client(ClientEvent::ClientSecretAdded { proof, expires_at, .. }) => Some(ClientSecretRow {
                client_id: event.stream_id,
                last_four: match proof {
                    SecretProof::Generated { last_four, .. } => Some(last_four.clone()),
                    SecretProof::Chosen { .. } => None,
                },
                expires_at: *expires_at,
            }),
            JournalEvent::Client(ClientEvent::ClientSecretLimited { expires_at, .. }) => {
                Some(ClientSecretRow { expires_at: expires_at.to, ..row? })
            }
            JournalEvent::Client(ClientEvent::ClientSecretRemoved { .. }) => None,
            _ => row,
        }
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, ClientSecretRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            ClientSecretRow { client_id: row.try_get(1)?, last_four: row.try_get(2)?, expires_at: row.try_get(3)? },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&ClientSecretRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.client_id),
            array(rows, |row| row.last_four.clone()),
            array(rows, |row| row.expires_at),
        ]
    }
}
