//! The calendar: what expires, by month and day.

mod ics;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::clock;
use countersign_persistence::queries::Page;
use countersign_persistence::queries::expirations::{self, Credential, Expiration, ExpirationFilter};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::charts::{self, Chart};
use super::credential::{ExpirationLine, Link, kind_in_words, page_of};
use super::listing::{Range, address};
use super::page::{Field, Frame, Section, base, html};
use super::pager::Pager;
use crate::WebError;
use crate::caller::{Caller, ReadThirdParties};
use crate::error::FieldError;
use crate::form::Fields;
use crate::month::Month;
use crate::overview::months_ahead;
use crate::requests::today;
use crate::state::AppState;

const PAGE_SIZE: u32 = 100;
/// When nothing expires for so long, the calendar says so.
const AHEAD: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How far a file reaches, and how much it holds at most.
const MONTHS_IN_FILE: i64 = 12;
const LARGEST_FILE: u32 = 2000;

#[derive(Serialize)]
struct CalendarPage {
    page: Frame,
    filters: Filters,
    filtered: bool,
    month: String,
    count: u64,
    #[serde(flatten)]
    range: Range,
    days: Vec<Day>,
    nothing_soon: bool,
    next_with_some: Option<Link>,
    previous: Option<Link>,
    next: Link,
    chart: Chart,
    file: String,
    pager: Pager,
}

#[derive(Serialize)]
struct Filters {
    month: Field,
    third_party: Field,
}

#[derive(Serialize)]
struct Day {
    label: String,
    entries: Vec<ExpirationLine>,
}

/// What the address asks for.
struct Asked {
    month: Month,
    third_party: String,
    page: u32,
}

impl Asked {
    /// The months that are over are not for planning: they are in the timeline.
    fn of(query: &Fields, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let current = Month::of(now);
        let month = query.optional("month", &mut errors, str::parse::<Month>).unwrap_or(current);
        if month < current {
            let message = format!("Enter {current} or a later month: what has expired is in the audit timeline");
            errors.push(FieldError::new("month", &message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let page = query.get("page").parse().unwrap_or(1).max(1);
        Ok(Self { month, third_party: query.get("third_party").trim().to_owned(), page })
    }

    fn filter(&self, from: Timestamp, until: Timestamp) -> ExpirationFilter {
        ExpirationFilter { third_party_name: Some(self.third_party.clone()), ..ExpirationFilter::between(from, until) }
    }

    /// The address of a month, with the same filter.
    fn href(&self, path: &str, month: Month, page: Option<&str>) -> String {
        let month = month.to_string();
        let third_party = Some(self.third_party.as_str()).filter(|name| !name.is_empty());
        address(path, [("month", Some(month.as_str())), ("third_party", third_party), ("page", page)])
    }

    fn link(&self, path: &str, month: Month) -> Link {
        Link { label: month.in_words(), href: self.href(path, month, None) }
    }
}

/// `GET /o/{org}/calendar`
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
) -> Result<HttpResponse, WebError> {
    let mut frame = Frame::load(&state, &request, &caller, Section::Calendar).await?;
    let query = Fields::of_query(&request);
    let (asked, status, errors) = match Asked::of(&query, frame.now) {
        Ok(asked) => (asked, StatusCode::OK, Vec::new()),
        Err(errors) => {
            let third_party = query.get("third_party").trim().to_owned();
            let asked = Asked { month: Month::of(frame.now), third_party, page: 1 };
            (asked, StatusCode::UNPROCESSABLE_ENTITY, errors)
        }
    };
    let mut filters =
        Filters { month: Field::of(asked.month.to_string()), third_party: Field::of(&*asked.third_party) };
    if !errors.is_empty() {
        filters.month = Field::typed(&query, "month").marked("month", &errors);
        frame = frame.with_errors(errors);
    }
    let view = view(&state, &caller, frame, &asked, filters).await?;
    html(&state, status, "calendar", &view)
}

async fn view(
    state: &AppState,
    caller: &Caller<ReadThirdParties>,
    page: Frame,
    asked: &Asked,
    filters: Filters,
) -> Result<CalendarPage, WebError> {
    let (store, organization, now) = (&state.store, caller.organization.id, page.now);
    let (base, month) = (base(&caller.organization.slug), asked.month);
    let path = format!("{base}/calendar");
    let of_month = asked.filter(month.start().max(now), month.plus(1).start());
    let soon = asked.filter(now, now + AHEAD);
    let (found, ahead) = tokio::try_join!(
        expirations::page(store, organization, &of_month, asked.page, PAGE_SIZE),
        expirations::count(store, organization, &soon),
    )?;
    let by_month = months_ahead(store, organization, asked.filter(now, now), now).await?;
    let next_with_some = by_month.iter().find(|(later, count)| *later > month && *count > 0);
    let pager = Pager::of_pages(found.page, found.pages, |page| asked.href(&path, month, Some(page)));
    Ok(CalendarPage {
        filtered: !asked.third_party.is_empty(),
        filters,
        month: month.in_words(),
        count: found.total,
        range: Range::of_size(found.page, found.items.len(), PAGE_SIZE),
        nothing_soon: ahead == 0,
        next_with_some: next_with_some.map(|(month, _)| asked.link(&path, *month)),
        previous: (month > Month::of(now)).then(|| asked.link(&path, month.plus(-1))),
        next: asked.link(&path, month.plus(1)),
        chart: charts::expirations(&by_month, |month| asked.href(&path, month, None)),
        file: address(
            &format!("{base}/calendar.ics"),
            [("third_party", Some(asked.third_party.as_str()).filter(|name| !name.is_empty()))],
        ),
        days: days(&found, &base, now),
        pager: pager.without_all(),
        page,
    })
}

/// The entries under their days (UTC).
fn days(found: &Page<Expiration>, base: &str, now: Timestamp) -> Vec<Day> {
    let mut days: Vec<(Date, Day)> = Vec::new();
    for expiration in &found.items {
        let day = today(expiration.expires_at);
        let line = ExpirationLine::of(expiration, base, now);
        match days.last_mut().filter(|(last, _)| *last == day) {
            Some((_, same)) => same.entries.push(line),
            None => days.push((day, Day { label: day.strftime("%A, %-d %B %Y").to_string(), entries: vec![line] })),
        }
    }
    days.into_iter().map(|(_, day)| day).collect()
}

/// `GET /o/{org}/calendar.ics`
pub(super) async fn file(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
) -> Result<HttpResponse, WebError> {
    let (organization, now) = (&caller.organization, clock::now());
    let filter = ExpirationFilter {
        third_party_name: Some(Fields::of_query(&request).get("third_party").to_owned()),
        ..ExpirationFilter::between(now, Month::of(now).plus(MONTHS_IN_FILE).start())
    };
    let found = expirations::page(&state.store, organization.id, &filter, 1, LARGEST_FILE).await?;
    let base = format!("{}{}", state.base_url, base(&organization.slug));
    let entries = found.items.iter().map(|expiration| entry(expiration, &base)).collect::<Vec<_>>();
    let disposition = format!("attachment; filename=\"countersign-{}.ics\"", organization.slug);
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(ics::file(&format!("{}: what expires", organization.name), &entries, now)))
}

fn entry(expiration: &Expiration, base: &str) -> ics::Entry {
    let id = match expiration.credential {
        Credential::Token(_, token) => token.uuid(),
        Credential::ClientSecret(secret) => secret.uuid(),
    };
    let (kind, masked) = (kind_in_words(expiration.credential), &expiration.masked);
    let owner = match (&expiration.third_party, &expiration.client) {
        (Some((_, name)), _) | (None, Some((_, name))) => format!(" of {name}"),
        (None, None) => String::new(),
    };
    let used = expiration.last_used_at.map_or_else(
        || "It was never used.".to_owned(),
        |at| format!("It was last used at {}.", at.strftime("%Y-%m-%d %H:%M UTC")),
    );
    ics::Entry {
        uid: format!("{id}@countersign"),
        at: expiration.expires_at,
        summary: format!("{kind}{owner} expires"),
        description: format!("{kind} {masked}{owner} expires. {used}"),
        url: page_of(expiration, base),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&'static str, &'static str)]) -> Result<Asked, Vec<FieldError>> {
        let pairs = fields.iter().copied().chain([("", ""); 3]).take(3).collect::<Vec<_>>();
        Asked::of(&Fields::of([pairs[0], pairs[1], pairs[2]]), "2026-11-20T14:05:00Z".parse().unwrap())
    }

    #[test]
    fn the_present_month_is_shown_unless_another_is_asked_for() {
        assert_eq!(asked(&[]).unwrap().month.to_string(), "2026-11");
        let later = asked(&[("month", "2027-02"), ("third_party", " Smith & Co "), ("page", "x")]).unwrap();
        assert_eq!((later.month.to_string(), later.page), ("2027-02".into(), 1));
        assert_eq!(
            later.href("/c", later.month.plus(1), Some("2")),
            "/c?month=2027-03&third_party=Smith+%26+Co&page=2"
        );
    }

    #[test]
    fn months_that_are_over_and_what_is_no_month_are_refused() {
        for month in ["2026-10", "yesterday", "2026-13"] {
            let errors = asked(&[("month", month)]).err().unwrap();
            assert_eq!(errors[0].field, "month", "{month}");
        }
    }
}
