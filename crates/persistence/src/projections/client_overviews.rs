//! What the list of clients shows of each: its own narrow rows, because it is searched and sorted over all of them.

use countersign_domain::{AuthorizationEvent, ClientEvent, ClientId, JournalEvent, MemberId, ThirdPartyId, TokenEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection. Clients that were deleted are not in it.
pub(crate) struct ClientOverviews;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClientOverviewRow {
    /// The `client_id` of the protocol in lower case.
    identifier_key: String,
    third_party_id: Option<Uuid>,
    access_token_lifetime: Option<i32>,
    active: bool,
    /// The last authorization: that of the last code.
    authorization_id: Option<Uuid>,
    code_created_at: Option<Timestamp>,
    member_id: Option<Uuid>,
    /// The last token.
    token_id: Option<Uuid>,
    token_created_at: Option<Timestamp>,
}

impl Projection for ClientOverviews {
    type Key = Uuid;
    type Row = ClientOverviewRow;

    const TABLE: &'static str = "client_overviews";
    const KEY: &'static [Column] = &[("client_id", "uuid")];
    const VALUES: &'static [Column] = &[
        ("identifier_key", "text"),
        ("third_party_id", "uuid"),
        ("access_token_lifetime", "integer"),
        ("active", "boolean"),
        ("authorization_id", "uuid"),
        ("code_created_at", "timestamptz"),
        ("member_id", "uuid"),
        ("token_id", "uuid"),
        ("token_created_at", "timestamptz"),
    ];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Client(
                ClientEvent::ClientRegistered { .. }
                | ClientEvent::ClientSettingsChanged { .. }
                | ClientEvent::ClientActivated {}
                | ClientEvent::ClientDeactivated {}
                | ClientEvent::ClientDeleted { .. },
            ) => vec![event.stream_id],
            JournalEvent::Authorization(AuthorizationEvent::AuthorizationGranted { grant, .. }) => {
                vec![ClientId::uuid(grant.client)]
            }
            JournalEvent::Token(TokenEvent::TokenIssued { client, .. }) => {
                client.map(ClientId::uuid).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::Client(ClientEvent::ClientRegistered { .. }))
    }

    fn apply(_: &Uuid, row: Option<ClientOverviewRow>, event: &ProjectedEvent<'_>) -> Option<ClientOverviewRow> {
        if let JournalEvent::Client(ClientEvent::ClientRegistered { identifier, third_party, .. }) = event.event {
            return Some(ClientOverviewRow {
                identifier_key: identifier.to_ascii_lowercase(),
                third_party_id: third_party.map(ThirdPartyId::uuid),
                access_token_lifetime: None,
                active: true,
                authorization_id: None,
                code_created_at: None,
                member_id: None,
                token_id: None,
                token_created_at: None,
            });
        }
        let mut row = row?;
        match event.event {
            JournalEvent::Client(ClientEvent::ClientSettingsChanged { settings }) => {
                let lifetime = settings.to.access_token_lifetime;
                row.access_token_lifetime = lifetime.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX));
            }
            JournalEvent::Client(ClientEvent::ClientActivated {}) => row.active = true,
            JournalEvent::Client(ClientEvent::ClientDeactivated {}) => row.active = false,
            JournalEvent::Client(ClientEvent::ClientDeleted { .. }) => return None,
            JournalEvent::Authorization(AuthorizationEvent::AuthorizationGranted { grant, .. }) => {
                row.authorization_id = Some(event.stream_id);
                row.code_created_at = Some(event.occurred_at);
                row.member_id = Some(MemberId::uuid(grant.member));
            }
            JournalEvent::Token(TokenEvent::TokenIssued { issued_at, .. }) => {
                row.token_id = Some(event.stream_id);
                row.token_created_at = Some(*issued_at);
            }
            _ => {}
        }
        Some(row)
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, ClientOverviewRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            ClientOverviewRow {
                identifier_key: row.try_get(1)?,
                third_party_id: row.try_get(2)?,
                access_token_lifetime: row.try_get(3)?,
                active: row.try_get(4)?,
                authorization_id: row.try_get(5)?,
                code_created_at: row.try_get(6)?,
                member_id: row.try_get(7)?,
                token_id: row.try_get(8)?,
                token_created_at: row.try_get(9)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&ClientOverviewRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.identifier_key.clone()),
            array(rows, |row| row.third_party_id),
            array(rows, |row| row.access_token_lifetime),
            array(rows, |row| row.active),
            array(rows, |row| row.authorization_id),
            array(rows, |row| row.code_created_at),
            array(rows, |row| row.member_id),
            array(rows, |row| row.token_id),
            array(rows, |row| row.token_created_at),
        ]
    }
}
