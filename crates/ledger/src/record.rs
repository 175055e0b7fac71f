//! The record: one event as it is hashed, stored, exported and replayed. Format 1.
//!
//! A record is one line of JSON with its members in a fixed order and no white space. It is written once; afterwards
//! only its bytes count.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The format that [`assemble`] writes.
pub const FORMAT: u16 = 1;

/// The longest record, in bytes: the length prefix of a C2SP tlog-tiles entry bundle has 16 bits.
pub const MAXIMUM_LENGTH: usize = 65_535;

/// Room for what [`assemble`] puts before the tail.
const HEAD_LENGTH: usize = 170;

/// The longest tail that fits into a record whatever its position, in bytes.
pub const MAXIMUM_TAIL_LENGTH: usize = MAXIMUM_LENGTH - HEAD_LENGTH;

/// A record that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The bytes are not a record.
    #[error("not a journal record: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The record was written by a newer version.
    #[error("record format {0} is newer than this program, which reads format {FORMAT}")]
    Format(u16),
}

/// A salted commitment to personal data and whose data it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// The subject whose erasure destroys the disclosure.
    pub subject: Uuid,
    /// See [`crate::Disclosure::sha256`].
    pub sha256: String,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordActor {
    /// `member`, `client`, `system` or `operator`.
    pub kind: String,
    /// Which member or client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

/// Where the event stands in its own stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordStream {
    /// The type of aggregate.
    #[serde(rename = "type")]
    pub stream_type: String,
    /// Which one.
    pub id: Uuid,
    /// 1, 2, 3 … within the stream.
    pub version: u64,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordEvent {
    /// The event's type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version of the payload's shape.
    pub version: u16,
    /// The payload, exactly as written.
    pub payload: Box<RawValue>,
}

/// Everything of a record that is known before its position is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordTail {
    /// Who did it.
    pub actor: RecordActor,
    /// Through what: `web`, `api`, `oauth`, `command_line` or `worker`.
    pub via: String,
    /// The request that caused it.
    pub request: Uuid,
    /// Commitment to the network address and user agent.
    pub source: Option<Commitment>,
    /// Commitment to the reason that the actor gave.
    pub reason: Option<Commitment>,
    /// The stream it belongs to.
    pub stream: RecordStream,
    /// The third party it concerns.
    pub third_party: Option<Uuid>,
    /// The client it concerns.
    pub client: Option<Uuid>,
    /// The token it concerns.
    pub token: Option<Uuid>,
    /// What happened.
    pub event: RecordEvent,
}

/// A whole record of format 1.
#[derive(Debug, Clone)]
pub struct Record {
    /// The organization whose journal it belongs to.
    pub organization: Uuid,
    /// 1, 2, 3 … within the organization, no gaps.
    pub position: u64,
    /// When, in whole microseconds; never earlier than the record before.
    pub occurred_at: Timestamp,
    /// The rest.
    pub tail: RecordTail,
}

/// Writes the bytes of a record: the head, then the tail (a JSON object as [`RecordTail`] serializes).
pub fn assemble(organization: Uuid, position: u64, occurred_at: Timestamp, tail: &str) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD_LENGTH + tail.len());
    record.extend_from_slice(
        format!(
            "{{\"format\":{FORMAT},\"organization\":\"{organization}\",\"position\":{position},\"occurred_at\":\"{occurred_at:.6}\","
        )
        .as_bytes(),
    );
    record.extend_from_slice(tail.strip_prefix('{').unwrap_or(tail).as_bytes());
    record
}

impl Record {
    /// Reads the bytes of a record of a known format.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Format {
            format: u16,
        }
        #[derive(Deserialize)]
        struct Head {
            organization: Uuid,
            position: u64,
            occurred_at: Timestamp,
        }
        let Format { format } = serde_json::from_slice(bytes)?;
        if format != FORMAT {
            return Err(RecordError::Format(format));
        }
        let Head { organization, position, occurred_at } = serde_json::from_slice(bytes)?;
        Ok(Self { organization, position, occurred_at, tail: serde_json::from_slice(bytes)? })
    }
}
