//! The list of OAuth clients.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use countersign_domain::{ClientId, OrganizationId, Right};
use countersign_persistence::queries::Page;
use countersign_persistence::queries::clients::list::{self, ClientFilter, ClientList, ClientSort, Cut};
use countersign_persistence::queries::clients::{ClientDetail, get_all};
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;

use super::listing::{Column, Listing, PAGE_SIZE, Range};
use super::page::{Field, Frame, Section, base, html};
use super::pager::Pager;
use crate::WebError;
use crate::caller::{Caller, ReadThirdParties};
use crate::form::Fields;
use crate::state::AppState;
use crate::zone::Zone;

/// More rows than this are shown on one page only to whoever insists.
const MANY: u64 = 5000;
/// How many rows of a page with all of them are made at a time.
const CHUNK: usize = 500;
/// Where these rows go in the page.
const ROWS: &str = "<!--rows-->";

const FILTERS: &[&str] = &["client_id", "code_created_at", "token_created_at", "expires_in", "passthru_user", "active"];
const SORTS: &[(&str, ClientSort)] = &[
    ("client_id", ClientSort::Identifier),
    ("code_created_at", ClientSort::CodeCreated),
    ("token_created_at", ClientSort::TokenCreated),
    ("expires_in", ClientSort::ExpiresIn),
    ("passthru_user", ClientSort::PassthruUser),
    ("active", ClientSort::Active),
];

#[derive(Serialize)]
struct ClientsPage {
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
    streamed: bool,
    all_anyway: Option<String>,
    pager: Pager,
}

#[derive(Serialize)]
struct Filters {
    client_id: Field,
    code_created_at: Field,
    token_created_at: Field,
    expires_in: Field,
    passthru_user: Field,
    active: &'static str,
}

#[derive(Serialize)]
struct Columns {
    client_id: Column,
    code_created_at: Column,
    token_created_at: Column,
    expires_in: Column,
    passthru_user: Column,
    active: Column,
}

/// What `partials/client-rows.hbs` reads when it is rendered alone.
#[derive(Serialize)]
struct Rows {
    page: Moment,
    can_edit: bool,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Moment {
    now: Timestamp,
    zone: Zone,
}

#[derive(Serialize)]
struct Row {
    href: String,
    client_id: String,
    third_party: Option<ThirdPartyLink>,
    code_created_at: Option<Timestamp>,
    token_created_at: Option<Timestamp>,
    expires_in: String,
    passthru_user: Option<Person>,
    active: bool,
}

#[derive(Serialize)]
struct ThirdPartyLink {
    name: String,
    href: String,
}

#[derive(Serialize)]
struct Person {
    name: String,
    email: String,
}

/// `GET /o/{org}/clients`
pub(super) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
) -> Result<HttpResponse, WebError> {
    let organization = caller.organization.id;
    let page = Frame::load(&state, &request, &caller, Section::Clients).await?;
    let base = base(&caller.organization.slug);
    let query = Fields::of_query(&request);
    let mut listing = Listing::of(format!("{base}/clients"), &query, FILTERS, SORTS);
    let list = ClientList { filter: filter(&listing), sort: listing.sort, descending: listing.descending };
    let mut all_anyway = None;
    let mut all = None;
    if listing.page.is_none() {
        let count = list::count(&state.store, organization, &list.filter).await?;
        if count > MANY && query.get("sure").is_empty() {
            all_anyway = Some(format!("{}&sure=yes", listing.href_of_all()));
            listing.page = Some(1);
        } else {
            all = Some(count);
        }
    }
    let found = if let Some(total) = all {
        Page { items: Vec::new(), total, page: 1, pages: 1 }
    } else {
        let cut = Cut { page: listing.page.unwrap_or(1), size: PAGE_SIZE };
        list::page(&state.store, organization, &list, cut).await?
    };
    let total = if listing.is_filtered() {
        list::count(&state.store, organization, &ClientFilter::default()).await?
    } else {
        found.total
    };
    let can_edit = caller.may(Right::ManageThirdParties);
    let (now, zone) = (page.now, page.zone.clone());
    let rows = rows(&found.items, &base);
    let view = ClientsPage {
        can_edit,
        total,
        count: found.total,
        range: all.map_or_else(|| Range::of(found.page, rows.len()), Range::whole),
        filters: filters(&listing),
        filtered: listing.is_filtered(),
        sort: listing.sort_name(),
        order: listing.order_name(),
        columns: columns(&listing),
        rows,
        streamed: all.is_some_and(|count| count > 0),
        all_anyway,
        pager: listing.pager(found.page, found.pages, found.total),
        page,
    };
    if !view.streamed {
        return html(&state, StatusCode::OK, "clients", &view);
    }
    let ids = list::identifiers(&state.store, organization, &list).await?;
    let body = state.templates.render("clients", &view)?;
    Ok(streamed(&body, AllRows { state, organization, base, can_edit, now, zone, ids: ids.into(), from: 0 }))
}

fn filter(listing: &Listing<ClientSort>) -> ClientFilter {
    ClientFilter {
        search: None,
        identifier: listing.set_filter("client_id"),
        code_created_at: listing.set_filter("code_created_at"),
        token_created_at: listing.set_filter("token_created_at"),
        expires_in: listing.set_filter("expires_in"),
        passthru_user: listing.set_filter("passthru_user"),
        active: active(listing.filter("active")),
    }
}

/// The beginning of a word for it, as people write it in an address.
fn active(text: &str) -> Option<bool> {
    let begins = |words: [&str; 2]| {
        let text = text.to_lowercase();
        !text.is_empty() && words.iter().any(|word| word.starts_with(&text))
    };
    if begins(["yes", "active"]) {
        Some(true)
    } else if begins(["no", "inactive"]) {
        Some(false)
    } else {
        None
    }
}

fn filters(listing: &Listing<ClientSort>) -> Filters {
    let field = |name| Field::of(listing.filter(name));
    Filters {
        client_id: field("client_id"),
        code_created_at: field("code_created_at"),
        token_created_at: field("token_created_at"),
        expires_in: field("expires_in"),
        passthru_user: field("passthru_user"),
        active: match active(listing.filter("active")) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        },
    }
}

fn columns(listing: &Listing<ClientSort>) -> Columns {
    Columns {
        client_id: listing.column(ClientSort::Identifier),
        code_created_at: listing.column(ClientSort::CodeCreated),
        token_created_at: listing.column(ClientSort::TokenCreated),
        expires_in: listing.column(ClientSort::ExpiresIn),
        passthru_user: listing.column(ClientSort::PassthruUser),
        active: listing.column(ClientSort::Active),
    }
}

fn rows(clients: &[ClientDetail], base: &str) -> Vec<Row> {
    clients.iter().map(|client| row(client, base)).collect()
}

fn row(client: &ClientDetail, base: &str) -> Row {
    let third_party = client.third_party.zip(client.third_party_name.clone());
    Row {
        href: format!("{base}/clients/{}", client.id),
        client_id: client.identifier.clone(),
        third_party: third_party.map(|(id, name)| ThirdPartyLink { name, href: format!("{base}/third-parties/{id}") }),
        code_created_at: client.last_code.as_ref().map(|code| code.created_at),
        token_created_at: client.last_token.as_ref().map(|token| token.created_at),
        expires_in: list::lifetime_in_words(client.settings.access_token_lifetime, client.is_automatic),
        passthru_user: client.last_code.as_ref().map(|code| Person {
            name: code.passthru_user.name.clone(),
            email: code.passthru_user.email.clone().unwrap_or_default(),
        }),
        active: client.active,
    }
}

/// The rows of a page with all of them, made while they are sent: as many as there may be, no more than a chunk of them
/// is kept at once.
struct AllRows {
    state: web::Data<AppState>,
    organization: OrganizationId,
    base: String,
    can_edit: bool,
    now: Timestamp,
    zone: Zone,
    ids: Arc<[ClientId]>,
    from: usize,
}

impl AllRows {
    /// The next rows; `None` after the last.
    async fn next(&mut self) -> Result<Option<String>, WebError> {
        let rest = self.ids.get(self.from..).unwrap_or_default();
        let Some(chunk) = rest.chunks(CHUNK).next() else { return Ok(None) };
        let clients = get_all(&self.state.store, self.organization, chunk).await?;
        self.from += chunk.len();
        let view = Rows {
            page: Moment { now: self.now, zone: self.zone.clone() },
            can_edit: self.can_edit,
            rows: rows(&clients, &self.base),
        };
        self.state.templates.render("partials/client-rows", &view).map(Some)
    }
}

/// A page as an answer whose rows follow while it is read.
fn streamed(body: &str, rows: AllRows) -> HttpResponse {
    let (before, after) = body.split_once(ROWS).unwrap_or((body, ""));
    let (before, after) = (Bytes::from(before.to_owned()), Bytes::from(after.to_owned()));
    let chunks = stream::try_unfold(Some((rows, after)), |waiting| async {
        let Some((mut rows, after)) = waiting else { return Ok(None) };
        match rows.next().await? {
            Some(chunk) => Ok(Some((Bytes::from(chunk), Some((rows, after))))),
            None => Ok::<_, WebError>(Some((after, None))),
        }
    });
    let first = stream::iter([Ok(before)]);
    let body = stream::StreamExt::chain(first, chunks);
    HttpResponse::Ok().content_type("text/html; charset=utf-8").streaming(Box::pin(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_word_says_whether_active() {
        for (text, expected) in
            [("y", Some(true)), ("Act", Some(true)), ("NO", Some(false)), ("in", Some(false)), ("", None), ("x", None)]
        {
            assert_eq!(active(text), expected, "{text}");
        }
    }
}
