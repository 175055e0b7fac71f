//! What all events share: the sum of them, what they refer to, and how a change is written down.

use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    AuthorizationEvent, ClientEvent, ClientId, ConsentEvent, MemberEvent, OrganizationEvent, Services, StreamId,
    ThirdPartyEvent, ThirdPartyId, TokenEvent, TokenId,
};

/// A value before and after. Events of change carry both, so that a record can be read on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// The value until now.
    pub from: T,
    /// The value from now on.
    pub to: T,
}

impl<T: PartialEq + Clone> Change<T> {
    /// The change from one value to another, or `None` when they are equal.
    pub fn between(from: &T, to: T) -> Option<Self> {
        (*from != to).then(|| Self { from: from.clone(), to })
    }
}

/// The things an event is about, by which it can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct References {
    /// The third party concerned.
    pub third_party: Option<ThirdPartyId>,
    /// The client concerned.
    pub client: Option<ClientId>,
    /// The token concerned.
    pub token: Option<TokenId>,
}

/// An aggregate whose events are kept in the journal.
pub trait JournaledAggregate:
    Aggregate<Services = Services, Event: Into<JournalEvent>, Error: Into<DomainError> + Send + Sync> + 'static
{
    /// What this aggregate's events refer to, read from its state after the events were applied.
    fn references(&self, id: StreamId) -> References;

    /// The event of this aggregate, if the given one is.
    fn event(event: JournalEvent) -> Option<Self::Event>;
}

macro_rules! journal_events {
    ($($variant:ident($event:ty) = $stream_type:literal),+ $(,)?) => {
        /// Any event that the journal can hold.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant is named after the aggregate whose event it wraps")]
        pub enum JournalEvent {
            $($variant($event)),+
        }

        impl JournalEvent {
            /// Every stream type that the journal can hold, as stored.
            pub const STREAM_TYPES: &[&str] = &[$($stream_type),+];

            /// The type of the stream that the event belongs to, as stored.
            pub fn stream_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => $stream_type),+ }
            }

            /// The name of the event's type, as stored.
            pub fn event_type(&self) -> String {
                match self { $(Self::$variant(event) => event.event_type()),+ }
            }

            /// The version of the event's shape, as stored.
            pub fn event_version(&self) -> u16 {
                let version = match self { $(Self::$variant(event) => event.event_version()),+ };
                version.parse().unwrap_or(1)
            }

            /// The event as JSON: `{"type": …, "payload": …}`.
            pub fn to_json(&self) -> serde_json::Result<serde_json::Value> {
                match self { $(Self::$variant(event) => serde_json::to_value(event)),+ }
            }

            /// The event's payload as JSON text, its members in the order in which the event declares them.
            pub fn payload(&self) -> serde_json::Result<Box<RawValue>> {
                #[derive(Deserialize)]
                struct Written {
                    payload: Box<RawValue>,
                }
                let text = match self { $(Self::$variant(event) => serde_json::to_string(event)),+ }?;
                serde_json::from_str(&text).map(|Written { payload }| payload)
            }

            /// Reads the event of a stream back from [`Self::to_json`]'s form (current shape: upcast first).
            pub fn from_json(stream_type: &str, json: serde_json::Value) -> Result<Self, UnreadableEvent> {
                match stream_type {
                    $($stream_type => serde_json::from_value(json).map(Self::$variant).map_err(UnreadableEvent::Shape),)+
                    other => Err(UnreadableEvent::StreamType(other.to_owned())),
                }
            }
        }

        $(impl From<$event> for JournalEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        })+
    };
}

journal_events! {
    Organization(OrganizationEvent) = "organization",
    Member(MemberEvent) = "member",
    ThirdParty(ThirdPartyEvent) = "third_party",
    Client(ClientEvent) = "client",
    Token(TokenEvent) = "token",
    Authorization(AuthorizationEvent) = "authorization",
    Consent(ConsentEvent) = "consent",
}

/// Why a stored event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    /// The stream type is not one of ours: the database is newer than the program.
    #[error("unknown stream type {0:?}: was it written by a newer version?")]
    StreamType(String),
    /// The event's type or payload is not known.
    #[error("unreadable event: {0}")]
    Shape(#[source] serde_json::Error),
}

/// Implements [`Aggregate`], by its `decide` and `evolve`, and [`JournaledAggregate`] for an aggregate, and the naming half
/// of [`DomainEvent`] for its event enum.
/// Every event is at version 1; the first shape that changes brings its own numbers.
macro_rules! journaled {
    (
        $aggregate:ident = $stream_type:literal,
        $command:ident,
        $event:ident,
        $error:ident,
        [$($name:ident),+ $(,)?] $(,)?
    ) => {
        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = $stream_type;
            type Command = $command;
            type Event = $event;
            type Error = $error;
            type Services = $crate::Services;

            async fn handle(
                &mut self,
                command: $command,
                services: &$crate::Services,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), $error> {
                if let Some(event) = self.decide(command, services.as_ref())? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: $event) {
                self.evolve(event);
            }
        }

        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                match self { $(Self::$name { .. } => stringify!($name).to_owned()),+ }
            }

            fn event_version(&self) -> String {
                "1".to_owned()
            }
        }

        impl $event {
            /// The names of all event types of this aggregate.
            pub const TYPES: &[&str] = &[$(stringify!($name)),+];
        }

        impl $crate::JournaledAggregate for $aggregate {
            fn references(&self, id: $crate::StreamId) -> $crate::References {
                self.refers_to(id)
            }

            fn event(event: $crate::JournalEvent) -> Option<$event> {
                match event {
                    $crate::JournalEvent::$aggregate(event) => Some(event),
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use journaled;

/// Why a command was refused, by whichever aggregate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is named after the aggregate whose error it wraps")]
pub enum DomainError {
    #[error(transparent)]
    Organization(#[from] crate::OrganizationError),
    #[error(transparent)]
    Member(#[from] crate::MemberError),
    #[error(transparent)]
    ThirdParty(#[from] crate::ThirdPartyError),
    #[error(transparent)]
    Client(#[from] crate::ClientError),
    #[error(transparent)]
    Token(#[from] crate::TokenError),
    #[error(transparent)]
    Authorization(#[from] crate::AuthorizationError),
    #[error(transparent)]
    Consent(#[from] crate::ConsentError),
}
