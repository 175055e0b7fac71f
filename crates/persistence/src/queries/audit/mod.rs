//! The timeline: the journal of an organization in words, newest first.
//!
//! A page costs two round trips, however many entries it has: one for the records with the names of what they refer
//! to, one for the disclosures behind their commitments.

mod conditions;
mod entry;
mod words;

use countersign_domain::{ClientId, MemberId, OrganizationId, ThirdPartyId, TokenId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::conditions::filled;
use super::storable;
use crate::{Source, Store, StoreError};
use conditions::conditions;

/// The most entries in one page.
pub const LONGEST_PAGE: u32 = 1000;

/// Which entries to show; those that fulfil all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditFilter {
    /// A part of the event's type or the record's text, or of the name of a third party, client or member concerned.
    pub text: Option<String>,
    /// Who did it: a part of a member's name or e-mail address or of a Client ID, or a kind (`member`, `client`,
    /// `system`, `operator`).
    pub actor: Option<String>,
    /// The event's type, exactly.
    pub event_type: Option<String>,
    /// The third party concerned.
    pub third_party: Option<ThirdPartyId>,
    /// The client concerned.
    pub client: Option<ClientId>,
    /// The token concerned.
    pub token: Option<TokenId>,
    /// The member concerned (for what the member did, see `actor`).
    pub member: Option<MemberId>,
    /// The stream.
    pub stream: Option<Uuid>,
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The instant before which the last one lies.
    pub until: Option<Timestamp>,
    /// Not what clients do by themselves: the tokens that they get, by the thousand.
    pub without_routine: bool,
}

impl AuditFilter {
    /// The same filter without NUL, which PostgreSQL refuses and which no stored text holds.
    pub(crate) fn storable(&self) -> Self {
        let without = |text: &Option<String>| text.as_deref().map(storable);
        Self {
            text: without(&self.text),
            actor: without(&self.actor),
            event_type: without(&self.event_type),
            ..self.clone()
        }
    }

    /// The names of what is asked for, without what.
    pub fn names_of_set(&self) -> Vec<&'static str> {
        let all = [
            ("text", filled(self.text.as_ref()).is_some()),
            ("actor", filled(self.actor.as_ref()).is_some()),
            ("event", filled(self.event_type.as_ref()).is_some()),
            ("third_party", self.third_party.is_some()),
            ("client", self.client.is_some()),
            ("token", self.token.is_some()),
            ("member", self.member.is_some()),
            ("stream", self.stream.is_some()),
            ("routine", self.without_routine),
            ("from", self.from.is_some()),
            ("until", self.until.is_some()),
        ];
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
    }
}

/// Where a page begins. Positions stay, so a page is the same whatever was added since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditCursor {
    /// With the newest entry.
    #[default]
    Newest,
    /// With the newest entry before a position: further back.
    Before(u64),
    /// So that it ends with the oldest entry after a position: further on.
    After(u64),
}

/// Which page of the filtered entries to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPage {
    /// Where it begins.
    pub cursor: AuditCursor,
    /// The most entries that it may have, 1 to [`LONGEST_PAGE`].
    pub limit: u32,
}

/// A page of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntries {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// The position for [`AuditCursor::Before`] that continues with older entries; `None` at the end.
    pub older: Option<u64>,
    /// The position for [`AuditCursor::After`] that continues with newer entries; `None` at the beginning.
    pub newer: Option<u64>,
}

/// Something that an entry refers to, with what people call it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference<I> {
    /// Which one.
    pub id: I,
    /// What people call it: the name, the Client ID, or the masked token.
    pub label: String,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorSummary {
    /// `member`, `client`, `system` or `operator`.
    pub kind: String,
    /// Which member or client.
    pub id: Option<Uuid>,
    /// The member's name or the Client ID, as it is now; `None` for the others and once erased.
    pub name: Option<String>,
}

/// A value before and after, in words. Personal data that was erased shows as [`super::ERASED`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// What the value is, as the pages call it.
    pub field: &'static str,
    /// The value until then; `None` where there was none.
    pub from: Option<String>,
    /// The value from then on; `None` where there is none.
    pub to: Option<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the journal.
    pub position: u64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The event's type.
    pub event_type: String,
    /// The type of the stream that it belongs to.
    pub stream_type: String,
    /// The stream.
    pub stream_id: Uuid,
    /// Its place in the stream.
    pub stream_version: u64,
    /// Who did it.
    pub actor: ActorSummary,
    /// Through what: `web`, `api`, `oauth`, `command_line` or `worker`.
    pub via: String,
    /// The request that caused it.
    pub request: Uuid,
    /// From where, if that was known; both parts are [`super::ERASED`] once erased.
    pub source: Option<Source>,
    /// Why, if the actor said so; [`super::ERASED`] once erased.
    pub reason: Option<String>,
    /// The third party concerned.
    pub third_party: Option<Reference<ThirdPartyId>>,
    /// The client concerned.
    pub client: Option<Reference<ClientId>>,
    /// The token concerned.
    pub token: Option<Reference<TokenId>>,
    /// What happened, such as `Switched token cs_mt_…a9F2 off`. The subject is the actor.
    pub sentence: String,
    /// What changed.
    pub changes: Vec<FieldChange>,
    /// The record as it was hashed: one line of JSON.
    pub raw: String,
}

/// A page of the entries that pass the filter.
pub async fn timeline(
    store: &Store,
    organization: OrganizationId,
    filter: &AuditFilter,
    page: AuditPage,
) -> Result<AuditEntries, StoreError> {
    let limit = page.limit.clamp(1, LONGEST_PAGE) as usize;
    let mut conditions = conditions(organization, filter);
    let forwards = matches!(page.cursor, AuditCursor::After(_));
    match page.cursor {
        AuditCursor::Newest => {}
        AuditCursor::Before(position) => conditions.push("e.position < ?", signed(position)),
        AuditCursor::After(position) => conditions.push("e.position > ?", signed(position)),
    }
    let direction = if forwards { "ASC" } else { "DESC" };
    // One more than fits, to see whether there are more in this direction.
    let order = format!("ORDER BY e.position {direction} LIMIT {}", limit + 1);
    let mut rows = entry::select(store, organization, &conditions, &order).await?;
    let has_more = rows.len() > limit;
    if forwards {
        // The entry too many is the newest.
        rows.drain(..usize::from(has_more));
    } else {
        rows.truncate(limit);
    }
    let entries = entry::read(store, organization, &rows).await?;
    let newest = entries.first().map(|entry| entry.position);
    let oldest = entries.last().map(|entry| entry.position);
    // In the other direction lies at least the page that the cursor came from.
    let (older, newer) = match page.cursor {
        AuditCursor::Newest => (oldest.filter(|_| has_more), None),
        AuditCursor::Before(position) => {
            (oldest.filter(|_| has_more), Some(newest.unwrap_or(position.saturating_sub(1))))
        }
        AuditCursor::After(position) => {
            (Some(oldest.unwrap_or(position.saturating_add(1))), newest.filter(|_| has_more))
        }
    };
    Ok(AuditEntries { entries, older, newer })
}

/// The next entries after a position and up to another that pass the filter, oldest first.
pub(crate) async fn in_order(
    store: &Store,
    organization: OrganizationId,
    filter: &AuditFilter,
    after: u64,
    up_to: u64,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let mut conditions = conditions(organization, filter);
    conditions.push("e.position > ?", signed(after));
    conditions.push("e.position <= ?", signed(up_to));
    let order = format!("ORDER BY e.position ASC LIMIT {limit}");
    let rows = entry::select(store, organization, &conditions, &order).await?;
    let mut entries = entry::read(store, organization, &rows).await?;
    entries.reverse();
    Ok(entries)
}

/// How many entries pass the filter, up to a position; no more than `most` are counted.
pub async fn count(
    store: &Store,
    organization: OrganizationId,
    filter: &AuditFilter,
    up_to: Option<u64>,
    most: u64,
) -> Result<u64, StoreError> {
    let mut conditions = conditions(organization, filter);
    if let Some(up_to) = up_to {
        conditions.push("e.position <= ?", signed(up_to));
    }
    let sql = format!("SELECT count(*) FROM (SELECT FROM events e WHERE {} LIMIT {most}) counted", conditions.sql());
    let rows = store.pool().read(organization, &sql, &conditions.parameters()).await?;
    let count: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    Ok(count.unsigned_abs())
}

/// The entry at a position.
pub async fn entry(
    store: &Store,
    organization: OrganizationId,
    position: u64,
) -> Result<Option<AuditEntry>, StoreError> {
    let mut conditions = conditions(organization, &AuditFilter::default());
    conditions.push("e.position = ?", signed(position));
    let rows = entry::select(store, organization, &conditions, "").await?;
    Ok(entry::read(store, organization, &rows).await?.into_iter().next())
}

fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
