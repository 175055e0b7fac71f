//! The list of third parties.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::Right;
use countersign_persistence::queries::third_parties::{self, ThirdPartyList, ThirdPartySort, ThirdPartySummary};
use jiff::Timestamp;
use serde::Serialize;

use super::listing::{Column, Listing, PAGE_SIZE, Range};
use super::page::{Frame, Section, base, html};
use super::pager::Pager;
use super::third_party::view::{contact, expires_soon};
use crate::WebError;
use crate::caller::{Caller, ReadThirdParties};
use crate::form::Fields;
use crate::state::AppState;

#[derive(Serialize)]
struct ThirdPartiesPage {
    page: Frame,
    can_edit: bool,
    total: u64,
    count: u64,
    #[serde(flatten)]
    range: Range,
    q: String,
    sort: &'static str,
    order: &'static str,
    columns: Columns,
    rows: Vec<Row>,
    pager: Pager,
}

#[derive(Serialize)]
struct Columns {
    name: Column,
    enabled: Column,
    mode: Column,
    expires: Column,
    used: Column,
}

#[derive(Serialize)]
struct Row {
    href: String,
    name: String,
    contact: String,
    enabled: bool,
    mode: &'static str,
    expiry: &'static str,
    expires_at: Option<Timestamp>,
    expires_soon: bool,
    last_used_at: Option<Timestamp>,
}

const SORTS: &[(&str, ThirdPartySort)] = &[
    ("name", ThirdPartySort::Name),
    ("enabled", ThirdPartySort::Enabled),
    ("mode", ThirdPartySort::Mode),
    ("expires", ThirdPartySort::NextExpiry),
    ("used", ThirdPartySort::LastUsed),
];

/// `GET /o/{org}/third-parties`
pub(super) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
) -> Result<HttpResponse, WebError> {
    let organization = caller.organization.id;
    let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    let path = format!("{}/third-parties", base(&caller.organization.slug));
    let query = Fields::of_query(&request);
    let listing = Listing::of(path, &query, &["q"], SORTS);
    let list = ThirdPartyList {
        search: listing.set_filter("q"),
        sort: listing.sort,
        descending: listing.descending,
        page: listing.page.unwrap_or(1),
        page_size: listing.page.map(|_| PAGE_SIZE),
    };
    let found = third_parties::list(&state.store, organization, &list, page.now).await?;
    let total = if listing.is_filtered() {
        let everything = ThirdPartyList { page: 1, page_size: Some(1), ..ThirdPartyList::default() };
        third_parties::list(&state.store, organization, &everything, page.now).await?.total
    } else {
        found.total
    };
    let view = ThirdPartiesPage {
        can_edit: caller.may(Right::ManageThirdParties),
        total,
        count: found.total,
        range: Range::of(found.page, found.items.len()),
        q: listing.filter("q").to_owned(),
        sort: listing.sort_name(),
        order: listing.order_name(),
        columns: Columns {
            name: listing.column(ThirdPartySort::Name),
            enabled: listing.column(ThirdPartySort::Enabled),
            mode: listing.column(ThirdPartySort::Mode),
            expires: listing.column(ThirdPartySort::NextExpiry),
            used: listing.column(ThirdPartySort::LastUsed),
        },
        rows: found.items.iter().map(|third_party| row(third_party, &listing.path, page.now)).collect(),
        pager: listing.pager(found.page, found.pages, found.total),
        page,
    };
    html(&state, StatusCode::OK, "third-parties", &view)
}

fn row(third_party: &ThirdPartySummary, path: &str, now: Timestamp) -> Row {
    Row {
        href: format!("{path}/{}", third_party.id),
        name: third_party.name.clone(),
        contact: contact(third_party.contact_name.as_deref(), third_party.contact_email.as_deref()),
        enabled: third_party.enabled,
        mode: third_party.mode.as_str(),
        expiry: match third_party.next_expiry {
            Some(_) => "date",
            None if third_party.never_expires => "never",
            None => "none",
        },
        expires_at: third_party.next_expiry,
        expires_soon: expires_soon(third_party.next_expiry, now),
        last_used_at: third_party.last_used_at,
    }
}
