//! The timeline of everything that happened.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::organization::ExportFormat;
use countersign_domain::values::InvalidValue;
use countersign_domain::{
    ClientEvent, ClientId, MemberEvent, OrganizationEvent, OrganizationId, ThirdPartyEvent, ThirdPartyId, TokenEvent,
};
use countersign_persistence::jobs;
use countersign_persistence::queries::audit::{self, AuditCursor, AuditEntries, AuditFilter, AuditPage};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::jobs::{grouped, job_href};
use super::listing::address;
use super::page::{Field, Frame, Section, base, html, see_other};
use super::timeline::EventLine;
use crate::WebError;
use crate::caller::{Caller, ReadAudit};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;
use crate::zone::Zone;

const PAGE_SIZE: u32 = 50;
/// More entries than this are not counted.
const MOST_COUNTED: u64 = 10_000;
/// The zone whose days are meant.
const ZONE: &str = "zone";
/// The fields of the form, which the addresses of the neighbouring pages keep.
const FILTERS: [&str; 8] = ["q", "actor", "type", "third_party", "client", "from", "to", ZONE];

#[derive(Serialize)]
struct AuditView {
    page: Frame,
    filters: Filters,
    zone: Zone,
    third_party: String,
    client: String,
    types: Vec<TypeChoice>,
    filtered: bool,
    events: Vec<EventLine>,
    newer: Option<String>,
    older: Option<String>,
    export: Option<ExportLine>,
}

#[derive(Serialize)]
struct ExportLine {
    lines: String,
    fields: Vec<ExportField>,
}

#[derive(Serialize)]
struct ExportField {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Filters {
    q: Field,
    actor: Field,
    from: Field,
    to: Field,
}

#[derive(Serialize)]
struct TypeChoice {
    value: &'static str,
    label: String,
    selected: bool,
}

/// `GET /o/{org}/audit`
pub(super) async fn timeline(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadAudit>,
) -> Result<HttpResponse, WebError> {
    let frame = Frame::load(&state, &request, &caller, Section::Audit).await?;
    let query = Fields::of_query(&request);
    let slug = &caller.organization.slug;
    // A link that a colleague sent means the days of whoever made it.
    let zone = Zone::named(query.get(ZONE)).unwrap_or(caller.zone.clone());
    match filter(&query, &zone) {
        Ok(filter) => {
            let page = AuditPage { cursor: cursor(&query), limit: PAGE_SIZE };
            let entries = audit::timeline(&state.store, caller.organization.id, &filter, page).await?;
            let count = count(&state, caller.organization.id, &filter, page, &entries).await?;
            let view = AuditView {
                export: export_line(count, &query, &zone),
                ..view(frame, slug, &query, zone, &entries, &[])
            };
            html(&state, StatusCode::OK, "audit", &view)
        }
        Err(errors) => {
            let nothing = AuditEntries { entries: Vec::new(), older: None, newer: None };
            let frame = frame.with_errors(errors.clone());
            html(&state, StatusCode::UNPROCESSABLE_ENTITY, "audit", &view(frame, slug, &query, zone, &nothing, &errors))
        }
    }
}

/// `POST /o/{org}/audit/exports`
pub(super) async fn export(state: web::Data<AppState>, form: SignedForm<ReadAudit>) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let zone = Zone::named(fields.get(ZONE)).unwrap_or(caller.zone.clone());
    let filter = filter(&fields, &zone).map_err(WebError::Invalid)?;
    let format = ExportFormat::ALL.into_iter().find(|format| format.as_str() == fields.get("format"));
    let format = format.ok_or_else(|| WebError::field("format", &InvalidValue("Choose csv or ndjson".into())))?;
    let job = jobs::request_audit_export(&state.store, &caller.context(), format, &filter).await?;
    Ok(see_other(&job_href(&caller.organization.slug, job)))
}

/// How many entries pass the filter; [`MOST_COUNTED`] + 1 stands for more.
async fn count(
    state: &AppState,
    organization: OrganizationId,
    filter: &AuditFilter,
    page: AuditPage,
    entries: &AuditEntries,
) -> Result<u64, WebError> {
    if page.cursor == AuditCursor::Newest && entries.older.is_none() {
        return Ok(entries.entries.len() as u64);
    }
    Ok(audit::count(&state.store, organization, filter, None, MOST_COUNTED + 1).await?)
}

/// What the buttons for a file say and send; `None` where there would be nothing in it.
fn export_line(count: u64, query: &Fields, zone: &Zone) -> Option<ExportLine> {
    let fields = FILTERS.map(|name| {
        let value = if name == ZONE { zone.name() } else { query.get(name) };
        ExportField { name, value: value.to_owned() }
    });
    (count > 0).then(|| ExportLine {
        lines: match count {
            1 => "this line".to_owned(),
            2..=MOST_COUNTED => format!("these {} lines", grouped(count)),
            _ => format!("these more than {} lines", grouped(MOST_COUNTED)),
        },
        fields: fields.into(),
    })
}

fn filter(query: &Fields, zone: &Zone) -> Result<AuditFilter, Vec<FieldError>> {
    let mut errors = Vec::new();
    let text = |name| Some(query.get(name).trim().to_owned()).filter(|text| !text.is_empty());
    let filter = AuditFilter {
        text: text("q"),
        actor: text("actor"),
        event_type: text("type"),
        third_party: query.get("third_party").parse::<ThirdPartyId>().ok(),
        client: query.get("client").parse::<ClientId>().ok(),
        from: query.optional("from", &mut errors, |text| start_of_day(text, 0, zone)),
        until: query.optional("to", &mut errors, |text| start_of_day(text, 1, zone)),
        ..AuditFilter::default()
    };
    if errors.is_empty() { Ok(filter) } else { Err(errors) }
}

/// The first instant of a day, or of one so many days later.
fn start_of_day(text: &str, days_later: i32, zone: &Zone) -> Result<Timestamp, InvalidValue> {
    let invalid = || InvalidValue("Enter a date like 2026-11-20".into());
    let day = text.trim().parse::<Date>().map_err(|_| invalid())?;
    zone.start_of(day, days_later).ok_or_else(invalid)
}

fn cursor(query: &Fields) -> AuditCursor {
    if let Ok(position) = query.get("before").parse() {
        AuditCursor::Before(position)
    } else if let Ok(position) = query.get("after").parse() {
        AuditCursor::After(position)
    } else {
        AuditCursor::Newest
    }
}

fn view(
    page: Frame,
    slug: &str,
    query: &Fields,
    zone: Zone,
    entries: &AuditEntries,
    errors: &[FieldError],
) -> AuditView {
    let field = |name| Field::typed(query, name).marked(name, errors);
    let path = format!("{}/audit", base(slug));
    let neighbour = |cursor: &str, position: u64| {
        let filters = FILTERS.map(|name| (name, Some(query.get(name)).filter(|value| !value.is_empty())));
        let position = position.to_string();
        address(&path, filters.into_iter().chain([(cursor, Some(position.as_str()))]))
    };
    AuditView {
        filters: Filters { q: field("q"), actor: field("actor"), from: field("from"), to: field("to") },
        zone,
        third_party: query.get("third_party").to_owned(),
        client: query.get("client").to_owned(),
        types: types(query.get("type")),
        filtered: FILTERS.iter().any(|name| *name != ZONE && !query.get(name).trim().is_empty()),
        events: entries.entries.iter().map(|entry| EventLine::of(entry, slug)).collect(),
        newer: entries.newer.map(|position| neighbour("after", position)),
        older: entries.older.map(|position| neighbour("before", position)),
        export: None,
        page,
    }
}

fn types(selected: &str) -> Vec<TypeChoice> {
    let all =
        [ThirdPartyEvent::TYPES, ClientEvent::TYPES, TokenEvent::TYPES, MemberEvent::TYPES, OrganizationEvent::TYPES];
    let all = all.into_iter().flatten();
    all.map(|name| TypeChoice { value: name, label: in_words(name), selected: *name == selected }).collect()
}

/// The name of an event's type as words: `ThirdPartyAdded` is "Third party added".
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
            words.extend(character.to_lowercase());
        } else {
            words.push(character);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_days_holds_its_last_day() {
        let query = Fields::of([("from", "2026-11-20"), ("to", "2026-11-20")]);
        let filter = filter(&query, &Zone::UTC).unwrap();
        assert_eq!(filter.from, Some("2026-11-20T00:00:00Z".parse().unwrap()));
        assert_eq!(filter.until, Some("2026-11-21T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_no_date_is_refused_beside_its_field() {
        for text in ["yesterday", "2026-02-30", "9999-12-31"] {
            let errors = filter(&Fields::of([("to", text)]), &Zone::UTC).unwrap_err();
            assert_eq!(errors[0].field, "to", "{text}");
        }
    }

    #[test]
    fn types_read_as_words() {
        assert_eq!(in_words("ThirdPartyAdded"), "Third party added");
    }
}
