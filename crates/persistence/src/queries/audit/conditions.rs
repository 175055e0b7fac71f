//! The filter of the timeline as conditions on events `e`.

use countersign_domain::{MemberId, OrganizationId};

use super::super::conditions::{Conditions, filled};
use super::super::{containing, storable};
use super::AuditFilter;

/// What [`countersign_domain::Actor::kind`] can be.
const ACTOR_KINDS: [&str; 4] = ["member", "client", "system", "operator"];

/// The conditions of a filter.
pub(super) fn conditions(organization: OrganizationId, filter: &AuditFilter) -> Conditions {
    let mut conditions = Conditions::within(organization, "e.org_id = $1");
    if let Some(third_party) = filter.third_party {
        conditions.push("e.third_party_id = ?", third_party.uuid());
    }
    if let Some(client) = filter.client {
        conditions.push("e.client_id = ?", client.uuid());
    }
    if let Some(token) = filter.token {
        // A token is a stream of its own, so the index of streams serves.
        conditions.push("e.stream_id = ?", token.uuid());
    }
    if let Some(stream) = filter.member.map(MemberId::uuid) {
        conditions.push("e.stream_type = 'member' AND e.stream_id = ?", stream);
    }
    if let Some(stream) = filter.stream {
        conditions.push("e.stream_id = ?", stream);
    }
    if let Some(event_type) = filled(filter.event_type.as_ref()) {
        conditions.push("e.event_type = ?", storable(event_type));
    }
    if let Some(from) = filter.from {
        conditions.push("e.occurred_at >= ?", from);
    }
    if let Some(until) = filter.until {
        conditions.push("e.occurred_at < ?", until);
    }
    if filter.without_routine {
        // As the index of such events has it.
        conditions.and("(e.actor_id = e.client_id) IS NOT TRUE");
    }
    if let Some(actor) = filled(filter.actor.as_ref()) {
        push_actor(&mut conditions, actor);
    }
    if let Some(text) = filled(filter.text.as_ref()) {
        push_text(&mut conditions, text);
    }
    conditions
}

/// Names are looked up; only for a kind, which no column holds, are the records opened.
fn push_actor(conditions: &mut Conditions, actor: &str) {
    let part = conditions.bind(containing(actor));
    let by_name = format!(
        "e.actor_id IN (SELECT member_id FROM members WHERE org_id = $1 AND (name ILIKE {part} OR email ILIKE {part}) \
         UNION ALL SELECT client_id FROM clients WHERE org_id = $1 AND identifier ILIKE {part})"
    );
    let kind = storable(actor).to_lowercase();
    if ACTOR_KINDS.contains(&kind.as_str()) {
        let kind = conditions.bind(kind);
        conditions.and(&format!("({by_name} OR convert_from(e.record, 'UTF8')::json #>> '{{actor,kind}}' = {kind})"));
    } else {
        conditions.and(&by_name);
    }
}

/// The record is JSON, so the text is looked for as JSON writes it; names are looked for as they are.
fn push_text(conditions: &mut Conditions, text: &str) {
    let quoted = serde_json::Value::from(storable(text)).to_string();
    let as_json = &quoted[1..quoted.len() - 1];
    let (part, in_json) = (conditions.bind(containing(text)), conditions.bind(containing(as_json)));
    conditions.and(&format!(
        "(e.event_type ILIKE {part} OR convert_from(e.record, 'UTF8') ILIKE {in_json} \
         OR e.third_party_id IN (SELECT third_party_id FROM third_parties WHERE org_id = $1 AND name ILIKE {part}) \
         OR e.client_id IN (SELECT client_id FROM clients WHERE org_id = $1 AND identifier ILIKE {part}) \
         OR ARRAY[e.stream_id, e.actor_id] && ARRAY(SELECT member_id FROM members \
             WHERE org_id = $1 AND (name ILIKE {part} OR email ILIKE {part})))"
    ));
}
