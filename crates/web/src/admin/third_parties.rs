//! The list of third parties.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::Right;
use countersign_persistence::queries::third_parties::{self, ThirdPartyList, ThirdPartySort, ThirdPartySummary};
use jiff::Timestamp;
use serde::Serialize;

use super::page::{Frame, Section, base, html};
use super::pager::Pager;
use super::third_party::view::{contact, expires_soon};
use crate::WebError;
use crate::caller::{Caller, ReadThirdParties};
use crate::form::Fields;
use crate::state::AppState;

const PAGE_SIZE: u32 = 25;
const ALL: &str = "all";
const DESCENDING: &str = "descending";

#[derive(Serialize)]
struct ThirdPartiesPage {
    page: Frame,
    can_edit: bool,
    total: u64,
    count: u64,
    first: u64,
    last: u64,
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
struct Column {
    href: String,
    sort: &'static str,
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

/// The list that an address asks for, from which the addresses of its neighbours are made.
#[derive(Debug, Clone)]
struct Address {
    path: String,
    q: String,
    sort: ThirdPartySort,
    descending: bool,
    page: Option<u32>,
}

/// `GET /o/{org}/third-parties`
pub(super) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
) -> Result<HttpResponse, WebError> {
    let organization = caller.organization.id;
    let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    let path = format!("{}/third-parties", base(&caller.organization.slug));
    let address = Address::of(path, &Fields::of_query(&request));
    let found = third_parties::list(&state.store, organization, &address.list(), page.now).await?;
    let total = if address.q.is_empty() {
        found.total
    } else {
        let everything = ThirdPartyList { page: 1, page_size: Some(1), ..ThirdPartyList::default() };
        third_parties::list(&state.store, organization, &everything, page.now).await?.total
    };
    let shown = found.items.len() as u64;
    let before = u64::from(found.page - 1) * u64::from(PAGE_SIZE);
    let view = ThirdPartiesPage {
        can_edit: caller.may(Right::ManageThirdParties),
        total,
        count: found.total,
        first: if shown == 0 { 0 } else { before + 1 },
        last: before + shown,
        q: address.q.clone(),
        sort: if address.sort == ThirdPartySort::default() { "" } else { sort_name(address.sort) },
        order: if address.descending { DESCENDING } else { "" },
        columns: address.columns(),
        rows: found.items.iter().map(|third_party| row(third_party, &address.path, page.now)).collect(),
        pager: match address.page {
            Some(_) => Pager::of_pages(found.page, found.pages, |page| address.with_page(page)),
            None if found.total > u64::from(PAGE_SIZE) => Pager::of_all(|page| address.with_page(page)),
            None => Pager::default(),
        },
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

fn sort_name(sort: ThirdPartySort) -> &'static str {
    match sort {
        ThirdPartySort::Name => "name",
        ThirdPartySort::Enabled => "enabled",
        ThirdPartySort::Mode => "mode",
        ThirdPartySort::NextExpiry => "expires",
        ThirdPartySort::LastUsed => "used",
    }
}

impl Address {
    fn of(path: String, query: &Fields) -> Self {
        let sorts = [
            ThirdPartySort::Name,
            ThirdPartySort::Enabled,
            ThirdPartySort::Mode,
            ThirdPartySort::NextExpiry,
            ThirdPartySort::LastUsed,
        ];
        let sort = sorts.into_iter().find(|sort| sort_name(*sort) == query.get("sort")).unwrap_or_default();
        let page = match query.get("page") {
            ALL => None,
            page => Some(page.parse().unwrap_or(1).max(1)),
        };
        Self { path, q: query.get("q").trim().to_owned(), sort, descending: query.get("order") == DESCENDING, page }
    }

    fn list(&self) -> ThirdPartyList {
        ThirdPartyList {
            search: Some(self.q.clone()).filter(|q| !q.is_empty()),
            sort: self.sort,
            descending: self.descending,
            page: self.page.unwrap_or(1),
            page_size: self.page.map(|_| PAGE_SIZE),
        }
    }

    fn columns(&self) -> Columns {
        Columns {
            name: self.column(ThirdPartySort::Name),
            enabled: self.column(ThirdPartySort::Enabled),
            mode: self.column(ThirdPartySort::Mode),
            expires: self.column(ThirdPartySort::NextExpiry),
            used: self.column(ThirdPartySort::LastUsed),
        }
    }

    /// A column's header: sorts by it, or the other way round if it already does.
    fn column(&self, sort: ThirdPartySort) -> Column {
        let is_sorted = self.sort == sort;
        let next = Self { sort, descending: is_sorted && !self.descending, ..self.clone() };
        Column {
            href: next.href(None),
            sort: match (is_sorted, self.descending) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => DESCENDING,
            },
        }
    }

    fn with_page(&self, page: &str) -> String {
        self.href(Some(page))
    }

    fn href(&self, page: Option<&str>) -> String {
        let sort = (self.sort != ThirdPartySort::default()).then(|| sort_name(self.sort));
        let parameters = [
            ("q", Some(&*self.q).filter(|q| !q.is_empty())),
            ("sort", sort),
            ("order", self.descending.then_some(DESCENDING)),
            ("page", page),
        ];
        address(&self.path, parameters)
    }
}

/// A path with those parameters that have a value.
pub(super) fn address<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
