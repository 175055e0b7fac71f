//! `GET /api/v1/orgs/{org}/third-parties/{third_party}/requests`

use actix_web::{HttpResponse, web};
use countersign_domain::ThirdPartyId;
use countersign_persistence::clock;
use countersign_persistence::usage::KEPT_DAYS;
use serde::{Deserialize, Serialize};

use super::problem::QueryProblems;
use super::query::{Check, Query, number};
use super::third_parties::view::existing;
use crate::WebError;
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::requests::{DAYS, RequestCounts};
use crate::state::AppState;

/// Which requests to count.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestsQuery {
    /// Of how many days, today (UTC) the last of them: 1 to 400, by default 30.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 400)]
    days: Option<String>,
}

/// What became of requests that presented a token.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RequestsView {
    /// The first day (UTC).
    #[schema(value_type = String, format = Date)]
    first_day: String,
    /// The last day (UTC), which is not over.
    #[schema(value_type = String, format = Date)]
    last_day: String,
    /// How many were let through.
    allowed: u64,
    /// How many were refused.
    refused: u64,
    /// The days with their counts; what did not occur is left out.
    counts: Vec<RequestCountView>,
}

/// The requests of a day that came out alike.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RequestCountView {
    /// The day (UTC).
    #[schema(value_type = String, format = Date)]
    day: String,
    /// `allowed`, or the first check that failed, as the access test names it.
    #[schema(value_type = String, examples("allowed", "not-expired", "token-active"))]
    outcome: &'static str,
    /// How many.
    requests: u64,
}

/// Counts the requests of a third party by what became of them
///
/// Introspection, forward authentication and the third party's own access tests with its tokens, a few seconds late.
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}/requests",
    tag = "Third parties",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party"),
        RequestsQuery
    ),
    responses((status = 200, description = "The counts", body = RequestsView), QueryProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn get_requests(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
    Query(query): Query<RequestsQuery>,
) -> Result<HttpResponse, WebError> {
    let mut check = Check::default();
    let longest = u32::try_from(KEPT_DAYS).unwrap_or(u32::MAX);
    let days = check.optional("days", query.days.as_deref(), number(1, longest)).unwrap_or(DAYS);
    check.finish()?;
    let third_party = existing(&state.store, &caller.organization, path.1).await?.id;
    let counts =
        RequestCounts::load(&state.store, caller.organization.id, Some(third_party), clock::now(), days).await?;
    Ok(HttpResponse::Ok().json(RequestsView::from(&counts)))
}

impl From<&RequestCounts> for RequestsView {
    fn from(counts: &RequestCounts) -> Self {
        Self {
            first_day: counts.first.to_string(),
            last_day: counts.last.to_string(),
            allowed: counts.allowed(),
            refused: counts.refused().iter().map(|(_, requests)| requests).sum(),
            counts: counts
                .counts
                .iter()
                .map(|count| RequestCountView {
                    day: count.day.to_string(),
                    outcome: count.outcome.name(),
                    requests: count.requests,
                })
                .collect(),
        }
    }
}
