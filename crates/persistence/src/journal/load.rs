//! Reading streams back.

use std::collections::BTreeSet;

use countersign_domain::{JournalEvent, OrganizationId, StreamId};
use countersign_ledger::{Disclosure, Record};
use serde_json::Value;

use crate::pool::Pool;
use crate::projections::Disclosed;
use crate::sealing::{Place, SealingError, SealingKey};
use crate::{StoreError, pool::parameters};

/// An event of a stream, with its version.
#[derive(Debug, Clone)]
pub(crate) struct LoadedEvent {
    pub version: u64,
    pub event: JournalEvent,
    /// The commitments that the event holds.
    pub commitments: Vec<String>,
}

/// All events of a stream in their order; none when the organization has no such stream.
pub(crate) async fn load_stream(
    pool: &Pool,
    organization: OrganizationId,
    stream: StreamId,
) -> Result<Vec<LoadedEvent>, StoreError> {
    let rows = pool
        .read(
            organization,
            "SELECT record FROM events WHERE org_id = $1 AND stream_id = $2 ORDER BY stream_version",
            parameters![organization.uuid(), stream],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (record, event) = read_record(row.try_get(0)?)?;
            let commitments = commitments(&record).into_iter().collect();
            Ok(LoadedEvent { version: record.tail.stream.version, event, commitments })
        })
        .collect()
}

/// Reads the stored bytes of a record and the event in it.
pub(crate) fn read_record(bytes: &[u8]) -> Result<(Record, JournalEvent), StoreError> {
    let record = Record::parse(bytes)?;
    let tail = &record.tail;
    let json = serde_json::json!({ "type": tail.event.event_type, "payload": tail.event.payload });
    let event = JournalEvent::from_json(&tail.stream.stream_type, json)?;
    Ok((record, event))
}

/// The commitments that the event of a record holds.
pub(crate) fn commitments(record: &Record) -> BTreeSet<String> {
    let payload = serde_json::from_str(record.tail.event.payload.get()).unwrap_or_default();
    let mut found = BTreeSet::new();
    collect_commitments(&payload, &mut found);
    found
}

/// Finds every commitment in a payload: an object with a subject and a SHA-256.
fn collect_commitments(payload: &Value, found: &mut BTreeSet<String>) {
    match payload {
        Value::Object(members) => {
            if let (Some(Value::String(sha256)), true) = (members.get("sha256"), members.contains_key("subject")) {
                found.insert(sha256.clone());
            }
            members.values().for_each(|value| collect_commitments(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_commitments(value, found)),
        _ => {}
    }
}

/// The values behind the given commitments, without those that were erased.
pub(crate) async fn load_disclosures(
    pool: &Pool,
    organization: OrganizationId,
    key: &SealingKey,
    commitments: Vec<String>,
) -> Result<Disclosed, StoreError> {
    if commitments.is_empty() {
        return Ok(Disclosed::new());
    }
    let rows = pool
        .read(
            organization,
            "SELECT sha256, sealed FROM disclosures WHERE org_id = $1 AND sha256 = ANY($2)",
            parameters![organization.uuid(), commitments],
        )
        .await?;
    rows.iter().map(|row| open_disclosure(organization, key, row.try_get(0)?, row.try_get(1)?)).collect()
}

/// Opens a stored disclosure and makes sure that it is the one committed to.
pub(crate) fn open_disclosure(
    organization: OrganizationId,
    key: &SealingKey,
    sha256: &str,
    sealed: &[u8],
) -> Result<(String, String), StoreError> {
    let encoded = key.open(disclosure_place(organization, sha256), sealed)?;
    let disclosure = String::from_utf8(encoded)
        .ok()
        .and_then(|encoded| Disclosure::parse(&encoded).ok())
        .filter(|disclosure| disclosure.sha256() == sha256)
        .ok_or(SealingError::Unopenable)?;
    Ok((sha256.to_owned(), disclosure.value().to_owned()))
}

/// Where the disclosure behind a commitment stands.
pub(crate) fn disclosure_place(organization: OrganizationId, sha256: &str) -> Place<'_> {
    Place { organization, table: "disclosures", row: sha256, column: "sealed" }
}
