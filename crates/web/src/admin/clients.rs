//! The list of OAuth clients.

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{ClientId, Right};
use countersign_persistence::StoreError;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::clients::list::{self, ClientFilter, ClientList, ClientSort};
use countersign_persistence::queries::clients::{ClientDetail, get_all};
use countersign_persistence::queries::{Cut, Page};
use jiff::Timestamp;
use serde::Serialize;

use super::listing::{Choice, List, ListColumn, Listing, Reader, show};
use super::page::Section;
use crate::WebError;
use crate::caller::{Caller, ReadThirdParties};
use crate::state::AppState;

struct Clients;

/// What `partials/client-rows.hbs` reads of each.
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
    show::<Clients, _>(state, request, caller).await
}

/// A column whose filter has the same name.
const fn column(
    name: &'static str,
    sort: ClientSort,
    labels: [&'static str; 2],
    choices: &'static [Choice],
) -> ListColumn<ClientSort> {
    let [label, filter_label] = labels;
    ListColumn { label, name, sort, filter: name, filter_label, choices }
}

impl List for Clients {
    type Sort = ClientSort;
    type Query = ClientList;
    type Id = ClientId;
    type Item = ClientDetail;
    type Row = Row;

    const SECTION: Section = Section::Clients;
    const PATH: &'static str = "clients";
    const TEMPLATES: [&'static str; 2] = ["clients", "partials/client-rows"];
    const TO_EDIT: Right = Right::ManageThirdParties;
    const COLUMNS: &'static [ListColumn<ClientSort>] = &[
        column("client_id", ClientSort::Identifier, ["Client ID"; 2], &[]),
        column("code_created_at", ClientSort::CodeCreated, ["Code created at"; 2], &[]),
        column("token_created_at", ClientSort::TokenCreated, ["Token created at"; 2], &[]),
        column("expires_in", ClientSort::ExpiresIn, ["Expires in (s)", "Expires in"], &[]),
        column("passthru_user", ClientSort::PassthruUser, ["Passthru user"; 2], &[]),
        column("active", ClientSort::Active, ["Active"; 2], &[("yes", "Active"), ("no", "Inactive")]),
    ];

    fn query(listing: &Listing<ClientSort>, organization: &OrganizationEntry) -> ClientList {
        let filter = ClientFilter {
            search: None,
            identifier: listing.set_filter("client_id"),
            code_created_at: listing.set_filter("code_created_at"),
            token_created_at: listing.set_filter("token_created_at"),
            expires_in: listing.set_filter("expires_in"),
            passthru_user: listing.set_filter("passthru_user"),
            active: listing.set_filter("active").map(|active| active == "yes"),
            zone: Some(listing.zone.time_zone()),
            lifetimes: organization.access_tokens,
        };
        ClientList { filter, sort: listing.sort, descending: listing.descending }
    }

    async fn count(reader: &Reader<'_>, query: &ClientList) -> Result<u64, StoreError> {
        list::count(reader.store, reader.organization.id, &query.filter).await
    }

    async fn page(reader: &Reader<'_>, query: &ClientList, cut: Cut) -> Result<Page<ClientDetail>, StoreError> {
        list::page(reader.store, reader.organization.id, query, cut).await
    }

    async fn identifiers(reader: &Reader<'_>, query: &ClientList) -> Result<Vec<ClientId>, StoreError> {
        list::identifiers(reader.store, reader.organization.id, query).await
    }

    async fn get_all(reader: &Reader<'_>, ids: &[ClientId]) -> Result<Vec<ClientDetail>, StoreError> {
        get_all(reader.store, reader.organization.id, ids).await
    }

    fn row(client: &ClientDetail, reader: &Reader<'_>) -> Row {
        let third_party = client.third_party.zip(client.third_party_name.clone());
        Row {
            href: format!("{}/clients/{}", reader.base, client.id),
            client_id: client.identifier.clone(),
            third_party: third_party
                .map(|(id, name)| ThirdPartyLink { name, href: format!("{}/third-parties/{id}", reader.base) }),
            code_created_at: client.last_code.as_ref().map(|code| code.created_at),
            token_created_at: client.last_token.as_ref().map(|token| token.created_at),
            expires_in: list::lifetime_in_words(
                client.settings.access_token_lifetime,
                client.is_automatic,
                reader.organization.access_tokens,
            ),
            passthru_user: client.last_code.as_ref().map(|code| Person {
                name: code.passthru_user.name.clone(),
                email: code.passthru_user.email.clone().unwrap_or_default(),
            }),
            active: client.active,
        }
    }
}
