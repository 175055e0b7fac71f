//! What the rules need from outside: time, randomness, and commitments of personal data.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ClientId, MemberId, Personal, SubjectId};

/// The ports of the domain. Implemented once for production (`persistence`) and once for tests.
pub trait DomainServices: Send + Sync {
    /// The instant of the unit of work, in whole microseconds. The same for all its commands.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` from a cryptographically secure source.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Commits to a piece of personal data: the event keeps the commitment, the disclosure is stored apart and can be
    /// erased. `label` says what the value is (`contact_email`).
    fn commit(&self, subject: SubjectId, label: &'static str, value: &str) -> Personal;

    /// The value behind a commitment, or `None` when it was erased.
    fn reveal(&self, personal: &Personal) -> Option<String>;

    /// A new identifier (UUID version 7: ordered by time, 74 random bits).
    fn new_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.fill_random(&mut random);
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// The services as aggregates receive them.
pub type Services = Arc<dyn DomainServices>;

/// Who did it. Stored in the record of every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenActor", into = "WrittenActor")]
pub enum Actor {
    /// A signed-in member of the organization.
    Member(MemberId),
    /// An authenticated OAuth client of the organization.
    Client(ClientId),
    /// Countersign itself (expiry, aggregation of failures).
    System,
    /// Whoever runs the installation, through the command line.
    Operator,
    /// One of those who run the installation, through the operator pages or the JSON API: a member of the operators'
    /// organization, whom other organizations don't know.
    OperatorMember(MemberId),
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenActor {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
}

impl From<Actor> for WrittenActor {
    fn from(actor: Actor) -> Self {
        Self { kind: actor.kind().to_owned(), id: actor.id() }
    }
}

impl TryFrom<WrittenActor> for Actor {
    type Error = &'static str;

    fn try_from(WrittenActor { kind, id }: WrittenActor) -> Result<Self, Self::Error> {
        match (kind.as_str(), id) {
            ("member", Some(id)) => Ok(Self::Member(MemberId(id))),
            ("client", Some(id)) => Ok(Self::Client(ClientId(id))),
            ("system", None) => Ok(Self::System),
            ("operator", None) => Ok(Self::Operator),
            ("operator", Some(id)) => Ok(Self::OperatorMember(MemberId(id))),
            _ => Err("not a member, client, system or operator"),
        }
    }
}

impl Actor {
    /// The identifier of the member or client; `None` for the system and the command line's operator.
    pub fn id(&self) -> Option<Uuid> {
        match self {
            Self::Member(id) | Self::OperatorMember(id) => Some(id.0),
            Self::Client(id) => Some(id.0),
            Self::System | Self::Operator => None,
        }
    }

    /// The kind as it is written in records: `member`, `client`, `system` or `operator`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Client(_) => "client",
            Self::System => "system",
            Self::Operator | Self::OperatorMember(_) => "operator",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "{} {id}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}
