//! `GET /api/v1/orgs/{org}/third-parties`

use actix_web::{HttpResponse, web};
use countersign_domain::InvalidValue;
use countersign_persistence::clock;
use countersign_persistence::queries::Cut;
use countersign_persistence::queries::third_parties::list::{self, ThirdPartyFilter, ThirdPartyList, ThirdPartySort};
use serde::{Deserialize, Serialize};

use super::view::ThirdPartyItem;
use crate::WebError;
use crate::api::problem::QueryProblems;
use crate::api::query::{Check, Query, is_descending, truth};
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::state::AppState;

/// Which third parties to list, and how. All that is given must hold; times are found by a part of what is shown of them,
/// which is like `2026-11-20 14:05 UTC`.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// A part of the name, the contact's name or the contact's e-mail address, without regard to case.
    q: Option<String>,
    /// Whether its access is switched on.
    #[param(value_type = Option<bool>)]
    enabled: Option<String>,
    /// How it comes by its tokens: `manual` or `automatic`.
    #[param(pattern = "^(manual|automatic)$")]
    mode: Option<String>,
    /// A part of the next expiry of its tokens, of `Does not expire`, or of `No active token`.
    #[param(example = "2026-12")]
    next_expiry: Option<String>,
    /// A part of the last use of its tokens, or of `Never`.
    #[param(example = "never")]
    last_used: Option<String>,
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
    caller: ApiCaller<ReadThirdParties>,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse, WebError> {
    let (list, cut) = checked(query)?;
    let page = list::page(&state.store, caller.organization.id, &list, cut, clock::now()).await?;
    Ok(HttpResponse::Ok().json(ThirdPartyPage {
        items: page.items.into_iter().map(ThirdPartyItem::from).collect(),
        total: page.total,
        page: page.page,
        pages: page.pages,
    }))
}

fn checked(query: ListQuery) -> Result<(ThirdPartyList, Cut), WebError> {
    let mut check = Check::default();
    let sort = check.optional("sort", query.sort.as_deref(), sort).unwrap_or_default();
    let descending = check.optional("order", query.order.as_deref(), is_descending).unwrap_or_default();
    let enabled = check.optional("enabled", query.enabled.as_deref(), truth);
    let mode = check.optional("mode", query.mode.as_deref(), str::parse);
    let (page, size) = check.page(query.page.as_deref(), query.page_size.as_deref());
    check.finish()?;
    let filter = ThirdPartyFilter {
        search: query.q,
        enabled,
        mode,
        next_expiry: query.next_expiry,
        last_used: query.last_used,
        zone: None,
    };
    Ok((ThirdPartyList { filter, sort, descending }, Cut { page, size }))
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
