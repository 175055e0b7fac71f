//! The OAuth clients of an organization, each with its secrets' proofs.

use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::{ClientEvent, ClientSettings, JournalEvent, SecretId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct Clients;

/// One secret of a client, as the `secrets` column holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredSecret {
    /// Which secret.
    pub secret: SecretId,
    /// By what it is recognized.
    pub proof: SecretProof,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClientRow {
    identifier: String,
    client_type: String,
    third_party_id: Option<Uuid>,
    settings: ClientSettings,
    redirect_uris: Vec<String>,
    secrets: Vec<StoredSecret>,
    active: bool,
    deleted: bool,
    registered_at: Timestamp,
}

impl Projection for Clients {
    type Key = Uuid;
    type Row = ClientRow;

    const TABLE: &'static str = "clients";
    const KEY: &'static [Column] = &[("client_id", "uuid")];
    const VALUES: &'static [Column] = &[
        ("identifier", "text"),
        ("client_type", "text"),
        ("third_party_id", "uuid"),
        ("settings", "jsonb"),
        ("redirect_uris", "jsonb"),
        ("secrets", "jsonb"),
        ("active", "boolean"),
        ("deleted", "boolean"),
        ("registered_at", "timestamptz"),
    ];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Client(ClientEvent::AuthenticationFailed { .. }) => Vec::new(),
            JournalEvent::Client(_) => vec![event.stream_id],
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::Client(ClientEvent::ClientRegistered { .. }))
    }

    fn apply(_: &Uuid, row: Option<ClientRow>, event: &ProjectedEvent<'_>) -> Option<ClientRow> {
        let JournalEvent::Client(client_event) = event.event else { return row };
        if let ClientEvent::ClientRegistered { identifier, client_type, third_party, scopes, redirect_uris } =
            client_event
        {
            return Some(ClientRow {
                identifier: identifier.clone(),
                client_type: client_type_text(*client_type).to_owned(),
                third_party_id: third_party.map(countersign_domain::ThirdPartyId::uuid),
                settings: ClientSettings::initial(*client_type, scopes.clone()),
                redirect_uris: redirect_uris.clone(),
                secrets: Vec::new(),
                active: true,
                deleted: false,
                registered_at: event.occurred_at,
            });
        }
        let mut row = row?;
        match client_event {
            ClientEvent::ClientRegistered { .. } | ClientEvent::AuthenticationFailed { .. } => {}
            ClientEvent::ClientSecretAdded { secret, proof, expires_at } => row.secrets.push(StoredSecret {
                secret: *secret,
                proof: proof.clone(),
                created_at: event.occurred_at,
                expires_at: *expires_at,
            }),
            ClientEvent::ClientSecretRemoved { secret } => row.secrets.retain(|stored| stored.secret != *secret),
            ClientEvent::ClientRedirectUrisChanged { redirect_uris } => {
                row.redirect_uris.clone_from(&redirect_uris.to);
            }
            ClientEvent::ClientSettingsChanged { settings } => row.settings.clone_from(&settings.to),
            ClientEvent::ClientSecretLimited { secret, expires_at } => {
                let limited = row.secrets.iter_mut().filter(|stored| stored.secret == *secret);
                limited.for_each(|stored| stored.expires_at = expires_at.to);
            }
            ClientEvent::ClientActivated {} => row.active = true,
            ClientEvent::ClientDeactivated {} => row.active = false,
            ClientEvent::ClientDeleted { .. } => row.deleted = true,
        }
        Some(row)
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, ClientRow), tokio_postgres::Error> {
        use tokio_postgres::types::Json;
        Ok((
            row.try_get(0)?,
            ClientRow {
                identifier: row.try_get(1)?,
                client_type: row.try_get(2)?,
                third_party_id: row.try_get(3)?,
                settings: row.try_get::<_, Json<_>>(4)?.0,
                redirect_uris: row.try_get::<_, Json<_>>(5)?.0,
                secrets: row.try_get::<_, Json<_>>(6)?.0,
                active: row.try_get(7)?,
                deleted: row.try_get(8)?,
                registered_at: row.try_get(9)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&ClientRow]) -> Vec<ArrayParameter> {
        use tokio_postgres::types::Json;
        vec![
            array(rows, |row| row.identifier.clone()),
            array(rows, |row| row.client_type.clone()),
            array(rows, |row| row.third_party_id),
            array(rows, |row| Json(row.settings.clone())),
            array(rows, |row| Json(row.redirect_uris.clone())),
            array(rows, |row| Json(row.secrets.clone())),
            array(rows, |row| row.active),
            array(rows, |row| row.deleted),
            array(rows, |row| row.registered_at),
        ]
    }
}

fn client_type_text(client_type: ClientType) -> &'static str {
    match client_type {
        ClientType::Confidential => "confidential",
        ClientType::Public => "public",
    }
}
