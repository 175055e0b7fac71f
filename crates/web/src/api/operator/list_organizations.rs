//! `GET /api/v1/operator/organizations`

use actix_web::{HttpResponse, web};
use countersign_domain::InvalidValue;
use countersign_persistence::queries::installation::{self, OrganizationFilter, SlugCursor};
use serde::{Deserialize, Serialize};

use super::view::ListedOrganization;
use crate::WebError;
use crate::api::problem::QueryProblems;
use crate::api::query::{Check, Query, number};
use crate::caller::Operator;
use crate::state::AppState;

const LONGEST_PAGE: u32 = 200;
const DEFAULT_LIMIT: u32 = 50;

/// Which organizations to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrganizationsQuery {
    /// A part of the name in URLs, without regard to case.
    slug: Option<String>,
    /// `active` or `suspended`.
    #[param(pattern = "^(active|suspended)$")]
    state: Option<String>,
    /// Only those after this name in URLs.
    after: Option<String>,
    /// How many: 1 to 200, by default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// A page of organizations, by their names in URLs.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct OrganizationList {
    /// The organizations.
    items: Vec<ListedOrganization>,
    /// How many all pages have together.
    total: u64,
    /// For `after`, to go on; null at the end.
    next: Option<String>,
}

/// Lists the organizations
#[utoipa::path(
    get,
    path = "/api/v1/operator/organizations",
    tag = "Operator",
    params(OrganizationsQuery),
    responses((status = 200, description = "A page of organizations", body = OrganizationList), QueryProblems),
    security(("session" = ["OperateInstallation"]))
)]
pub(crate) async fn list_organizations(
    state: web::Data<AppState>,
    _: Operator,
    Query(query): Query<OrganizationsQuery>,
) -> Result<HttpResponse, WebError> {
    let mut check = Check::default();
    let suspended = check.optional("state", query.state.as_deref(), is_suspended);
    let limit = check.optional("limit", query.limit.as_deref(), number(1, LONGEST_PAGE)).unwrap_or(DEFAULT_LIMIT);
    check.finish()?;
    let filter = OrganizationFilter { slug: query.slug.filter(|slug| !slug.is_empty()), suspended };
    let cursor = query.after.map_or(SlugCursor::First, SlugCursor::After);
    let found = installation::organizations(&state.store, &filter, &cursor, limit).await?;
    Ok(HttpResponse::Ok().json(OrganizationList {
        items: found.items.into_iter().map(ListedOrganization::from).collect(),
        total: found.total,
        next: found.next,
    }))
}

fn is_suspended(text: &str) -> Result<bool, InvalidValue> {
    match text {
        "active" => Ok(false),
        "suspended" => Ok(true),
        _ => Err(InvalidValue("Choose active or suspended".into())),
    }
}
