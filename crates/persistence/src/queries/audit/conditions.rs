//! The filter as a `WHERE` clause. Only what was asked for stands in it, so that PostgreSQL can plan for it; the number
//! of different statements stays small.

use countersign_domain::{MemberId, OrganizationId};
use tokio_postgres::types::ToSql;

use super::super::{containing, storable};
use super::AuditFilter;

/// What [`countersign_domain::Actor::kind`] can be.
const ACTOR_KINDS: [&str; 4] = ["member", "client", "system", "operator"];

/// Conditions on events `e`, all of which must hold, with their parameters. `$1` is the organization.
pub(super) struct Conditions {
    sql: String,
    parameters: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// The conditions of a filter.
    pub fn of(organization: OrganizationId, filter: &AuditFilter) -> Self {
        let mut conditions = Self { sql: "e.org_id = $1".to_owned(), parameters: vec![Box::new(organization.uuid())] };
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
        if let Some(actor) = filled(filter.actor.as_ref()) {
            conditions.push_actor(actor);
        }
        if let Some(text) = filled(filter.text.as_ref()) {
            conditions.push_text(text);
        }
        conditions
    }

    /// Adds a condition; every `?` stands for the value.
    pub fn push(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static) {
        let parameter = self.bind(value);
        self.and(&condition.replace('?', &parameter));
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Takes a value and answers the parameter's name.
    fn bind(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.parameters.push(Box::new(value));
        format!("${}", self.parameters.len())
    }

    /// Names are looked up; only for a kind, which no column holds, are the records opened.
    fn push_actor(&mut self, actor: &str) {
        let part = self.bind(containing(actor));
        let by_name = format!(
            "e.actor_id IN (SELECT member_id FROM members WHERE org_id = $1 AND (name ILIKE {part} OR email ILIKE {part}) \
             UNION ALL SELECT client_id FROM clients WHERE org_id = $1 AND identifier ILIKE {part})"
        );
        let kind = storable(actor).to_lowercase();
        if ACTOR_KINDS.contains(&kind.as_str()) {
            let kind = self.bind(kind);
            self.and(&format!("({by_name} OR convert_from(e.record, 'UTF8')::json #>> '{{actor,kind}}' = {kind})"));
        } else {
            self.and(&by_name);
        }
    }

    /// The record is JSON, so the text is looked for as JSON writes it; names are looked for as they are.
    fn push_text(&mut self, text: &str) {
        let quoted = serde_json::Value::from(storable(text)).to_string();
        let as_json = &quoted[1..quoted.len() - 1];
        let (part, in_json) = (self.bind(containing(text)), self.bind(containing(as_json)));
        self.and(&format!(
            "(e.event_type ILIKE {part} OR convert_from(e.record, 'UTF8') ILIKE {in_json} \
             OR e.third_party_id IN (SELECT third_party_id FROM third_parties WHERE org_id = $1 AND name ILIKE {part}) \
             OR e.client_id IN (SELECT client_id FROM clients WHERE org_id = $1 AND identifier ILIKE {part}) \
             OR ARRAY[e.stream_id, e.actor_id] && ARRAY(SELECT member_id FROM members \
                 WHERE org_id = $1 AND (name ILIKE {part} OR email ILIKE {part})))"
        ));
    }

    pub fn sql(&self) -> &str {
        &self.sql
    }

    pub fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect()
    }
}

/// A criterion, unless the field was left empty.
fn filled(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}
