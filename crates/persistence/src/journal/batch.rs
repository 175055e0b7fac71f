//! One batch: what is read, decided and written in one transaction.

use std::collections::{BTreeSet, HashMap};

use countersign_domain::{OrganizationId, StreamId};
use countersign_ledger::{LeafHash, record};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::attachments::attach;
use super::owners::Owners;
use super::{Appended, PendingEvent, Request, addresses};
use crate::StoreError;
use crate::projections::unique_names::{NameChange, UniqueNames};
use crate::projections::{Folds, ProjectedEvent, Statement};

/// The last position and time of an organization's journal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    position: u64,
    occurred_at: Timestamp,
}

/// The first event of an attempt, by which its outcome can be found out.
pub(super) type Witness = (OrganizationId, u64, LeafHash);

/// Something that is read before the batch can be decided.
#[derive(Debug, Clone, Copy)]
pub(super) enum Read {
    NewHeads,
    Heads,
    Witness(Witness),
    Versions,
    Owners,
    /// The rows of the projection with this number.
    Projection(usize),
}

/// An event with its place.
struct Placed<'a> {
    organization: OrganizationId,
    position: u64,
    occurred_at: Timestamp,
    actor: Option<Uuid>,
    pending: &'a PendingEvent,
    record: Vec<u8>,
    leaf: LeafHash,
}

/// A batch in the making.
pub(super) struct Batch<'a> {
    requests: &'a [Request],
    heads: HashMap<OrganizationId, Head>,
    versions: HashMap<(OrganizationId, StreamId), u64>,
    folds: Folds,
    owners: Owners,
    placed: Vec<Placed<'a>>,
    committed_before: bool,
    accepted: Vec<usize>,
    outcomes: Vec<Option<Result<Appended, StoreError>>>,
}

impl<'a> Batch<'a> {
    pub fn new(requests: &'a [Request]) -> Self {
        let (mut folds, mut owners) = (Folds::new(), Owners::default());
        for request in requests {
            for event in projected(request) {
                owners.want(&event);
                for fold in folds.all() {
                    fold.want(&event);
                }
            }
        }
        Self {
            requests,
            heads: HashMap::new(),
            versions: HashMap::new(),
            folds,
            owners,
            placed: Vec::new(),
            committed_before: false,
            accepted: Vec::new(),
            outcomes: requests.iter().map(|_| None).collect(),
        }
    }

    /// The organizations of the batch, in the order in which their heads are locked.
    fn organizations(&self) -> BTreeSet<OrganizationId> {
        self.requests.iter().map(|request| request.append.organization).collect()
    }

    /// Opens the transaction and names the organizations that it may touch.
    pub fn begin(&self) -> String {
        let organizations = self.organizations().iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        format!("BEGIN; SET LOCAL countersign.batch = '{organizations}'")
    }

    /// Makes the heads of organizations that begin in this batch; `None` when there are none.
    fn new_heads(&self) -> Option<Statement> {
        let creating = self.requests.iter().filter(|request| request.append.creates_organization());
        let new = creating.map(|request| request.append.organization.uuid()).collect::<Vec<_>>();
        (!new.is_empty()).then(|| Statement {
            sql: "INSERT INTO org_heads (org_id, position, occurred_at) \
                  SELECT org_id, 0, 'epoch' FROM UNNEST($1::uuid[]) AS new(org_id) ON CONFLICT DO NOTHING",
            parameters: vec![Box::new(new)],
        })
    }

    /// Locks the heads in the order of their identifiers, so that no two batches wait for each other.
    fn lock_heads(&self) -> Statement {
        let organizations = self.organizations().into_iter().map(OrganizationId::uuid).collect::<Vec<_>>();
        Statement {
            sql: "SELECT org_id, position, occurred_at FROM org_heads \
                  WHERE org_id = ANY($1::uuid[]) ORDER BY org_id FOR UPDATE",
            parameters: vec![Box::new(organizations)],
        }
    }

    /// Reads the versions of the streams that the batch goes on with; `None` when it only begins streams.
    fn read_versions(&self) -> Option<Statement> {
        let mut organizations = Vec::new();
        let mut streams = Vec::new();
        for request in self.requests {
            for stream in request.append.expected_versions().into_keys() {
                if !request.append.fresh_streams.contains(&stream) {
                    organizations.push(request.append.organization.uuid());
                    streams.push(stream);
                }
            }
        }
        (!streams.is_empty()).then(|| Statement {
            sql: "SELECT s.org_id, s.stream_id, coalesce((SELECT max(e.stream_version) FROM events e \
                  WHERE e.org_id = s.org_id AND e.stream_id = s.stream_id), 0) \
                  FROM (SELECT DISTINCT * FROM UNNEST($1::uuid[], $2::uuid[])) AS s(org_id, stream_id)",
            parameters: vec![Box::new(organizations), Box::new(streams)],
        })
    }

    /// What must be read before the batch can be decided, in the order in which it must be read: nothing but the new
    /// heads comes before the lock.
    pub fn reads(&mut self, in_doubt: Option<Witness>) -> Vec<(Read, Statement)> {
        let mut reads = Vec::new();
        reads.extend(self.new_heads().map(|statement| (Read::NewHeads, statement)));
        reads.push((Read::Heads, self.lock_heads()));
        // Behind the lock, so it waits for a server process that may still be at the attempt in doubt.
        reads.extend(in_doubt.map(|witness| (Read::Witness(witness), look_for(witness))));
        reads.extend(self.read_versions().map(|statement| (Read::Versions, statement)));
        reads.extend(self.owners.read_statement().map(|statement| (Read::Owners, statement)));
        for (number, fold) in self.folds.all().into_iter().enumerate() {
            reads.extend(fold.read_statement().map(|statement| (Read::Projection(number), statement)));
        }
        reads
    }

    /// Takes what was read.
    pub fn accept(&mut self, read: Read, rows: &[Row]) -> Result<(), tokio_postgres::Error> {
        match read {
            Read::NewHeads => {}
            Read::Heads => {
                for row in rows {
                    let position: i64 = row.try_get(1)?;
                    let head = Head { position: position.unsigned_abs(), occurred_at: row.try_get(2)? };
                    self.heads.insert(OrganizationId(row.try_get(0)?), head);
                }
            }
            Read::Witness((_, _, leaf)) => {
                let found = rows.first().map(|row| row.try_get::<_, &[u8]>(0)).transpose()?;
                self.committed_before = found == Some(leaf.0.as_slice());
            }
            Read::Versions => {
                for row in rows {
                    let version: i64 = row.try_get(2)?;
                    self.versions.insert((OrganizationId(row.try_get(0)?), row.try_get(1)?), version.unsigned_abs());
                }
            }
            Read::Owners => self.owners.accept(rows)?,
            Read::Projection(number) => self.folds.all()[number].accept(rows)?,
        }
        Ok(())
    }

    /// Whether the attempt in doubt had been committed.
    pub fn was_committed_before(&self) -> bool {
        self.committed_before
    }

    /// Decides every request in the order of arrival and places the events of those that hold. One that doesn't is
    /// answered alone and leaves no trace.
    pub fn decide(&mut self) {
        for (number, request) in self.requests.iter().enumerate() {
            match self.check(request) {
                Ok(head) => {
                    let appended = self.place(request, head);
                    self.accepted.push(number);
                    self.outcomes[number] = Some(Ok(appended));
                }
                Err(error) => self.outcomes[number] = Some(Err(error)),
            }
        }
    }

    fn check(&self, request: &Request) -> Result<Head, StoreError> {
        let organization = request.append.organization;
        let head = self.heads.get(&organization).copied().ok_or(StoreError::UnknownOrganization)?;
        for (stream, expected) in request.append.expected_versions() {
            if self.versions.get(&(organization, stream)).copied().unwrap_or(0) != expected {
                return Err(StoreError::Conflict);
            }
        }
        self.check_names(request)?;
        self.owners.check(organization, projected(request), &self.folds.members)?;
        Ok(head)
    }

    /// Whether every name that the request takes is free, after what the request itself does before.
    fn check_names(&self, request: &Request) -> Result<(), StoreError> {
        let organization = request.append.organization;
        let mut changed = HashMap::new();
        for event in projected(request) {
            for change in UniqueNames::changes(&event) {
                let key = change.key();
                let stored = || self.folds.unique_names.get(organization, &key).copied();
                let holder: Option<StreamId> = changed.get(&key).copied().unwrap_or_else(stored);
                let new_holder = match change {
                    NameChange::Taken(kind, _) if holder.is_some_and(|holder| holder != event.stream_id) => {
                        return Err(StoreError::NameTaken(kind));
                    }
                    NameChange::Taken(..) => Some(event.stream_id),
                    NameChange::Released(..) => None,
                };
                changed.insert(key, new_holder);
            }
        }
        Ok(())
    }

    fn place(&mut self, request: &'a Request, mut head: Head) -> Appended {
        let append = &request.append;
        let first = head.position + 1;
        head.occurred_at = head.occurred_at.max(append.instant);
        for (pending, event) in append.events.iter().zip(projected(request)) {
            head.position += 1;
            let event = ProjectedEvent { occurred_at: head.occurred_at, ..event };
            for fold in self.folds.all() {
                fold.fold(&event);
            }
            self.owners.follow(&event, &self.folds.members);
            let record = record::assemble(append.organization.uuid(), head.position, head.occurred_at, &pending.tail);
            self.versions.insert((append.organization, pending.stream_id), pending.stream_version);
            self.placed.push(Placed {
                organization: append.organization,
                position: head.position,
                occurred_at: head.occurred_at,
                actor: append.actor.id(),
                pending,
                leaf: LeafHash::of(&record),
                record,
            });
        }
        self.heads.insert(append.organization, head);
        Appended { first, last: head.position }
    }

    /// Whether there is anything to write.
    pub fn is_empty(&self) -> bool {
        self.placed.is_empty()
    }

    /// The first event that the batch writes, by which its outcome can be found out.
    pub fn witness(&self) -> Option<Witness> {
        self.placed.first().map(|placed| (placed.organization, placed.position, placed.leaf))
    }

    /// The statements that write the batch.
    pub fn write_statements(&mut self) -> Vec<Statement> {
        let mut statements = vec![self.insert_events(), self.advance_heads()];
        for fold in self.folds.all() {
            statements.extend(fold.write_statements());
        }
        statements.extend(self.insert_disclosures());
        statements.extend(self.attachments());
        statements
    }

    fn insert_events(&self) -> Statement {
        macro_rules! column {
            (|$placed:ident| $value:expr) => {
                Box::new(self.placed.iter().map(|$placed| $value).collect::<Vec<_>>())
            };
        }
        Statement {
            sql: "INSERT INTO events (org_id, position, stream_type, stream_id, stream_version, event_type, \
                  event_version, occurred_at, actor_id, third_party_id, client_id, token_id, record, leaf_hash) \
                  SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::text[]), unnest($4::uuid[]), \
                  unnest($5::bigint[]), unnest($6::text[]), unnest($7::smallint[]), unnest($8::timestamptz[]), \
                  unnest($9::uuid[]), unnest($10::uuid[]), unnest($11::uuid[]), unnest($12::uuid[]), \
                  unnest($13::bytea[]), unnest($14::bytea[])",
            parameters: vec![
                column!(|placed| placed.organization.uuid()),
                column!(|placed| signed(placed.position)),
                column!(|placed| placed.pending.event.stream_type()),
                column!(|placed| placed.pending.stream_id),
                column!(|placed| signed(placed.pending.stream_version)),
                column!(|placed| placed.pending.event.event_type()),
                column!(|placed| i16::try_from(placed.pending.event.event_version()).unwrap_or(i16::MAX)),
                column!(|placed| placed.occurred_at),
                column!(|placed| placed.actor),
                column!(|placed| placed.pending.references.third_party.map(countersign_domain::ThirdPartyId::uuid)),
                column!(|placed| placed.pending.references.client.map(countersign_domain::ClientId::uuid)),
                column!(|placed| placed.pending.references.token.map(countersign_domain::TokenId::uuid)),
                column!(|placed| placed.record.clone()),
                column!(|placed| placed.leaf.0.to_vec()),
            ],
        }
    }

    fn advance_heads(&self) -> Statement {
        let moved = self.placed.iter().map(|placed| placed.organization).collect::<BTreeSet<_>>();
        let heads = moved.iter().filter_map(|organization| self.heads.get(organization)).collect::<Vec<_>>();
        Statement {
            sql: "UPDATE org_heads h SET position = n.position, occurred_at = n.occurred_at \
                  FROM (SELECT unnest($1::uuid[]) AS org_id, unnest($2::bigint[]) AS position, \
                  unnest($3::timestamptz[]) AS occurred_at) n WHERE h.org_id = n.org_id",
            parameters: vec![
                Box::new(moved.iter().map(|organization| organization.uuid()).collect::<Vec<_>>()),
                Box::new(heads.iter().map(|head| signed(head.position)).collect::<Vec<_>>()),
                Box::new(heads.iter().map(|head| head.occurred_at).collect::<Vec<_>>()),
            ],
        }
    }

    fn accepted(&self) -> impl Iterator<Item = &'a Request> {
        self.accepted.iter().map(|number| &self.requests[*number])
    }

    fn insert_disclosures(&self) -> Option<Statement> {
        let (mut organizations, mut digests, mut subjects, mut sealed) = (vec![], vec![], vec![], vec![]);
        for request in self.accepted() {
            for pending in &request.append.disclosures {
                organizations.push(request.append.organization.uuid());
                digests.push(pending.disclosure.sha256());
                subjects.push(pending.subject.uuid());
                sealed.push(pending.sealed.clone());
            }
        }
        (!digests.is_empty()).then(|| Statement {
            sql: "INSERT INTO disclosures (org_id, sha256, subject_id, sealed) \
                  SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::bytea[]) ON CONFLICT DO NOTHING",
            parameters: vec![Box::new(organizations), Box::new(digests), Box::new(subjects), Box::new(sealed)],
        })
    }

    fn attachments(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        for request in self.accepted() {
            let organization = request.append.organization.uuid();
            let names =
                request.append.events.iter().flat_map(|event| addresses::statements(organization, &event.event));
            statements.extend(names);
            statements.extend(request.append.attachments.iter().map(|attachment| attach(organization, attachment)));
        }
        statements
    }

    /// The streams that were changed rather than begun, which caches may hold.
    pub fn changed_streams(&self) -> Vec<(OrganizationId, StreamId)> {
        let begun = |placed: &&Placed<'_>| placed.pending.stream_version > 1;
        let changed = self.placed.iter().filter(begun).map(|placed| (placed.organization, placed.pending.stream_id));
        changed.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// How each request came out, in their order, provided that the transaction was committed.
    pub fn into_outcomes(self) -> Vec<Result<Appended, StoreError>> {
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or(Err(StoreError::OutcomeUnknown))).collect()
    }
}

/// The events of a request as projections see them, but for the time, which is known once they are placed.
fn projected(request: &Request) -> impl Iterator<Item = ProjectedEvent<'_>> {
    request.append.events.iter().map(|pending| ProjectedEvent {
        organization: request.append.organization,
        stream_id: pending.stream_id,
        stream_version: pending.stream_version,
        occurred_at: request.append.instant,
        event: &pending.event,
        disclosed: &request.disclosed,
    })
}

fn look_for((organization, position, _): Witness) -> Statement {
    Statement {
        sql: "SELECT leaf_hash FROM events WHERE org_id = ANY($1::uuid[]) AND position = ANY($2::bigint[])",
        parameters: vec![Box::new(vec![organization.uuid()]), Box::new(vec![signed(position)])],
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
