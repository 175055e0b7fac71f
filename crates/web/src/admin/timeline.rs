//! One line of the timeline, on the audit page and in a token's history.

use countersign_persistence::queries::audit::{AuditEntry, FieldChange};
use jiff::Timestamp;
use serde::Serialize;

use super::listing::address;
use super::page::base;
use super::user_agent::UserAgent;

/// What `partials/events.hbs` reads.
#[derive(Serialize)]
pub(super) struct EventLine {
    position: u64,
    at: Timestamp,
    actor: ActorLine,
    words: String,
    event_type: String,
    subjects: Vec<SubjectLine>,
    changes: Vec<ChangeLine>,
    source_ip: Option<String>,
    user_agent: Option<UserAgent>,
    request_id: String,
    reason: Option<String>,
}

#[derive(Serialize)]
struct ActorLine {
    kind: String,
    name: String,
    href: Option<String>,
}

#[derive(Serialize)]
struct SubjectLine {
    kind: &'static str,
    label: String,
    href: Option<String>,
}

#[derive(Serialize)]
struct ChangeLine {
    field: &'static str,
    before: Option<String>,
    after: Option<String>,
}

impl EventLine {
    /// The line of an entry of the organization's journal.
    pub fn of(entry: &AuditEntry, slug: &str) -> Self {
        let source = entry.source.as_ref();
        Self {
            position: entry.position,
            at: entry.occurred_at,
            actor: ActorLine {
                kind: entry.actor.kind.clone(),
                name: actor_name(entry),
                href: entry
                    .actor
                    .name
                    .as_ref()
                    .map(|name| address(&format!("{}/audit", base(slug)), [("actor", Some(name.as_str()))])),
            },
            words: as_predicate(&entry.sentence),
            event_type: entry.event_type.clone(),
            subjects: subjects(entry, slug),
            changes: entry.changes.iter().map(change).collect(),
            source_ip: source.map(|source| source.address.clone()).filter(|address| !address.is_empty()),
            user_agent: source.and_then(|source| UserAgent::of(&source.user_agent)),
            request_id: entry.request.to_string(),
            reason: entry.reason.clone(),
        }
    }
}

fn actor_name(entry: &AuditEntry) -> String {
    entry.actor.name.clone().unwrap_or_else(|| {
        match entry.actor.kind.as_str() {
            "system" => "Countersign",
            "operator" => "The operator",
            "client" => "A client",
            _ => "A member (erased)",
        }
        .to_owned()
    })
}

/// The sentence as what follows its subject.
fn as_predicate(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

fn subjects(entry: &AuditEntry, slug: &str) -> Vec<SubjectLine> {
    let third_party_href =
        entry.third_party.as_ref().map(|third_party| format!("{}/third-parties/{}", base(slug), third_party.id));
    let third_party = entry.third_party.as_ref().map(|third_party| SubjectLine {
        kind: "Third party",
        label: third_party.label.clone(),
        href: third_party_href.clone(),
    });
    let client = entry.client.as_ref().map(|client| SubjectLine {
        kind: "Client",
        label: client.label.clone(),
        href: Some(format!("{}/clients/{}", base(slug), client.id)),
    });
    let token = entry.token.as_ref().map(|token| SubjectLine {
        kind: "Token",
        label: token.label.clone(),
        href: third_party_href.as_ref().map(|href| format!("{href}/tokens/{}", token.id)),
    });
    third_party.into_iter().chain(client).chain(token).collect()
}

fn change(change: &FieldChange) -> ChangeLine {
    ChangeLine { field: change.field, before: change.from.clone(), after: change.to.clone() }
}
