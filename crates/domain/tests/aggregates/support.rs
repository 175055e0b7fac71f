//! What the tests of all aggregates need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use countersign_domain::testing::FixedServices;
use countersign_domain::{Digest, DomainServices, JournalEvent, JournaledAggregate, Personal, Services, SubjectId};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

/// The instant at which all commands are given.
pub const NOW: &str = "2026-03-14T09:26:53.589793Z";

/// Services as in production: what they commit to can't be read in the commitment.
pub struct OpaqueServices {
    inner: FixedServices,
    readable: Mutex<HashMap<String, Personal>>,
}

impl OpaqueServices {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { inner: FixedServices::at(NOW), readable: Mutex::default() })
    }

    /// Forgets a person, as erasing does.
    pub fn erase(&self, subject: SubjectId) {
        self.inner.erase(subject);
    }
}

impl DomainServices for OpaqueServices {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.inner.fill_random(bytes);
    }

    fn commit(&self, subject: SubjectId, label: &'static str, value: &str) -> Personal {
        let readable = self.inner.commit(subject, label, value);
        let sha256 = format!("{:?}", Digest::of(&readable.sha256));
        self.readable.lock().unwrap().insert(sha256.clone(), readable);
        Personal { subject, sha256 }
    }

    fn reveal(&self, personal: &Personal) -> Option<String> {
        let readable = self.readable.lock().unwrap().get(&personal.sha256).cloned();
        readable.and_then(|readable| self.inner.reveal(&readable))
    }
}

/// Services whose commitments can be read, for tests in which they don't matter.
pub fn services() -> Services {
    Arc::new(FixedServices::at(NOW))
}

/// A stream that holds these events already.
pub fn given<A: JournaledAggregate>(events: &[A::Event]) -> AggregateTestExecutor<A>
where
    A::Event: Clone,
{
    TestFramework::with(services()).given(events.to_vec())
}

/// The one event that a command leads to.
pub fn event_of<A: JournaledAggregate>(services: &Services, history: &[A::Event], command: A::Command) -> A::Event
where
    A::Event: Clone,
{
    let events = TestFramework::<A>::with(services.clone()).given(history.to_vec()).when(command).inspect_result();
    let mut events = events.unwrap();
    assert_eq!(events.len(), 1, "one event, not {events:?}");
    events.remove(0)
}

/// How many events a command leads to.
pub fn count_of<A: JournaledAggregate>(services: &Services, history: &[A::Event], command: A::Command) -> usize
where
    A::Event: Clone,
{
    let events = TestFramework::<A>::with(services.clone()).given(history.to_vec()).when(command).inspect_result();
    events.unwrap().len()
}

/// The state that a history leads to.
pub fn state<A: JournaledAggregate>(history: &[A::Event]) -> A
where
    A::Event: Clone,
{
    let mut aggregate = A::default();
    for event in history {
        aggregate.apply(event.clone());
    }
    aggregate
}

/// The event as the journal stores it.
pub fn json(event: impl Into<JournalEvent>) -> String {
    event.into().to_json().unwrap().to_string()
}

/// A UUID that tests recognize.
pub fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}
