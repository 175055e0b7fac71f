//! The third parties of an organization.

use countersign_domain::{JournalEvent, ThirdPartyEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct ThirdParties;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ThirdPartyRow {
    name: String,
    contact_name: Option<String>,
    contact_email: Option<String>,
    requirements: Option<String>,
    mode: String,
    enabled: bool,
    deleted: bool,
    added_at: Timestamp,
    version: i64,
}

impl Projection for ThirdParties {
    type Key = Uuid;
    type Row = ThirdPartyRow;

    const TABLE: &'static str = "third_parties";
    const KEY: &'static [Column] = &[("third_party_id", "uuid")];
    const VALUES: &'static [Column] = &[
        ("name", "text"),
        ("contact_name", "text"),
        ("contact_email", "text"),
        ("requirements", "text"),
        ("mode", "text"),
        ("enabled", "boolean"),
        ("deleted", "boolean"),
        ("added_at", "timestamptz"),
        ("version", "bigint"),
    ];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::ThirdParty(_) => vec![event.stream_id],
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::ThirdParty(ThirdPartyEvent::ThirdPartyAdded { .. }))
    }

    fn apply(_: &Uuid, row: Option<ThirdPartyRow>, event: &ProjectedEvent<'_>) -> Option<ThirdPartyRow> {
        let JournalEvent::ThirdParty(third_party_event) = event.event else { return row };
        let version = i64::try_from(event.stream_version).unwrap_or(i64::MAX);
        if let ThirdPartyEvent::ThirdPartyAdded { name, contact_name, contact_email, requirements, mode } =
            third_party_event
        {
            return Some(ThirdPartyRow {
                name: name.clone(),
                contact_name: event.reveal_optional(contact_name.as_ref()),
                contact_email: event.reveal_optional(contact_email.as_ref()),
                requirements: event.reveal_optional(requirements.as_ref()),
                mode: mode.as_str().to_owned(),
                enabled: false,
                deleted: false,
                added_at: event.occurred_at,
                version,
            });
        }
        let mut row = ThirdPartyRow { version, ..row? };
        match third_party_event {
            ThirdPartyEvent::ThirdPartyAdded { .. } => {}
            ThirdPartyEvent::ThirdPartyRenamed { name } => row.name.clone_from(&name.to),
            ThirdPartyEvent::ThirdPartyContactChanged { contact_name, contact_email } => {
                row.contact_name = event.reveal_optional(contact_name.to.as_ref());
                row.contact_email = event.reveal_optional(contact_email.to.as_ref());
            }
            ThirdPartyEvent::ThirdPartyRequirementsChanged { requirements } => {
                row.requirements = event.reveal_optional(requirements.to.as_ref());
            }
            ThirdPartyEvent::ThirdPartyModeChanged { mode } => mode.to.as_str().clone_into(&mut row.mode),
            ThirdPartyEvent::ThirdPartyEnabled {} => row.enabled = true,
            ThirdPartyEvent::ThirdPartyDisabled {} => row.enabled = false,
            ThirdPartyEvent::ThirdPartyDeleted { .. } => row.deleted = true,
        }
        Some(row)
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, ThirdPartyRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            ThirdPartyRow {
                name: row.try_get(1)?,
                contact_name: row.try_get(2)?,
                contact_email: row.try_get(3)?,
                requirements: row.try_get(4)?,
                mode: row.try_get(5)?,
                enabled: row.try_get(6)?,
                deleted: row.try_get(7)?,
                added_at: row.try_get(8)?,
                version: row.try_get(9)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&ThirdPartyRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.name.clone()),
            array(rows, |row| row.contact_name.clone()),
            array(rows, |row| row.contact_email.clone()),
            array(rows, |row| row.requirements.clone()),
            array(rows, |row| row.mode.clone()),
            array(rows, |row| row.enabled),
            array(rows, |row| row.deleted),
            array(rows, |row| row.added_at),
            array(rows, |row| row.version),
        ]
    }
}
