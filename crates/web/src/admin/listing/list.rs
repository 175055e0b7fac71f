//! A page with a list. What a list is made of, it says by [`List`]: a table of columns, a query, and a row.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::Right;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::{Cut, Page};
use countersign_persistence::{Store, StoreError};
use jiff::Timestamp;
use serde::Serialize;

use super::columns::{Filter, Header, ListColumn};
use super::rows::{AllRows, streamed};
use super::{Listing, PAGE_SIZE, Range};
use crate::WebError;
use crate::admin::page::{Frame, Section, base, html};
use crate::admin::pager::Pager;
use crate::caller::Caller;
use crate::form::Fields;
use crate::state::AppState;

/// More rows than this are shown on one page only to whoever insists.
const MANY: u64 = 5000;

/// Where a list is read from, and as of when.
pub(in crate::admin) struct Reader<'a> {
    pub store: &'a Store,
    pub organization: &'a OrganizationEntry,
    /// Where the organization's pages begin.
    pub base: &'a str,
    pub now: Timestamp,
}

/// A list of an organization's things.
pub(in crate::admin) trait List: 'static {
    type Sort: Copy + PartialEq + Default + 'static;
    /// Which of them in which order; by default all.
    type Query: Default;
    type Id: Copy;
    type Item;
    type Row: Serialize;

    const SECTION: Section;
    /// Below the organization's pages.
    const PATH: &'static str;
    /// Its page, and the rows of it alone.
    const TEMPLATES: [&'static str; 2];
    /// What it takes to be offered more than reading.
    const TO_EDIT: Right;
    const COLUMNS: &'static [ListColumn<Self::Sort>];

    fn query(listing: &Listing<Self::Sort>, organization: &OrganizationEntry) -> Self::Query;
    async fn count(reader: &Reader<'_>, query: &Self::Query) -> Result<u64, StoreError>;
    async fn page(reader: &Reader<'_>, query: &Self::Query, cut: Cut) -> Result<Page<Self::Item>, StoreError>;
    async fn identifiers(reader: &Reader<'_>, query: &Self::Query) -> Result<Vec<Self::Id>, StoreError>;
    async fn get_all(reader: &Reader<'_>, ids: &[Self::Id]) -> Result<Vec<Self::Item>, StoreError>;
    fn row(item: &Self::Item, reader: &Reader<'_>) -> Self::Row;
}

/// What `partials/list.hbs` reads.
#[derive(Serialize)]
struct ListPage<R> {
    page: Frame,
    can_edit: bool,
    path: String,
    total: u64,
    count: u64,
    #[serde(flatten)]
    range: Range,
    filters: Vec<Filter>,
    filtered: bool,
    zone: Option<String>,
    sort: &'static str,
    order: &'static str,
    columns: Vec<Header>,
    rows: Vec<R>,
    streamed: bool,
    all_anyway: Option<String>,
    pager: Pager,
}

/// Answers with the part of the list that the address asks for.
pub(in crate::admin) async fn show<L: List, R>(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<R>,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &caller, L::SECTION).await?;
    let base = base(&caller.organization.slug);
    let reader = Reader { store: &state.store, organization: &caller.organization, base: &base, now: page.now };
    let fields = Fields::of_query(&request);
    let mut listing = Listing::of_columns(format!("{base}/{}", L::PATH), &fields, &caller.zone, L::COLUMNS);
    let query = L::query(&listing, &caller.organization);
    let mut all_anyway = None;
    let mut all = None;
    if listing.page.is_none() {
        let count = L::count(&reader, &query).await?;
        if count > MANY && fields.get("sure").is_empty() {
            all_anyway = Some(format!("{}&sure=yes", listing.href_of_all()));
            listing.page = Some(1);
        } else {
            all = Some(count);
        }
    }
    let found = if let Some(total) = all {
        Page { items: Vec::new(), total, page: 1, pages: 1 }
    } else {
        L::page(&reader, &query, Cut { page: listing.page.unwrap_or(1), size: PAGE_SIZE }).await?
    };
    let total = if listing.is_filtered() { L::count(&reader, &L::Query::default()).await? } else { found.total };
    let (can_edit, now, zone) = (caller.may(L::TO_EDIT), page.now, caller.zone.clone());
    let rows = found.items.iter().map(|item| L::row(item, &reader)).collect::<Vec<_>>();
    let view = ListPage {
        can_edit,
        path: listing.path.clone(),
        total,
        count: found.total,
        range: all.map_or_else(|| Range::of(found.page, rows.len()), Range::whole),
        filters: listing.shown_filters(L::COLUMNS),
        filtered: listing.is_filtered(),
        zone: listing.named_zone().map(str::to_owned),
        sort: listing.sort_name(),
        order: listing.order_name(),
        columns: listing.headers(L::COLUMNS),
        rows,
        streamed: all.is_some_and(|count| count > 0),
        all_anyway,
        pager: listing.pager(found.page, found.pages, found.total),
        page,
    };
    let [template, _] = L::TEMPLATES;
    if !view.streamed {
        return html(&state, StatusCode::OK, template, &view);
    }
    let ids = L::identifiers(&reader, &query).await?;
    let body = state.templates.render(template, &view)?;
    let organization = Arc::clone(&caller.organization);
    Ok(streamed(&body, AllRows::<L> { state, organization, base, can_edit, now, zone, ids, from: 0 }))
}
