//! From stored records to entries: names, disclosures, words.

use std::collections::BTreeSet;

use countersign_domain::{JournalEvent, OrganizationId};
use countersign_ledger::Record;
use countersign_ledger::record::Commitment;
use tokio_postgres::Row;
use uuid::Uuid;

use super::super::ERASED;
use super::super::conditions::Conditions;
use super::super::tokens::{masked_token, token_kind};
use super::words::{Labels, describe};
use super::{ActorSummary, AuditEntry, Reference};
use crate::journal::{commitments, load_disclosures, read_record};
use crate::projections::Disclosed;
use crate::{Source, Store, StoreError};

/// A record with what people call the things that it refers to.
pub(super) struct NamedRecord {
    raw: String,
    record: Record,
    event: JournalEvent,
    third_party: Option<String>,
    client: Option<String>,
    token: Option<String>,
    /// The member whom the event is about.
    member: Option<String>,
    actor: Option<String>,
}

/// The records that fulfil the conditions, newest first whatever the order that picks them.
pub(super) async fn select(
    store: &Store,
    organization: OrganizationId,
    conditions: &Conditions,
    order: &str,
) -> Result<Vec<NamedRecord>, StoreError> {
    let sql = format!(
        "WITH picked AS (SELECT * FROM events e WHERE {} {order}) \
         SELECT e.record, p.name, c.identifier, t.kind, t.last_four, coalesce(m.name, m.email), \
             coalesce(am.name, am.email, ac.identifier) \
         FROM picked e \
         LEFT JOIN third_parties p ON p.org_id = e.org_id AND p.third_party_id = e.third_party_id \
         LEFT JOIN clients c ON c.org_id = e.org_id AND c.client_id = e.client_id \
         LEFT JOIN tokens t ON t.org_id = e.org_id AND t.token_id = e.token_id \
         LEFT JOIN members m ON m.org_id = e.org_id AND m.member_id = e.stream_id \
         LEFT JOIN members am ON am.org_id = e.org_id AND am.member_id = e.actor_id \
         LEFT JOIN clients ac ON ac.org_id = e.org_id AND ac.client_id = e.actor_id \
         ORDER BY e.position DESC",
        conditions.sql(),
    );
    let rows = store.pool().read(organization, &sql, &conditions.parameters()).await?;
    rows.iter().map(named_record).collect()
}

fn named_record(row: &Row) -> Result<NamedRecord, StoreError> {
    let bytes: &[u8] = row.try_get(0)?;
    let (record, event) = read_record(bytes)?;
    let token = match (row.try_get::<_, Option<&str>>(3)?, row.try_get::<_, Option<&str>>(4)?) {
        (Some(kind), Some(last_four)) => Some(masked_token(token_kind(kind)?, last_four)),
        _ => None,
    };
    Ok(NamedRecord {
        raw: String::from_utf8_lossy(bytes).into_owned(),
        record,
        event,
        third_party: row.try_get(1)?,
        client: row.try_get(2)?,
        token,
        member: row.try_get(5)?,
        actor: row.try_get(6)?,
    })
}

/// The entries of the records. Opens exactly the disclosures that they need, all at once.
pub(super) async fn read(
    store: &Store,
    organization: OrganizationId,
    records: &[NamedRecord],
) -> Result<Vec<AuditEntry>, StoreError> {
    let commitments = records.iter().flat_map(|named| all_commitments(&named.record)).collect::<BTreeSet<_>>();
    let disclosed = if commitments.is_empty() {
        Disclosed::new()
    } else {
        let key = store.data_keys().get(organization).await?;
        load_disclosures(store.pool(), organization, &key, commitments.into_iter().collect()).await?
    };
    Ok(records.iter().map(|named| entry(named, &disclosed)).collect())
}

/// What a record commits to: the event's personal data, the source and the reason.
fn all_commitments(record: &Record) -> BTreeSet<String> {
    let mut found = commitments(record);
    let around = [&record.tail.source, &record.tail.reason];
    found.extend(around.into_iter().flatten().map(|commitment| commitment.sha256.clone()));
    found
}

fn entry(named: &NamedRecord, disclosed: &Disclosed) -> AuditEntry {
    let Record { position, occurred_at, tail, .. } = &named.record;
    let labels = Labels {
        third_party: named.third_party.as_deref(),
        client: named.client.as_deref(),
        token: named.token.as_deref(),
        member: named.member.as_deref(),
        disclosed,
    };
    let (sentence, changes) = describe(&named.event, &labels);
    AuditEntry {
        position: *position,
        occurred_at: *occurred_at,
        event_type: tail.event.event_type.clone(),
        stream_type: tail.stream.stream_type.clone(),
        stream_id: tail.stream.id,
        stream_version: tail.stream.version,
        actor: ActorSummary { kind: tail.actor.kind.clone(), id: tail.actor.id, name: named.actor.clone() },
        via: tail.via.clone(),
        request: tail.request,
        source: tail.source.as_ref().map(|commitment| source(commitment, disclosed)),
        reason: tail
            .reason
            .as_ref()
            .map(|commitment| disclosed.get(&commitment.sha256).cloned().unwrap_or_else(|| ERASED.to_owned())),
        third_party: reference(tail.third_party, named.third_party.as_ref()),
        client: reference(tail.client, named.client.as_ref()),
        token: reference(tail.token, named.token.as_ref()),
        sentence,
        changes,
        raw: named.raw.clone(),
    }
}

fn source(commitment: &Commitment, disclosed: &Disclosed) -> Source {
    disclosed
        .get(&commitment.sha256)
        .and_then(|text| Source::from_disclosed_text(text))
        .unwrap_or_else(|| Source { address: ERASED.to_owned(), user_agent: ERASED.to_owned() })
}

/// What is referred to, by its identifier where it has no name.
fn reference<I: From<Uuid>>(id: Option<Uuid>, label: Option<&String>) -> Option<Reference<I>> {
    id.map(|id| Reference { id: id.into(), label: label.cloned().unwrap_or_else(|| id.to_string()) })
}
