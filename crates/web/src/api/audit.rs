//! `GET /api/v1/orgs/{org}/audit`

use actix_web::{HttpResponse, web};
use countersign_domain::{ClientId, InvalidValue, ThirdPartyId, TokenId};
use countersign_persistence::queries::audit::{
    self, AuditCursor, AuditEntry, AuditFilter, AuditPage, FieldChange, LONGEST_PAGE, Reference,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::problem::QueryProblems;
use super::query::{Check, Query, boolean, identifier, instant, number};
use crate::WebError;
use crate::caller::{ApiCaller, ReadAudit};
use crate::state::AppState;

const DEFAULT_LIMIT: u32 = 100;

/// Which entries to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// A part of the event's type or the record's text, or of the name of a third party, client or member concerned.
    q: Option<String>,
    /// Who did it: a part of a name, an e-mail address or a Client ID, or `member`, `client`, `system`, `operator`.
    actor: Option<String>,
    /// The event's type.
    #[param(example = "TokenIssued")]
    event: Option<String>,
    /// The third party concerned.
    #[param(value_type = Option<Uuid>)]
    third_party: Option<String>,
    /// The client concerned, by the id of its record.
    #[param(value_type = Option<Uuid>)]
    client: Option<String>,
    /// The token concerned, by its id.
    #[param(value_type = Option<Uuid>)]
    token: Option<String>,
    /// The member concerned.
    #[param(value_type = Option<Uuid>)]
    member: Option<String>,
    /// The first instant.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The instant before which the last one lies.
    #[param(format = DateTime)]
    until: Option<String>,
    /// `false` leaves out what clients do by themselves: the tokens that they get, by the thousand.
    #[param(value_type = Option<bool>)]
    routine: Option<String>,
    /// Only entries before this position: further back.
    #[param(value_type = Option<u64>)]
    before: Option<String>,
    /// Only entries after this position: further on.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
    /// How many: 1 to 1000, by default 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// A page of the journal, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AuditList {
    /// The entries.
    entries: Vec<AuditEntryView>,
    /// For `before`, to continue with older entries; null at the end.
    older: Option<u64>,
    /// For `after`, to continue with newer entries; null at the beginning.
    newer: Option<u64>,
}

/// An event.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AuditEntryView {
    /// Its place in the organization's journal: 1, 2, 3 …
    position: u64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// Its type.
    #[schema(example = "TokenIssued")]
    event: String,
    /// What happened, in words.
    sentence: String,
    /// Who did it.
    actor: ActorView,
    /// Through what: `web`, `api`, `oauth`, `command_line` or `worker`.
    via: String,
    /// The request that caused it.
    request_id: Uuid,
    /// From where; null if that is not known.
    source: Option<SourceView>,
    /// Why, if the actor said so.
    reason: Option<String>,
    /// The third party concerned.
    third_party: Option<ReferenceView>,
    /// The client concerned.
    client: Option<ReferenceView>,
    /// The token concerned.
    token: Option<ReferenceView>,
    /// What changed.
    changes: Vec<ChangeView>,
    /// The record as it was hashed.
    record: String,
}

/// Who did it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ActorView {
    /// `member`, `client`, `system` or `operator`.
    kind: String,
    /// Which member or client.
    id: Option<Uuid>,
    /// The member's name or the Client ID.
    name: Option<String>,
}

/// From where a request came.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SourceView {
    /// The network address.
    address: String,
    /// The user agent.
    user_agent: String,
}

/// Something that an event is about.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReferenceView {
    /// Which one.
    id: Uuid,
    /// What people call it.
    label: String,
}

/// A value before and after.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeView {
    /// What the value is.
    field: &'static str,
    /// Until then.
    from: Option<String>,
    /// From then on.
    to: Option<String>,
}

/// Lists what happened, newest first
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/audit",
    tag = "Audit",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), AuditQuery),
    responses((status = 200, description = "A page of the journal", body = AuditList), QueryProblems),
    security(("session" = ["ReadAudit"]))
)]
pub(crate) async fn list_audit(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadAudit>,
    Query(query): Query<AuditQuery>,
) -> Result<HttpResponse, WebError> {
    let (filter, page) = checked(query)?;
    let found = audit::timeline(&state.store, caller.organization.id, &filter, page).await?;
    Ok(HttpResponse::Ok().json(AuditList {
        entries: found.entries.into_iter().map(AuditEntryView::from).collect(),
        older: found.older,
        newer: found.newer,
    }))
}

fn checked(query: AuditQuery) -> Result<(AuditFilter, AuditPage), WebError> {
    let mut check = Check::default();
    let filter = AuditFilter {
        third_party: check.optional("third_party", query.third_party.as_deref(), identifier),
        client: check.optional("client", query.client.as_deref(), identifier),
        token: check.optional("token", query.token.as_deref(), identifier),
        member: check.optional("member", query.member.as_deref(), identifier),
        from: check.optional("from", query.from.as_deref(), instant),
        until: check.optional("until", query.until.as_deref(), instant),
        text: query.q,
        actor: query.actor,
        event_type: query.event,
        stream: None,
        without_routine: check.optional("routine", query.routine.as_deref(), boolean).is_some_and(|routine| !routine),
    };
    let before = check.optional("before", query.before.as_deref(), position);
    let after = check.optional("after", query.after.as_deref(), position);
    let limit = check.optional("limit", query.limit.as_deref(), number(1, LONGEST_PAGE)).unwrap_or(DEFAULT_LIMIT);
    check.finish()?;
    let cursor = match (before, after) {
        (None, None) => AuditCursor::Newest,
        (Some(position), None) => AuditCursor::Before(position),
        (None, Some(position)) => AuditCursor::After(position),
        (Some(_), Some(_)) => return Err(WebError::field("after", &InvalidValue("Use before or after".into()))),
    };
    Ok((filter, AuditPage { cursor, limit }))
}

fn position(text: &str) -> Result<u64, InvalidValue> {
    text.parse().map_err(|_| InvalidValue("Use a position: a whole number".into()))
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            position: entry.position,
            occurred_at: entry.occurred_at,
            event: entry.event_type,
            sentence: entry.sentence,
            actor: ActorView { kind: entry.actor.kind, id: entry.actor.id, name: entry.actor.name },
            via: entry.via,
            request_id: entry.request,
            source: entry.source.map(|source| SourceView { address: source.address, user_agent: source.user_agent }),
            reason: entry.reason,
            third_party: entry.third_party.map(|reference| ReferenceView::of(reference, ThirdPartyId::uuid)),
            client: entry.client.map(|reference| ReferenceView::of(reference, ClientId::uuid)),
            token: entry.token.map(|reference| ReferenceView::of(reference, TokenId::uuid)),
            changes: entry.changes.into_iter().map(ChangeView::from).collect(),
            record: entry.raw,
        }
    }
}

impl ReferenceView {
    fn of<I>(reference: Reference<I>, uuid: impl Fn(I) -> Uuid) -> Self {
        Self { id: uuid(reference.id), label: reference.label }
    }
}

impl From<FieldChange> for ChangeView {
    fn from(change: FieldChange) -> Self {
        Self { field: change.field, from: change.from, to: change.to }
    }
}
