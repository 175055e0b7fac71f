//! The timeline as a file.

use countersign_domain::organization::ExportFormat;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::StoreError;
use crate::queries::audit::{AuditEntry, FieldChange};

/// The longest piece of a result, in bytes.
pub(super) const PIECE: usize = 256 * 1024;

const COLUMNS: [&str; 20] = [
    "position",
    "occurred_at",
    "event",
    "sentence",
    "changes",
    "actor_kind",
    "actor_id",
    "actor",
    "via",
    "request_id",
    "source_address",
    "source_user_agent",
    "reason",
    "third_party_id",
    "third_party",
    "client_id",
    "client",
    "token_id",
    "token",
    "record",
];

/// A line of NDJSON.
#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    occurred_at: Timestamp,
    event: &'a str,
    sentence: &'a str,
    changes: Vec<Change<'a>>,
    actor: Actor<'a>,
    via: &'a str,
    request_id: Uuid,
    source: Option<Source<'a>>,
    reason: Option<&'a str>,
    third_party: Option<Named<'a>>,
    client: Option<Named<'a>>,
    token: Option<Named<'a>>,
    record: &'a str,
}

#[derive(Serialize)]
struct Change<'a> {
    field: &'static str,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

#[derive(Serialize)]
struct Actor<'a> {
    kind: &'a str,
    id: Option<Uuid>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Source<'a> {
    address: &'a str,
    user_agent: &'a str,
}

#[derive(Serialize)]
struct Named<'a> {
    id: Uuid,
    label: &'a str,
}

/// The entries as text; `is_first` where the file begins.
pub(super) fn text(format: ExportFormat, is_first: bool, entries: &[AuditEntry]) -> Result<Vec<u8>, StoreError> {
    let mut text = String::new();
    match format {
        ExportFormat::Csv => {
            if is_first {
                push_row(&mut text, COLUMNS.map(str::to_owned));
            }
            for entry in entries {
                push_row(&mut text, cells(entry));
            }
        }
        ExportFormat::Ndjson => {
            for entry in entries {
                let line = serde_json::to_string(&line(entry));
                text.push_str(&line.map_err(|error| StoreError::UnexpectedValue(error.to_string()))?);
                text.push('\n');
            }
        }
    }
    Ok(text.into_bytes())
}

fn line(entry: &AuditEntry) -> Line<'_> {
    Line {
        position: entry.position,
        occurred_at: entry.occurred_at,
        event: &entry.event_type,
        sentence: &entry.sentence,
        changes: entry.changes.iter().map(change).collect(),
        actor: Actor { kind: &entry.actor.kind, id: entry.actor.id, name: entry.actor.name.as_deref() },
        via: &entry.via,
        request_id: entry.request,
        source: entry.source.as_ref().map(|source| Source { address: &source.address, user_agent: &source.user_agent }),
        reason: entry.reason.as_deref(),
        third_party: entry.third_party.as_ref().map(|named| Named { id: named.id.uuid(), label: &named.label }),
        client: entry.client.as_ref().map(|named| Named { id: named.id.uuid(), label: &named.label }),
        token: entry.token.as_ref().map(|named| Named { id: named.id.uuid(), label: &named.label }),
        record: &entry.raw,
    }
}

fn change(change: &FieldChange) -> Change<'_> {
    Change { field: change.field, from: change.from.as_deref(), to: change.to.as_deref() }
}

fn cells(entry: &AuditEntry) -> [String; 20] {
    let line = line(entry);
    let id = |named: &Option<Named<'_>>| named.as_ref().map(|named| named.id.to_string()).unwrap_or_default();
    let label = |named: &Option<Named<'_>>| named.as_ref().map(|named| named.label.to_owned()).unwrap_or_default();
    let changes = line.changes.iter().map(|change| {
        let (from, to) = (change.from.unwrap_or_default(), change.to.unwrap_or_default());
        format!("{}: {from} → {to}", change.field)
    });
    [
        line.position.to_string(),
        line.occurred_at.to_string(),
        line.event.to_owned(),
        line.sentence.to_owned(),
        changes.collect::<Vec<_>>().join("; "),
        line.actor.kind.to_owned(),
        line.actor.id.map(|id| id.to_string()).unwrap_or_default(),
        line.actor.name.unwrap_or_default().to_owned(),
        line.via.to_owned(),
        line.request_id.to_string(),
        line.source.as_ref().map(|source| source.address.to_owned()).unwrap_or_default(),
        line.source.as_ref().map(|source| source.user_agent.to_owned()).unwrap_or_default(),
        line.reason.unwrap_or_default().to_owned(),
        id(&line.third_party),
        label(&line.third_party),
        id(&line.client),
        label(&line.client),
        id(&line.token),
        label(&line.token),
        line.record.to_owned(),
    ]
}

/// Adds a row as RFC 4180 has it.
fn push_row(text: &mut String, cells: [String; 20]) {
    for (number, cell) in cells.into_iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        push_cell(text, &cell);
    }
    text.push_str("\r\n");
}

/// Adds a cell. What a spreadsheet would take for a formula is kept from being one by an apostrophe before it: names and
/// user agents are typed by strangers.
fn push_cell(text: &mut String, cell: &str) {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if cell.contains([',', '"', '\r', '\n']) {
        text.push('"');
        text.push_str(guard);
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(guard);
        text.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut written = String::new();
        push_cell(&mut written, text);
        written
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("\r=1"), "\"'\r=1\"");
        assert_eq!(cell("=HYPERLINK(\"a\",\"b\")"), "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"");
        assert_eq!(cell("a=1"), "a=1");
    }

    #[test]
    fn what_separates_is_quoted() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("a \"b\""), "\"a \"\"b\"\"\"");
        assert_eq!(cell("a\nb"), "\"a\nb\"");
        assert_eq!(cell(""), "");
    }
}
