//! The unit of work: commands on any number of aggregates, saved as one atomic append.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_domain::values::Note;
use countersign_domain::{
    Actor, Digest, DomainError, DomainServices, JobId, JournaledAggregate, MemberId, OrganizationId, Personal,
    Services, StreamId, SubjectId, VerifierId,
};
use countersign_ledger::Disclosure;
use countersign_ledger::record::{Commitment, MAXIMUM_TAIL_LENGTH, RecordActor, RecordEvent, RecordStream, RecordTail};
use cqrs_es::{AggregateContext, AggregateError, CqrsFramework, EventEnvelope, EventStore};
use jiff::Timestamp;
use uuid::Uuid;

use crate::journal::{
    Append, Appended, Attachment, PendingDisclosure, PendingEvent, disclosure_place, load_disclosures, load_stream,
};
use crate::projections::Disclosed;
use crate::sources::Source;
use crate::{Store, StoreError, clock};

/// Through what a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A page.
    Web,
    /// The JSON API.
    Api,
    /// An OAuth endpoint.
    OAuth,
    /// The command line.
    CommandLine,
    /// A background task.
    Worker,
}

impl Via {
    /// As it is written in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
            Self::OAuth => "oauth",
            Self::CommandLine => "command_line",
            Self::Worker => "worker",
        }
    }
}

/// Who does it, where, and why: the same for every event of a unit of work.
#[derive(Debug, Clone)]
pub struct Context {
    /// In which organization.
    pub organization: OrganizationId,
    /// Who.
    pub actor: Actor,
    /// Through what.
    pub via: Via,
    /// The request, by which logs and records are matched.
    pub request: Uuid,
    /// From where.
    pub source: Option<Source>,
    /// Why, if the actor said so.
    pub reason: Option<Note>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A rule refused it.
    #[error(transparent)]
    Refused(#[from] DomainError),
    /// The store did.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Commands on any number of aggregates of one organization. Nothing is written until [`UnitOfWork::save`].
#[derive(Clone)]
pub struct UnitOfWork {
    store: Store,
    context: Arc<Context>,
    services: Arc<WorkServices>,
    pending: Arc<Mutex<Pending>>,
}

#[derive(Default)]
struct Pending {
    events: Vec<PendingEvent>,
    fresh_streams: Vec<StreamId>,
    attachments: Vec<Attachment>,
}

/// The state of an aggregate as it was loaded, for one command.
pub struct LoadedAggregate<A> {
    aggregate: A,
    stream: StreamId,
    version: u64,
}

impl<A: JournaledAggregate> AggregateContext<A> for LoadedAggregate<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl UnitOfWork {
    pub(crate) fn new(store: Store, context: Context) -> Self {
        let services = Arc::new(WorkServices { now: clock::now(), values: Mutex::default() });
        Self { store, context: Arc::new(context), services, pending: Arc::default() }
    }

    /// The instant of this unit of work.
    pub fn now(&self) -> Timestamp {
        self.services.now
    }

    /// Who does it, where, and why.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Time, randomness and commitments for this unit of work.
    pub fn services(&self) -> &dyn DomainServices {
        self.services.as_ref()
    }

    /// Executes a command on an aggregate that exists, or whose identifier is not made here.
    pub async fn execute<A: JournaledAggregate>(
        &self,
        id: impl Into<StreamId>,
        command: A::Command,
    ) -> Result<(), ChangeError> {
        let services: Services = self.services.clone();
        CqrsFramework::<A, Self>::new(self.clone(), Vec::new(), services)
            .execute(&id.into().to_string(), command)
            .await
            .map_err(change_error)
    }

    /// Begins an aggregate under a new identifier. Loads nothing, so it contends with nothing.
    pub async fn create<A: JournaledAggregate>(&self, command: A::Command) -> Result<StreamId, ChangeError> {
        let id = self.services.new_id();
        self.create_with_id::<A>(id, command).await?;
        Ok(id)
    }

    /// Begins an aggregate under an identifier that was made for it.
    pub(crate) async fn create_with_id<A: JournaledAggregate>(
        &self,
        id: StreamId,
        command: A::Command,
    ) -> Result<(), ChangeError> {
        self.pending().fresh_streams.push(id);
        self.execute::<A>(id, command).await
    }

    /// The state of an aggregate, with what this unit of work did to it so far.
    pub async fn load<A: JournaledAggregate>(&self, id: impl Into<StreamId>) -> Result<A, ChangeError> {
        self.load_stream::<A>(id.into()).await.map(|loaded| loaded.aggregate).map_err(change_error)
    }

    /// The version of an aggregate's stream, with what this unit of work did to it so far; 0 when there is none.
    pub async fn version<A: JournaledAggregate>(&self, id: impl Into<StreamId>) -> Result<u64, ChangeError> {
        self.load_stream::<A>(id.into()).await.map(|loaded| loaded.version).map_err(change_error)
    }

    /// Keeps an Argon2id verifier with the change, and drops the one that it replaces.
    pub fn store_verifier(&self, phc: String, replaced: Option<VerifierId>) -> VerifierId {
        let verifier = self.services.new_id().into();
        let mut pending = self.pending();
        pending.attachments.push(Attachment::StoreVerifier { verifier, phc });
        pending.attachments.extend(replaced.map(Attachment::DropVerifier));
        verifier
    }

    /// Keeps a member's TOTP secret, sealed for its place, with the change.
    pub(crate) fn store_second_factor(&self, member: MemberId, secret: Vec<u8>, last_step: i64) {
        self.pending().attachments.push(Attachment::StoreSecondFactor { member, secret, last_step });
    }

    /// Keeps the digests of a member's recovery codes with the change, instead of those before.
    pub(crate) fn store_recovery_codes(&self, member: MemberId, digests: Vec<Digest>) {
        self.pending().attachments.push(Attachment::StoreRecoveryCodes { member, digests });
    }

    /// Drops a member's TOTP secret and recovery codes with the change.
    pub(crate) fn drop_second_factor(&self, member: MemberId) {
        self.pending().attachments.push(Attachment::DropSecondFactor(member));
    }

    /// Lets work that a member asked for wait for a worker, once the change is made.
    pub(crate) fn enqueue(&self, job: JobId, requested_by: Uuid, parameters: serde_json::Value) {
        let requested_at = self.services.now;
        self.pending().attachments.push(Attachment::EnqueueJob { job, parameters, requested_by, requested_at });
    }

    /// Lets the member with this e-mail address find the organization at sign-in.
    pub fn list_for_sign_in(&self, email_digest: Digest) {
        self.pending().attachments.push(Attachment::ListForSignIn(email_digest));
    }

    /// Records everything in one atomic append and answers once it is durable; `None` when nothing has changed.
    pub async fn save(&self) -> Result<Option<Appended>, StoreError> {
        let Pending { mut events, fresh_streams, attachments } = std::mem::take(&mut *self.pending());
        if events.is_empty() {
            return Ok(None);
        }
        let organization = self.context.organization;
        let mut attachments = attachments;
        let key = if fresh_streams.contains(&organization.uuid()) {
            let (key, attachment) = self.store.data_keys().create(organization)?;
            attachments.push(attachment);
            key
        } else {
            self.store.data_keys().get(organization).await?
        };
        let context = &*self.context;
        let source = context.source.as_ref().map(|source| {
            let subject = SubjectId(context.actor.id().unwrap_or(organization.uuid()));
            self.store.sources().commit(organization, subject, source, self.services.now)
        });
        let reason = context
            .reason
            .as_ref()
            .map(|reason| self.services.commit(self.services.new_id().into(), "reason", reason.as_str()));
        for event in &mut events {
            event.tail = self.tail(event, source.as_ref().map(|source| &source.personal), reason.as_ref())?;
        }
        let (known, new) = self.services.split();
        let new = new.into_iter().chain(source.as_ref().and_then(|source| source.unstored()));
        let disclosures = new
            .map(|(subject, disclosure)| {
                let sha256 = disclosure.sha256();
                let sealed = key.seal(disclosure_place(organization, &sha256), disclosure.encoded().as_bytes())?;
                Ok(PendingDisclosure { subject, disclosure, sealed })
            })
            .collect::<Result<_, StoreError>>()?;
        let append = Append {
            organization,
            instant: self.services.now,
            actor: context.actor,
            events,
            fresh_streams,
            disclosures,
            known,
            attachments,
        };
        let appended = self.store.journal().append(append).await?;
        if let Some(source) = source {
            source.mark_stored();
        }
        Ok(Some(appended))
    }

    fn tail(
        &self,
        event: &PendingEvent,
        source: Option<&Personal>,
        reason: Option<&Personal>,
    ) -> Result<String, StoreError> {
        let context = &*self.context;
        let commitment = |personal: Option<&Personal>| {
            personal.map(|personal| Commitment { subject: personal.subject.uuid(), sha256: personal.sha256.clone() })
        };
        let unwritable = |error: serde_json::Error| StoreError::UnexpectedValue(error.to_string());
        let tail = RecordTail {
            actor: RecordActor { kind: context.actor.kind().to_owned(), id: context.actor.id() },
            via: context.via.as_str().to_owned(),
            request: context.request,
            source: commitment(source),
            reason: commitment(reason),
            stream: RecordStream {
                stream_type: event.event.stream_type().to_owned(),
                id: event.stream_id,
                version: event.stream_version,
            },
            third_party: event.references.third_party.map(countersign_domain::ThirdPartyId::uuid),
            client: event.references.client.map(countersign_domain::ClientId::uuid),
            token: event.references.token.map(countersign_domain::TokenId::uuid),
            event: RecordEvent {
                event_type: event.event.event_type(),
                version: event.event.event_version(),
                payload: event.event.payload().map_err(unwritable)?,
            },
        };
        let tail = serde_json::to_string(&tail).map_err(unwritable)?;
        if tail.len() > MAXIMUM_TAIL_LENGTH {
            return Err(StoreError::TooLarge { length: tail.len(), maximum: MAXIMUM_TAIL_LENGTH });
        }
        Ok(tail)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load_stream<A: JournaledAggregate>(
        &self,
        stream: StreamId,
    ) -> Result<LoadedAggregate<A>, AggregateError<A::Error>> {
        let mut loaded = LoadedAggregate { aggregate: A::default(), stream, version: 0 };
        for envelope in self.events::<A>(stream).await? {
            loaded.version = envelope.sequence as u64;
            loaded.aggregate.apply(envelope.payload);
        }
        Ok(loaded)
    }

    /// The stored events of a stream, then those that wait here.
    async fn events<A: JournaledAggregate>(
        &self,
        stream: StreamId,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let fresh = self.pending().fresh_streams.contains(&stream);
        let organization = self.context.organization;
        let stored = if fresh { Vec::new() } else { self.stored(organization, stream).await.map_err(unexpected)? };
        let waiting = self
            .pending()
            .events
            .iter()
            .filter(|event| event.stream_id == stream)
            .map(|event| (event.stream_version, event.event.clone()))
            .collect::<Vec<_>>();
        let all = stored.into_iter().map(|event| (event.version, event.event)).chain(waiting);
        Ok(all
            .filter_map(|(version, event)| {
                Some(EventEnvelope {
                    aggregate_id: stream.to_string(),
                    sequence: usize::try_from(version).unwrap_or(usize::MAX),
                    payload: A::event(event)?,
                    metadata: HashMap::new(),
                })
            })
            .collect())
    }

    async fn stored(
        &self,
        organization: OrganizationId,
        stream: StreamId,
    ) -> Result<Vec<crate::journal::LoadedEvent>, StoreError> {
        let events = load_stream(self.store.pool(), organization, stream).await?;
        let commitments = events.iter().flat_map(|event| event.commitments.clone()).collect::<BTreeSet<_>>();
        if !commitments.is_empty() {
            let key = self.store.data_keys().get(organization).await?;
            let commitments = commitments.into_iter().collect();
            let disclosed = load_disclosures(self.store.pool(), organization, &key, commitments).await?;
            self.services.learn(disclosed);
        }
        Ok(events)
    }
}

impl<A: JournaledAggregate> EventStore<A> for UnitOfWork {
    type AC = LoadedAggregate<A>;

    async fn load_events(&self, aggregate_id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        self.events::<A>(stream_id::<A>(aggregate_id)?).await
    }

    async fn load_aggregate(&self, aggregate_id: &str) -> Result<Self::AC, AggregateError<A::Error>> {
        self.load_stream::<A>(stream_id::<A>(aggregate_id)?).await
    }

    /// Buffers the events until [`UnitOfWork::save`].
    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: Self::AC,
        _metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let references = context.aggregate.references(context.stream);
        let mut pending = self.pending();
        for (version, event) in (context.version + 1..).zip(events) {
            pending.events.push(PendingEvent {
                stream_id: context.stream,
                stream_version: version,
                references,
                event: event.into(),
                tail: String::new(),
            });
        }
        // No queries run here: projections belong to the append.
        Ok(Vec::new())
    }
}

fn stream_id<A: JournaledAggregate>(aggregate_id: &str) -> Result<StreamId, AggregateError<A::Error>> {
    Uuid::parse_str(aggregate_id).map_err(|error| AggregateError::UnexpectedError(Box::new(error)))
}

fn unexpected<E: std::error::Error>(error: StoreError) -> AggregateError<E> {
    AggregateError::UnexpectedError(Box::new(error))
}

fn change_error<E: std::error::Error + Into<DomainError>>(error: AggregateError<E>) -> ChangeError {
    match error {
        AggregateError::UserError(refusal) => ChangeError::Refused(refusal.into()),
        AggregateError::AggregateConflict => ChangeError::Store(StoreError::Conflict),
        AggregateError::DatabaseConnectionError(error)
        | AggregateError::DeserializationError(error)
        | AggregateError::UnexpectedError(error) => ChangeError::Store(
            error.downcast::<StoreError>().map_or_else(|error| StoreError::UnexpectedValue(error.to_string()), |e| *e),
        ),
    }
}

/// The domain's services for one unit of work: one instant, and the disclosures that it read or made.
struct WorkServices {
    now: Timestamp,
    values: Mutex<Values>,
}

#[derive(Default)]
struct Values {
    known: Disclosed,
    new: Vec<(SubjectId, Disclosure)>,
}

impl WorkServices {
    fn values(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, disclosed: Disclosed) {
        self.values().known.extend(disclosed);
    }

    /// The values that were known before, and the disclosures that were made here.
    fn split(&self) -> (Disclosed, Vec<(SubjectId, Disclosure)>) {
        let values = std::mem::take(&mut *self.values());
        (values.known, values.new)
    }
}

impl DomainServices for WorkServices {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        clock::fill_random(bytes);
    }

    fn commit(&self, subject: SubjectId, label: &'static str, value: &str) -> Personal {
        let mut salt = [0; 16];
        clock::fill_random(&mut salt);
        let disclosure = Disclosure::new(salt, label, value);
        let personal = Personal { subject, sha256: disclosure.sha256() };
        self.values().new.push((subject, disclosure));
        personal
    }

    fn reveal(&self, personal: &Personal) -> Option<String> {
        let values = self.values();
        values.known.get(&personal.sha256).cloned().or_else(|| {
            values
                .new
                .iter()
                .find(|(_, disclosure)| disclosure.sha256() == personal.sha256)
                .map(|(_, disclosure)| disclosure.value().to_owned())
        })
    }
}
