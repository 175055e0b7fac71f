//! The list of all organizations.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::queries::installation::{
    self, OrganizationFilter, OrganizationSummary, Organizations, SlugCursor,
};
use jiff::Timestamp;
use serde::Serialize;

use super::super::listing::address;
use super::super::page::{Field, Frame, Section, html};
use super::list_href;
use crate::WebError;
use crate::caller::Operator;
use crate::form::Fields;
use crate::state::AppState;

const PAGE_SIZE: u32 = 50;

#[derive(Serialize)]
struct OrganizationsPage {
    page: Frame,
    filters: Filters,
    filtered: bool,
    total: u64,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Filters {
    slug: Field,
    state: &'static str,
}

#[derive(Serialize)]
struct Row {
    href: String,
    slug: String,
    name: String,
    host: Option<String>,
    suspended: bool,
    created_at: Timestamp,
}

/// `GET /operator/organizations`
pub(in crate::admin) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    operator: Operator,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &operator, Section::Organizations).await?;
    let query = Fields::of_query(&request);
    let suspended = match query.get("state") {
        "suspended" => Some(true),
        "active" => Some(false),
        _ => None,
    };
    let slug = query.get("slug").trim();
    let filter = OrganizationFilter { slug: Some(slug.to_owned()).filter(|slug| !slug.is_empty()), suspended };
    let found = installation::organizations(&state.store, &filter, &cursor(&query), PAGE_SIZE).await?;
    html(&state, StatusCode::OK, "operator-organizations", &view(page, &filter, found))
}

fn cursor(query: &Fields) -> SlugCursor {
    match (query.get("after"), query.get("before")) {
        ("", "") => SlugCursor::First,
        ("", before) => SlugCursor::Before(before.to_owned()),
        (after, _) => SlugCursor::After(after.to_owned()),
    }
}

fn view(page: Frame, filter: &OrganizationFilter, found: Organizations) -> OrganizationsPage {
    let state = match filter.suspended {
        Some(true) => "suspended",
        Some(false) => "active",
        None => "",
    };
    let neighbour = |cursor, slug: &str| {
        let state = Some(state).filter(|state| !state.is_empty());
        address(&list_href(), [("slug", filter.slug.as_deref()), ("state", state), (cursor, Some(slug))])
    };
    OrganizationsPage {
        page,
        filters: Filters { slug: Field::of(filter.slug.clone().unwrap_or_default()), state },
        filtered: filter.slug.is_some() || filter.suspended.is_some(),
        total: found.total,
        previous: found.previous.map(|slug| neighbour("before", &slug)),
        next: found.next.map(|slug| neighbour("after", &slug)),
        rows: found.items.into_iter().map(row).collect(),
    }
}

fn row(summary: OrganizationSummary) -> Row {
    Row {
        href: format!("{}/{}", list_href(), summary.slug),
        slug: summary.slug,
        name: summary.name,
        host: summary.host,
        suspended: summary.suspended,
        created_at: summary.created_at,
    }
}
