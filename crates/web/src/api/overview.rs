//! `GET /api/v1/orgs/{org}/overview`

use actix_web::{HttpResponse, web};
use countersign_domain::client::AuthenticationFailure;
use countersign_persistence::clock;
use countersign_persistence::queries::overview::{AGES, UnusedToken};
use countersign_persistence::queries::requests::{FailingClient, RefusedThirdParty};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::expirations::{ExpirationItem, Owner};
use super::problem::ReadProblems;
use super::requests::RequestsView;
use crate::WebError;
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::overview::Overview;
use crate::state::AppState;

/// What an organization should look at now. Lists have 8 entries at most, those that matter first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct OverviewView {
    /// What expires within 30 days.
    expiring: Vec<ExpirationItem>,
    /// How much expires within 30 days, listed or not.
    expiring_total: u64,
    /// The third parties that were refused most since yesterday, 00:00 UTC.
    refused: Vec<RefusedView>,
    /// The clients that failed to authenticate most since then.
    failing_clients: Vec<FailingClientView>,
    /// The active tokens, older than 7 days, that were never used.
    never_used: Vec<UnusedTokenView>,
    /// What became of the requests of 30 days, all third parties' together.
    requests: RequestsView,
    /// How much expires in each of the next 12 months.
    expirations_by_month: Vec<MonthView>,
    /// How many active tokens there are, by age.
    token_ages: Vec<TokenAgeView>,
}

/// A third party whose requests were refused.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RefusedView {
    /// Which one; null for tokens without a third party.
    third_party: Option<Owner>,
    /// Why and how often.
    causes: Vec<CauseView>,
}

/// A client that could not authenticate.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FailingClientView {
    /// Which one.
    client: Owner,
    /// Why and how often.
    causes: Vec<CauseView>,
    /// Whether there may be more than were counted.
    at_least: bool,
}

/// Why something was refused.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CauseView {
    /// A stable name: of the check that failed, or of what was wrong with the client's credentials.
    #[schema(example = "not-expired")]
    cause: &'static str,
    /// The same in words.
    message: &'static str,
    /// How often.
    count: u64,
}

/// A token that was never used.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct UnusedTokenView {
    /// Which one.
    id: Uuid,
    /// By what people tell it apart.
    #[schema(example = "cs_mt_…a9F2")]
    masked: String,
    /// Of which third party, if of one.
    third_party: Option<Owner>,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// How much expires in a month.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MonthView {
    /// The month (UTC).
    #[schema(example = "2026-12")]
    month: String,
    /// How many tokens and client secrets.
    count: u64,
}

/// How many active tokens are of an age.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TokenAgeView {
    /// The age in months up to which they are counted here; null for all that are older.
    up_to_months: Option<i32>,
    /// How many.
    count: u64,
}

/// Reads what an organization should look at now
///
/// The last changes are in `/audit`, with `routine=false`.
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/overview",
    tag = "Organization",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "What to look at", body = OverviewView), ReadProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn get_overview(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadThirdParties>,
) -> Result<HttpResponse, WebError> {
    let overview = Overview::load(&state.store, caller.organization.id, clock::now()).await?;
    Ok(HttpResponse::Ok().json(OverviewView::from(overview)))
}

impl From<Overview> for OverviewView {
    fn from(overview: Overview) -> Self {
        let ages = AGES.into_iter().map(Some).chain([None]).zip(overview.ages);
        let months = overview.by_month.into_iter();
        Self {
            expiring: overview.expiring.items.into_iter().map(ExpirationItem::from).collect(),
            expiring_total: overview.expiring.total,
            refused: overview.refused.into_iter().map(RefusedView::from).collect(),
            failing_clients: overview.failing.into_iter().map(FailingClientView::from).collect(),
            never_used: overview.never_used.into_iter().map(UnusedTokenView::from).collect(),
            requests: RequestsView::from(&overview.requests),
            expirations_by_month: months.map(|(month, count)| MonthView { month: month.to_string(), count }).collect(),
            token_ages: ages.map(|(up_to_months, count)| TokenAgeView { up_to_months, count }).collect(),
        }
    }
}

impl From<RefusedThirdParty> for RefusedView {
    fn from(refused: RefusedThirdParty) -> Self {
        let causes = refused.refused.into_iter();
        Self {
            third_party: refused.third_party.map(|(id, name)| Owner { id: id.uuid(), name }),
            causes: causes
                .map(|(outcome, count)| CauseView { cause: outcome.name(), message: outcome.in_words(), count })
                .collect(),
        }
    }
}

impl From<FailingClient> for FailingClientView {
    fn from(client: FailingClient) -> Self {
        let causes = client.failures.into_iter();
        Self {
            client: Owner { id: client.id.uuid(), name: client.identifier },
            causes: causes
                .map(|(cause, count)| CauseView { cause: name_of(cause), message: cause.in_words(), count })
                .collect(),
            at_least: client.is_at_least,
        }
    }
}

impl From<UnusedToken> for UnusedTokenView {
    fn from(token: UnusedToken) -> Self {
        Self {
            id: token.id.uuid(),
            masked: token.masked,
            third_party: token.third_party.map(|(id, name)| Owner { id: id.uuid(), name }),
            created_at: token.issued_at,
        }
    }
}

fn name_of(cause: AuthenticationFailure) -> &'static str {
    match cause {
        AuthenticationFailure::WrongSecret => "wrong-secret",
        AuthenticationFailure::ExpiredSecret => "expired-secret",
        AuthenticationFailure::MissingSecret => "missing-secret",
        AuthenticationFailure::NotActive => "not-active",
        AuthenticationFailure::HeldBack => "held-back",
    }
}
