//! What members granted to clients.

use countersign_domain::{AuthorizationEvent, ClientId, JournalEvent, MemberId, ThirdPartyId};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct Authorizations;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AuthorizationRow {
    client_id: Uuid,
    third_party_id: Option<Uuid>,
    member_id: Uuid,
    scopes: String,
    redirect_uri: String,
    code: Vec<u8>,
    code_last_four: String,
    granted_at: Timestamp,
    redeemed_at: Option<Timestamp>,
    revoked: bool,
}

impl Projection for Authorizations {
    type Key = Uuid;
    type Row = AuthorizationRow;

    const TABLE: &'static str = "authorizations";
    const KEY: &'static [Column] = &[("authorization_id", "uuid")];
    const VALUES: &'static [Column] = &[
        ("client_id", "uuid"),
        ("third_party_id", "uuid"),
        ("member_id", "uuid"),
        ("scopes", "text"),
        ("redirect_uri", "text"),
        ("code", "bytea"),
        ("code_last_four", "text"),
        ("granted_at", "timestamptz"),
        ("redeemed_at", "timestamptz"),
        ("revoked", "boolean"),
    ];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Authorization(AuthorizationEvent::RefreshTokenRotated { .. }) => Vec::new(),
            JournalEvent::Authorization(_) => vec![event.stream_id],
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::Authorization(AuthorizationEvent::AuthorizationGranted { .. }))
    }

    fn apply(_: &Uuid, row: Option<AuthorizationRow>, event: &ProjectedEvent<'_>) -> Option<AuthorizationRow> {
        let JournalEvent::Authorization(authorization_event) = event.event else { return row };
        if let AuthorizationEvent::AuthorizationGranted { grant, .. } = authorization_event {
            return Some(AuthorizationRow {
                client_id: ClientId::uuid(grant.client),
                third_party_id: grant.third_party.map(ThirdPartyId::uuid),
                member_id: MemberId::uuid(grant.member),
                scopes: grant.scopes.join(" "),
                redirect_uri: grant.redirect_uri.clone(),
                code: grant.code.0.to_vec(),
                code_last_four: grant.code_last_four.clone(),
                granted_at: event.occurred_at,
                redeemed_at: None,
                revoked: false,
            });
        }
        let mut row = row?;
        match authorization_event {
            AuthorizationEvent::AuthorizationGranted { .. } | AuthorizationEvent::RefreshTokenRotated { .. } => {}
            AuthorizationEvent::CodeRedeemed { .. } => row.redeemed_at = Some(event.occurred_at),
            AuthorizationEvent::CodeReplayed {}
            | AuthorizationEvent::RefreshTokenReused {}
            | AuthorizationEvent::AuthorizationRevoked {} => row.revoked = true,
        }
        Some(row)
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, AuthorizationRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            AuthorizationRow {
                client_id: row.try_get(1)?,
                third_party_id: row.try_get(2)?,
                member_id: row.try_get(3)?,
                scopes: row.try_get(4)?,
                redirect_uri: row.try_get(5)?,
                code: row.try_get(6)?,
                code_last_four: row.try_get(7)?,
                granted_at: row.try_get(8)?,
                redeemed_at: row.try_get(9)?,
                revoked: row.try_get(10)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&AuthorizationRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.client_id),
            array(rows, |row| row.third_party_id),
            array(rows, |row| row.member_id),
            array(rows, |row| row.scopes.clone()),
            array(rows, |row| row.redirect_uri.clone()),
            array(rows, |row| row.code.clone()),
            array(rows, |row| row.code_last_four.clone()),
            array(rows, |row| row.granted_at),
            array(rows, |row| row.redeemed_at),
            array(rows, |row| row.revoked),
        ]
    }
}
