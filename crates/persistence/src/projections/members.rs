//! The members of an organization.

use countersign_domain::{JournalEvent, MemberEvent, Role};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct Members;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MemberRow {
    email: Option<String>,
    name: Option<String>,
    role: String,
    active: bool,
    verifier_id: Option<Uuid>,
    added_at: Timestamp,
    last_signed_in_at: Option<Timestamp>,
}

impl MemberRow {
    /// Whether the member may decide who else may do what.
    pub(crate) fn is_active_owner(&self) -> bool {
        self.active && self.role == Role::Owner.as_str()
    }
}

impl Projection for Members {
    type Key = Uuid;
    type Row = MemberRow;

    const TABLE: &'static str = "members";
    const KEY: &'static [Column] = &[("member_id", "uuid")];
    const VALUES: &'static [Column] = &[
        ("email", "text"),
        ("name", "text"),
        ("role", "text"),
        ("active", "boolean"),
        ("verifier_id", "uuid"),
        ("added_at", "timestamptz"),
        ("last_signed_in_at", "timestamptz"),
    ];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Member(
                MemberEvent::MemberTotpEnabled {}
                | MemberEvent::MemberTotpDisabled {}
                | MemberEvent::MemberRecoveryCodesReplaced {}
                | MemberEvent::MemberSignInLinkCreated { .. }
                | MemberEvent::MemberSessionEnded { .. }
                | MemberEvent::MemberSignInFailed { .. },
            ) => Vec::new(),
            JournalEvent::Member(_) => vec![event.stream_id],
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::Member(MemberEvent::MemberAdded { .. }))
    }

    fn apply(_: &Uuid, row: Option<MemberRow>, event: &ProjectedEvent<'_>) -> Option<MemberRow> {
        let JournalEvent::Member(member_event) = event.event else { return row };
        if let MemberEvent::MemberAdded { email, name, role } = member_event {
            return Some(MemberRow {
                email: event.reveal(email),
                name: event.reveal(name),
                role: role.as_str().to_owned(),
                active: true,
                verifier_id: None,
                added_at: event.occurred_at,
                last_signed_in_at: None,
            });
        }
        let mut row = row?;
        match member_event {
            MemberEvent::MemberRenamed { name } => row.name = event.reveal_optional(name.to.as_ref()),
            MemberEvent::MemberRoleChanged { role } => role.to.as_str().clone_into(&mut row.role),
            MemberEvent::MemberPasswordSet { verifier } => row.verifier_id = Some(verifier.uuid()),
            MemberEvent::MemberDeactivated {} => row.active = false,
            MemberEvent::MemberReactivated {} => row.active = true,
            MemberEvent::MemberSignedIn { .. } => row.last_signed_in_at = Some(event.occurred_at),
            MemberEvent::MemberAdded { .. }
            | MemberEvent::MemberTotpEnabled {}
            | MemberEvent::MemberTotpDisabled {}
            | MemberEvent::MemberRecoveryCodesReplaced {}
            | MemberEvent::MemberSignInLinkCreated { .. }
            | MemberEvent::MemberSessionEnded { .. }
            | MemberEvent::MemberSignInFailed { .. } => {}
        }
        Some(row)
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, MemberRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            MemberRow {
                email: row.try_get(1)?,
                name: row.try_get(2)?,
                role: row.try_get(3)?,
                active: row.try_get(4)?,
                verifier_id: row.try_get(5)?,
                added_at: row.try_get(6)?,
                last_signed_in_at: row.try_get(7)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&MemberRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.email.clone()),
            array(rows, |row| row.name.clone()),
            array(rows, |row| row.role.clone()),
            array(rows, |row| row.active),
            array(rows, |row| row.verifier_id),
            array(rows, |row| row.added_at),
            array(rows, |row| row.last_signed_in_at),
        ]
    }
}
