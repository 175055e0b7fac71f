//! The journal: appends, in groups.
//!
//! While one transaction commits, the requests that arrive form the next batch. There is no timer: an idle journal
//! commits a lone request at once. Each organization's requests are in one batch at a time, so its order is the order
//! of arrival; different organizations may be in flight on different connections.

mod addresses;
mod attachments;
mod batch;
mod connection;
mod lane;
mod load;
mod owners;
mod queue;
#[cfg(all(test, feature = "testing"))]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::{
    Actor, Digest, JobId, JournalEvent, MemberId, OrganizationId, References, StreamId, SubjectId, VerifierId,
};
use countersign_ledger::Disclosure;
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::StoreError;
use crate::projections::Disclosed;

use lane::Lane;
pub(crate) use load::{
    LoadedEvent, commitments, disclosure_place, load_disclosures, load_stream, open_disclosure, read_record,
};
use queue::Queue;

/// An event that waits to be appended.
#[derive(Debug, Clone)]
pub(crate) struct PendingEvent {
    pub stream_id: StreamId,
    /// The version that the event will have in its stream.
    pub stream_version: u64,
    pub references: References,
    pub event: JournalEvent,
    /// The record but for its head: see [`countersign_ledger::record::RecordTail`].
    pub tail: String,
}

/// A disclosure that waits to be stored.
#[derive(Debug, Clone)]
pub(crate) struct PendingDisclosure {
    pub subject: SubjectId,
    pub disclosure: Disclosure,
    pub sealed: Vec<u8>,
}

/// A row that belongs to a change but can't be derived from its event.
#[derive(Debug, Clone)]
pub(crate) enum Attachment {
    /// Keep an Argon2id verifier.
    StoreVerifier { verifier: VerifierId, phc: String },
    /// Drop the verifier that another replaced.
    DropVerifier(VerifierId),
    /// Keep a member's TOTP secret, sealed; codes of the last step and before it are used up.
    StoreSecondFactor { member: MemberId, secret: Vec<u8>, last_step: i64 },
    /// Keep the digests of a member's recovery codes instead of those before.
    StoreRecoveryCodes { member: MemberId, digests: Vec<Digest> },
    /// Drop a member's TOTP secret and recovery codes.
    DropSecondFactor(MemberId),
    /// Keep the data key of a new organization.
    StoreDataKey { master_key: String, wrapped: Vec<u8> },
    /// Let work that was asked for wait for a worker.
    EnqueueJob { job: JobId, parameters: serde_json::Value, requested_by: Uuid, requested_at: Timestamp },
    /// Let an e-mail address, as a digest, sign in to the organization.
    ListForSignIn(Digest),
}

/// One atomic append: all of it is recorded, or nothing.
#[derive(Debug, Clone)]
pub(crate) struct Append {
    pub organization: OrganizationId,
    /// The instant of the unit of work; the records' time is never earlier than the record before.
    pub instant: Timestamp,
    pub actor: Actor,
    pub events: Vec<PendingEvent>,
    /// Streams that begin with this append under an identifier made for it: their version need not be read.
    pub fresh_streams: Vec<StreamId>,
    pub disclosures: Vec<PendingDisclosure>,
    /// Values behind commitments of earlier events that these events carry on.
    pub known: Disclosed,
    pub attachments: Vec<Attachment>,
}

impl Append {
    /// The version that each stream must be at for the append to be valid, without the fresh ones.
    fn expected_versions(&self) -> BTreeMap<StreamId, u64> {
        let mut expected = BTreeMap::new();
        for event in &self.events {
            expected.entry(event.stream_id).or_insert(event.stream_version - 1);
        }
        expected
    }

    fn creates_organization(&self) -> bool {
        use countersign_domain::OrganizationEvent;
        self.events.iter().any(|event| {
            matches!(event.event, JournalEvent::Organization(OrganizationEvent::OrganizationCreated { .. }))
        })
    }
}

/// Where an append came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The position of the first event.
    pub first: u64,
    /// The position of the last event.
    pub last: u64,
}

/// Told of every change before the one who made it is answered.
pub(crate) trait CommitObserver: Send + Sync {
    /// The streams that were changed (not: begun) in each organization.
    fn committed(&self, changed: &[(OrganizationId, StreamId)]);
}

/// A request on its way through the journal.
pub(crate) struct Request {
    pub append: Append,
    pub disclosed: Disclosed,
    pub answer: oneshot::Sender<Result<Appended, StoreError>>,
}

/// The handle to the process's one journal.
pub struct Journal {
    queue: Arc<Queue>,
    lanes: tokio::sync::Mutex<Vec<JoinHandle<()>>>,
}

/// How the journal writes.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// Connections that write, each a batch at a time.
    pub lanes: usize,
    /// The most requests in one batch.
    pub batch: usize,
    /// The most requests that may wait; more are refused.
    pub waiting: usize,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { lanes: 2, batch: 256, waiting: 8192 }
    }
}

impl Journal {
    /// Starts the lanes. Connections are made when they are needed.
    pub(crate) fn start(
        database: &tokio_postgres::Config,
        options: &JournalOptions,
        observer: &Arc<dyn CommitObserver>,
    ) -> Self {
        let queue = Arc::new(Queue::new(options.waiting));
        let lanes = (0..options.lanes.max(1))
            .map(|_| {
                let lane = Lane::new(database, Arc::clone(&queue), Arc::clone(observer));
                tokio::spawn(lane.run(options.batch.max(1)))
            })
            .collect();
        Self { queue, lanes: tokio::sync::Mutex::new(lanes) }
    }

    /// Appends, and answers once the events are durable.
    pub(crate) async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let mut disclosed = append.known.clone();
        disclosed.extend(
            append
                .disclosures
                .iter()
                .map(|pending| (pending.disclosure.sha256(), pending.disclosure.value().to_owned())),
        );
        let (answer, answered) = oneshot::channel();
        self.queue.push(Request { append, disclosed, answer })?;
        answered.await.unwrap_or(Err(StoreError::OutcomeUnknown))
    }

    /// How many requests wait, and how many may.
    pub(crate) fn depth(&self) -> (usize, usize) {
        self.queue.depth()
    }

    /// Finishes what was accepted and refuses what comes after.
    pub(crate) async fn close(&self) {
        self.queue.close();
        for lane in self.lanes.lock().await.drain(..) {
            if let Err(error) = lane.await {
                tracing::error!(%error, "a journal lane ended badly");
            }
        }
    }
}

impl Drop for Journal {
    /// The lanes finish what was accepted, then end and give up their connections.
    fn drop(&mut self) {
        self.queue.close();
    }
}
