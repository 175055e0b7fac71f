//! `GET /api/v1/orgs/{org}/third-parties`

use actix_web::{HttpResponse, web};
use countersign_domain::InvalidValue;
use countersign_persistence::clock;
use countersign_persistence::queries::third_parties::{self, ThirdPartyList, ThirdPartySort};
use serde::{Deserialize, Serialize};

use super::view::ThirdPartyItem;
use crate::WebError;
use crate::api::problem::QueryProblems;
use crate::api::query::{Check, Query, is_descending};
use crate::caller::{Caller, ReadThirdParties};
use crate::state::AppState;

/// Which third parties to list, and how.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// A part of the name, the contact's name or the contact's e-mail address, without regard to case.
    q: Option<String>,
    /// `name` (default), `enabled`, `mode`, `next_expiry` or `last_used`.
    #[param(pattern = "^(name|enabled|mode|next_expiry|last_used)$", example = "next_expiry")]
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

/// A page of third parties.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ThirdPartyPage {
    /// The third parties of this page.
    items: Vec<ThirdPartyItem>,
    /// How many all pages have together.
    total: u64,
    /// Which page this is.
    page: u32,
    /// How many pages there are.
    pages: u32,
}

/// Lists the third parties
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/third-parties",
    tag = "Third parties",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), ListQuery),
    responses((status = 200, description = "A page of third parties", body = ThirdPartyPage), QueryProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn list_third_parties(
    state: web::Data<AppState>,
    caller: Caller<ReadThirdParties>,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse, WebError> {
    let list = checked(query)?;
    let page = third_parties::list(&state.store, caller.organization.id, &list, clock::now()).await?;
    Ok(HttpResponse::Ok().json(ThirdPartyPage {
        items: page.items.into_iter().map(ThirdPartyItem::from).collect(),
        total: page.total,
        page: page.page,
        pages: page.pages,
    }))
}

fn checked(query: ListQuery) -> Result<ThirdPartyList, WebError> {
    let mut check = Check::default();
    let sort = check.optional("sort", query.sort.as_deref(), sort).unwrap_or_default();
    let descending = check.optional("order", query.order.as_deref(), is_descending).unwrap_or_default();
    let (page, page_size) = check.page(query.page.as_deref(), query.page_size.as_deref());
    check.finish()?;
    Ok(ThirdPartyList { search: query.q, sort, descending, page, page_size: Some(page_size) })
}

fn sort(text: &str) -> Result<ThirdPartySort, InvalidValue> {
    match text {
        "name" => Ok(ThirdPartySort::Name),
        "enabled" => Ok(ThirdPartySort::Enabled),
        "mode" => Ok(ThirdPartySort::Mode),
        "next_expiry" => Ok(ThirdPartySort::NextExpiry),
        "last_used" => Ok(ThirdPartySort::LastUsed),
        _ => Err(InvalidValue("Choose one of name, enabled, mode, next_expiry, last_used".into())),
    }
}
