//! `GET /api/v1/orgs/{org}/clients`

use actix_web::{HttpResponse, web};
use countersign_domain::InvalidValue;
use countersign_persistence::queries::Cut;
use countersign_persistence::queries::clients::list::{self, ClientFilter, ClientList, ClientSort};
use serde::{Deserialize, Serialize};

use super::view::ClientView;
use crate::WebError;
use crate::api::problem::QueryProblems;
use crate::api::query::{Check, Query, is_descending, truth};
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::state::AppState;

/// Which clients to list, and how. All that is given must hold; times are found by a part of what is shown of them, which is
/// like `2026-11-20 14:05 UTC`, or `Never`.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// A part of the Client ID or of the third party's name, without regard to case.
    q: Option<String>,
    /// A part of the Client ID, without regard to case.
    client_id: Option<String>,
    /// A part of when its last authorization code was created.
    #[param(example = "2026-11")]
    code_created_at: Option<String>,
    /// A part of when its last token was created.
    #[param(example = "2026-11-20 14:05")]
    token_created_at: Option<String>,
    /// A part of how long its access tokens live: seconds, `3600 (default)` or `Does not expire`.
    expires_in: Option<String>,
    /// A part of the name or e-mail address of the member for whom it acts, or of `None`, without regard to case.
    passthru_user: Option<String>,
    /// Whether it may take part.
    #[param(value_type = Option<bool>)]
    active: Option<String>,
    /// `client_id` (default), `code_created_at`, `token_created_at`, `expires_in`, `passthru_user` or `active`.
    #[param(pattern = "^(client_id|code_created_at|token_created_at|expires_in|passthru_user|active)$")]
    sort: Option<String>,
    /// `asc` (default) or `desc`. Those without a value come last in either.
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
    caller: ApiCaller<ReadThirdParties>,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse, WebError> {
    let mut check = Check::default();
    let sort = check.optional("sort", query.sort.as_deref(), sort).unwrap_or_default();
    let descending = check.optional("order", query.order.as_deref(), is_descending).unwrap_or_default();
    let active = check.optional("active", query.active.as_deref(), truth);
    let (page, size) = check.page(query.page.as_deref(), query.page_size.as_deref());
    check.finish()?;
    let filter = ClientFilter {
        search: query.q,
        identifier: query.client_id,
        code_created_at: query.code_created_at,
        token_created_at: query.token_created_at,
        expires_in: query.expires_in,
        passthru_user: query.passthru_user,
        active,
        zone: None,
        lifetimes: caller.organization.access_tokens,
    };
    let list = ClientList { filter, sort, descending };
    let page = list::page(&state.store, caller.organization.id, &list, Cut { page, size }).await?;
    Ok(HttpResponse::Ok().json(ClientPage {
        items: page.items.into_iter().map(ClientView::from).collect(),
        total: page.total,
        page: page.page,
        pages: page.pages,
    }))
}

fn sort(text: &str) -> Result<ClientSort, InvalidValue> {
    match text {
        "client_id" => Ok(ClientSort::Identifier),
        "code_created_at" => Ok(ClientSort::CodeCreated),
        "token_created_at" => Ok(ClientSort::TokenCreated),
        "expires_in" => Ok(ClientSort::ExpiresIn),
        "passthru_user" => Ok(ClientSort::PassthruUser),
        "active" => Ok(ClientSort::Active),
        _ => Err(InvalidValue(
            "Choose one of client_id, code_created_at, token_created_at, expires_in, passthru_user, active".into(),
        )),
    }
}
