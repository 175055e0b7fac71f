//! `GET /api/v1/orgs/{org}/members`

use actix_web::{HttpResponse, web};
use countersign_domain::{InvalidValue, Role};
use countersign_persistence::queries::Cut;
use countersign_persistence::queries::members::{self, MemberFilter, MemberList, MemberSort};
use serde::{Deserialize, Serialize};

use super::view::MemberView;
use crate::WebError;
use crate::api::problem::QueryProblems;
use crate::api::query::{Check, Query, is_descending};
use crate::caller::{ApiCaller, ReadMembers};
use crate::state::AppState;

/// Which members to list, and how.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// A part of the name or the e-mail address, without regard to case.
    q: Option<String>,
    /// A part of the name, without regard to case.
    name: Option<String>,
    /// A part of the e-mail address, without regard to case.
    email: Option<String>,
    /// What they may do: `owner`, `admin`, `developer` or `auditor`.
    #[param(pattern = "^(owner|admin|developer|auditor)$")]
    role: Option<String>,
    /// Whether a code is asked for at sign-in.
    #[param(value_type = Option<bool>)]
    sign_in_codes: Option<String>,
    /// Whether they may sign in.
    #[param(value_type = Option<bool>)]
    active: Option<String>,
    /// A part of when they last signed in, in UTC, or of `Never`.
    #[param(example = "2026-11-20 14:05")]
    last_signed_in: Option<String>,
    /// `name` (default), `email`, `role`, `sign_in_codes`, `active` or `last_signed_in`.
    #[param(pattern = "^(name|email|role|sign_in_codes|active|last_signed_in)$", example = "last_signed_in")]
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

/// A page of members.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MembersPage {
    /// The members of this page.
    items: Vec<MemberView>,
    /// How many all pages have together.
    total: u64,
    /// Which page this is.
    page: u32,
    /// How many pages there are.
    pages: u32,
}

/// Lists the members, the deactivated ones too
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/members",
    tag = "Members",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), ListQuery),
    responses((status = 200, description = "A page of members", body = MembersPage), QueryProblems),
    security(("session" = ["ReadMembers"]))
)]
pub(crate) async fn list_members(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadMembers>,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse, WebError> {
    let (list, cut) = checked(query)?;
    let page = members::page(&state.store, caller.organization.id, &list, cut).await?;
    Ok(HttpResponse::Ok().json(MembersPage {
        items: page.items.into_iter().map(MemberView::from).collect(),
        total: page.total,
        page: page.page,
        pages: page.pages,
    }))
}

fn checked(query: ListQuery) -> Result<(MemberList, Cut), WebError> {
    let mut check = Check::default();
    let filter = MemberFilter {
        search: query.q,
        name: query.name,
        email: query.email,
        role: check.optional("role", query.role.as_deref(), str::parse::<Role>),
        asks_for_code: check.optional("sign_in_codes", query.sign_in_codes.as_deref(), is_true),
        active: check.optional("active", query.active.as_deref(), is_true),
        last_signed_in: query.last_signed_in,
        zone: None,
    };
    let sort = check.optional("sort", query.sort.as_deref(), sort).unwrap_or_default();
    let descending = check.optional("order", query.order.as_deref(), is_descending).unwrap_or_default();
    let (page, size) = check.page(query.page.as_deref(), query.page_size.as_deref());
    check.finish()?;
    Ok((MemberList { filter, sort, descending }, Cut { page, size }))
}

fn is_true(text: &str) -> Result<bool, InvalidValue> {
    text.parse().map_err(|_| InvalidValue("Choose true or false".into()))
}

fn sort(text: &str) -> Result<MemberSort, InvalidValue> {
    match text {
        "name" => Ok(MemberSort::Name),
        "email" => Ok(MemberSort::Email),
        "role" => Ok(MemberSort::Role),
        "sign_in_codes" => Ok(MemberSort::AsksForCode),
        "active" => Ok(MemberSort::Active),
        "last_signed_in" => Ok(MemberSort::LastSignedIn),
        _ => Err(InvalidValue("Choose one of name, email, role, sign_in_codes, active, last_signed_in".into())),
    }
}
