//! An organization keeps an active owner. Two owners who demote each other at the same moment each leave one behind, as
//! far as either can see; only under the organization's head lock, which has appends decided one after the other, does
//! the second of them find that nobody would be left.

use std::collections::{BTreeSet, HashMap};

use countersign_domain::{JournalEvent, MemberEvent, OrganizationId, Role, StreamId};
use tokio_postgres::Row;

use crate::StoreError;
use crate::projections::members::{MemberRow, Members};
use crate::projections::{Fold, ProjectedEvent, Projection, Statement};

/// The active owners of those organizations in which the batch may take one away.
#[derive(Default)]
pub(super) struct Owners(HashMap<OrganizationId, BTreeSet<StreamId>>);

impl Owners {
    /// Notes whether the event may take an owner away.
    pub fn want(&mut self, event: &ProjectedEvent<'_>) {
        let takes_away = match event.event {
            JournalEvent::Member(MemberEvent::MemberRoleChanged { role }) => role.from == Role::Owner,
            JournalEvent::Member(MemberEvent::MemberDeactivated {}) => true,
            _ => false,
        };
        if takes_away {
            self.0.entry(event.organization).or_default();
        }
    }

    /// The statement that reads the owners; `None` when none can be taken away.
    pub fn read_statement(&self) -> Option<Statement> {
        let organizations = self.0.keys().map(|organization| organization.uuid()).collect::<Vec<_>>();
        (!organizations.is_empty()).then(|| Statement {
            sql: "SELECT org_id, member_id FROM members \
                  WHERE org_id = ANY($1::uuid[]) AND role = 'owner' AND active",
            parameters: vec![Box::new(organizations)],
        })
    }

    /// Takes what the statement returned.
    pub fn accept(&mut self, rows: &[Row]) -> Result<(), tokio_postgres::Error> {
        for row in rows {
            self.0.entry(OrganizationId(row.try_get(0)?)).or_default().insert(row.try_get(1)?);
        }
        Ok(())
    }

    /// Whether somebody is left after the events of a request. Where there was no owner before, none is missed.
    pub fn check<'a>(
        &self,
        organization: OrganizationId,
        events: impl Iterator<Item = ProjectedEvent<'a>>,
        members: &Fold<Members>,
    ) -> Result<(), StoreError> {
        let Some(owners) = self.0.get(&organization) else { return Ok(()) };
        let mut changed: HashMap<StreamId, Option<MemberRow>> = HashMap::new();
        for event in events {
            for member in Members::touched(&event) {
                let row = changed.remove(&member).unwrap_or_else(|| members.get(organization, &member).cloned());
                changed.insert(member, Members::apply(&member, row, &event));
            }
        }
        let is_owner = |row: &Option<MemberRow>| row.as_ref().is_some_and(MemberRow::is_active_owner);
        let is_taken_away = changed.iter().any(|(member, row)| owners.contains(member) && !is_owner(row));
        let is_left = owners.iter().any(|owner| !changed.contains_key(owner)) || changed.values().any(is_owner);
        if is_taken_away && !is_left { Err(StoreError::LastOwner) } else { Ok(()) }
    }

    /// Follows an event that was folded already.
    pub fn follow(&mut self, event: &ProjectedEvent<'_>, members: &Fold<Members>) {
        let Some(owners) = self.0.get_mut(&event.organization) else { return };
        for member in Members::touched(event) {
            if members.get(event.organization, &member).is_some_and(MemberRow::is_active_owner) {
                owners.insert(member);
            } else {
                owners.remove(&member);
            }
        }
    }
}
