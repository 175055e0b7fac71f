//! `GET /api/v1/orgs/{org}/clients`

use actix_web::{HttpResponse, web};
use countersign_persistence::queries::clients::list::{self, ClientFilter, ClientList, Cut};
use serde::{Deserialize, Serialize};

use super::view::ClientView;
use crate::WebError;
use crate::api::problem::QueryProblems;
use crate::api::query::{Check, Query, is_descending};
use crate::caller::{Caller, ReadThirdParties};
use crate::state::AppState;

/// Which clients to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// A part of the Client ID or of the third party's name, without regard to case.
    q: Option<String>,
    /// By the Client ID: `asc` (default) or `desc`.
    #[param(pattern = "^(asc|desc)$")]
    order: Option<String>,
    /// Which page, from 1 on.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 4_294_967_295_u32)]
    page: Option<String>,
    /// How many a page has: 1 to 200, by default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    page_size: Option<String>,
}

/// A page of clients.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ClientPage {
    /// The clients of this page.
    items: Vec<ClientView>,
    /// How many all pages have together.
    total: u64,
    /// Which page this is.
    page: u32,
    /// How many pages there are.
    pages: u32,
}

/// Lists the clients
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/clients",
    tag = "Clients",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), ListQuery),
    responses((status = 200, description = "A page of clients", body = ClientPage), QueryProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn list_clients(
    state: web::Data<AppState>,
    caller: Caller<ReadThirdParties>,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse, WebError> {
    let mut check = Check::default();
    let descending = check.optional("order", query.order.as_deref(), is_descending).unwrap_or_default();
    let (page, page_size) = check.page(query.page.as_deref(), query.page_size.as_deref());
    check.finish()?;
    let filter = ClientFilter { search: query.q, ..ClientFilter::default() };
    let list = ClientList { filter, descending, ..ClientList::default() };
    let page = list::page(&state.store, caller.organization.id, &list, Cut { page, size: page_size }).await?;
    Ok(HttpResponse::Ok().json(ClientPage {
        items: page.items.into_iter().map(ClientView::from).collect(),
        total: page.total,
        page: page.page,
        pages: page.pages,
    }))
}
