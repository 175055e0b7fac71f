//! The list of members.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{Right, Role};
use countersign_persistence::queries::ERASED;
use countersign_persistence::queries::members::{self, MemberFilter, MemberList, MemberSort, MemberSummary};
use jiff::Timestamp;
use serde::Serialize;

use super::listing::{Column, Listing, PAGE_SIZE, Range};
use super::page::{Field, Frame, Section, base, html, role_in_words};
use super::pager::Pager;
use crate::WebError;
use crate::caller::{Caller, ReadMembers};
use crate::form::Fields;
use crate::state::AppState;

const FILTERS: &[&str] = &["name", "email", "role", "codes", "active"];
const SORTS: &[(&str, MemberSort)] = &[
    ("name", MemberSort::Name),
    ("email", MemberSort::Email),
    ("role", MemberSort::Role),
    ("codes", MemberSort::AsksForCode),
    ("active", MemberSort::Active),
    ("signed_in", MemberSort::LastSignedIn),
];

#[derive(Serialize)]
struct MembersPage {
    page: Frame,
    can_edit: bool,
    total: u64,
    count: u64,
    #[serde(flatten)]
    range: Range,
    filters: Filters,
    filtered: bool,
    sort: &'static str,
    order: &'static str,
    columns: Columns,
    rows: Vec<Row>,
    pager: Pager,
}

#[derive(Serialize)]
struct Filters {
    name: Field,
    email: Field,
    role: &'static str,
    codes: &'static str,
    active: &'static str,
}

#[derive(Serialize)]
struct Columns {
    name: Column,
    email: Column,
    role: Column,
    codes: Column,
    active: Column,
    signed_in: Column,
}

#[derive(Serialize)]
struct Row {
    href: String,
    name: String,
    email: String,
    role: &'static str,
    codes: bool,
    active: bool,
    is_self: bool,
    last_signed_in_at: Option<Timestamp>,
}

/// `GET /o/{org}/members`
pub(super) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadMembers>,
) -> Result<HttpResponse, WebError> {
    let organization = caller.organization.id;
    let page = Frame::load(&state, &request, &caller, Section::Members).await?;
    let path = format!("{}/members", base(&caller.organization.slug));
    let listing = Listing::of(path, &Fields::of_query(&request), FILTERS, SORTS);
    let list = MemberList {
        filter: filter(&listing),
        sort: listing.sort,
        descending: listing.descending,
        page: listing.page.unwrap_or(1),
        page_size: listing.page.map(|_| PAGE_SIZE),
    };
    let found = members::page(&state.store, organization, &list).await?;
    let total = if listing.is_filtered() {
        members::count(&state.store, organization, &MemberFilter::default()).await?
    } else {
        found.total
    };
    let view = MembersPage {
        can_edit: caller.may(Right::ManageMembers),
        total,
        count: found.total,
        range: Range::of(found.page, found.items.len()),
        filters: Filters {
            name: Field::of(listing.filter("name")),
            email: Field::of(listing.filter("email")),
            role: list.filter.role.map_or("", Role::as_str),
            codes: in_words(list.filter.asks_for_code),
            active: in_words(list.filter.active),
        },
        filtered: listing.is_filtered(),
        sort: listing.sort_name(),
        order: listing.order_name(),
        columns: Columns {
            name: listing.column(MemberSort::Name),
            email: listing.column(MemberSort::Email),
            role: listing.column(MemberSort::Role),
            codes: listing.column(MemberSort::AsksForCode),
            active: listing.column(MemberSort::Active),
            signed_in: listing.column(MemberSort::LastSignedIn),
        },
        rows: found.items.into_iter().map(|member| row(member, &listing.path, &caller)).collect(),
        pager: listing.pager(found.page, found.pages, found.total),
        page,
    };
    html(&state, StatusCode::OK, "members", &view)
}

fn filter(listing: &Listing<MemberSort>) -> MemberFilter {
    MemberFilter {
        search: None,
        name: listing.set_filter("name"),
        email: listing.set_filter("email"),
        role: listing.filter("role").parse().ok(),
        asks_for_code: yes_or_no(listing.filter("codes")),
        active: yes_or_no(listing.filter("active")),
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn in_words(filter: Option<bool>) -> &'static str {
    filter.map_or("", |filter| if filter { "yes" } else { "no" })
}

fn row(member: MemberSummary, path: &str, caller: &Caller<ReadMembers>) -> Row {
    Row {
        href: format!("{path}/{}", member.id),
        name: member.name.unwrap_or_else(|| ERASED.to_owned()),
        email: member.email.unwrap_or_else(|| ERASED.to_owned()),
        role: role_in_words(member.role),
        codes: member.asks_for_code,
        active: member.active,
        is_self: member.id == caller.session.member,
        last_signed_in_at: member.last_signed_in_at,
    }
}
