//! `GET /api/v1/orgs/{org}/jobs`

use actix_web::{HttpResponse, web};
use countersign_persistence::jobs;
use serde::{Deserialize, Serialize};

use super::view::JobView;
use crate::WebError;
use crate::api::problem::QueryProblems;
use crate::api::query::{Check, Query, identifier, number};
use crate::caller::{ApiCaller, ReadAudit};
use crate::state::AppState;

const LONGEST_PAGE: u32 = 200;
const DEFAULT_LIMIT: u32 = 50;

/// Which jobs to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobsQuery {
    /// Only those that were asked for before this one.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<String>,
    /// How many: 1 to 200, by default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// A page of jobs, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct JobList {
    /// The jobs.
    items: Vec<JobView>,
}

/// Lists the jobs, newest first
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/jobs",
    tag = "Jobs",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), JobsQuery),
    responses((status = 200, description = "A page of jobs", body = JobList), QueryProblems),
    security(("session" = ["ReadAudit"]))
)]
pub(crate) async fn list_jobs(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadAudit>,
    Query(query): Query<JobsQuery>,
) -> Result<HttpResponse, WebError> {
    let mut check = Check::default();
    let before = check.optional("before", query.before.as_deref(), identifier);
    let limit = check.optional("limit", query.limit.as_deref(), number(1, LONGEST_PAGE)).unwrap_or(DEFAULT_LIMIT);
    check.finish()?;
    let found = jobs::list(&state.store, caller.organization.id, before, limit).await?;
    Ok(HttpResponse::Ok().json(JobList { items: found.into_iter().map(JobView::from).collect() }))
}
