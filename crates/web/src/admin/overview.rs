//! An organization's first page: what to look at now, and what to do first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::Right;
use countersign_persistence::queries::audit::{self, AuditCursor, AuditFilter, AuditPage};
use countersign_persistence::queries::overview::{FirstSteps, UnusedToken, first_steps};
use countersign_persistence::queries::requests::{FailingClient, RefusedThirdParty};
use jiff::Timestamp;
use serde::Serialize;

use super::charts::{self, Chart, grouped};
use super::credential::{ExpirationLine, Link};
use super::page::{Frame, OPERATOR, Section, base, html, see_other};
use super::timeline::EventLine;
use crate::WebError;
use crate::caller::{Caller, UseOwnProfile};
use crate::overview::Overview;
use crate::state::AppState;

/// How many of the last changes are shown.
const LAST_CHANGES: u32 = 8;

#[derive(Serialize)]
struct HomePage {
    page: Frame,
    can_edit: bool,
    steps: Vec<Step>,
    overview: Option<OverviewView>,
    events: Vec<EventLine>,
}

/// Something to do first.
#[derive(Serialize)]
struct Step {
    label: &'static str,
    hint: &'static str,
    href: Option<String>,
    done: bool,
}

#[derive(Serialize)]
struct OverviewView {
    expiring: Vec<ExpirationLine>,
    expiring_count: u64,
    failing: Vec<FailingLine>,
    never_used: Vec<UnusedLine>,
    requests: String,
    requests_chart: Chart,
    expirations_chart: Chart,
    ages_chart: Chart,
}

#[derive(Serialize)]
struct FailingLine {
    kind: &'static str,
    name: String,
    href: Option<String>,
    count: String,
    causes: Vec<String>,
    test: Option<String>,
    history: Option<String>,
}

#[derive(Serialize)]
struct UnusedLine {
    mask: String,
    href: Option<String>,
    third_party: Option<Link>,
    created_at: Timestamp,
}

/// `GET /o/{org}`. Who may not read third parties has a profile and no more.
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<UseOwnProfile>,
) -> Result<HttpResponse, WebError> {
    let (organization, base) = (caller.organization.id, base(&caller.organization.slug));
    if caller.may(Right::OperateInstallation) {
        return Ok(see_other(OPERATOR));
    }
    if !caller.may(Right::ReadThirdParties) {
        return Ok(see_other(&format!("{base}/profile")));
    }
    let page = Frame::load(&state, &request, &caller, Section::Home).await?;
    let reader = Reader {
        can_edit: caller.may(Right::ManageThirdParties),
        can_audit: caller.may(Right::ReadAudit),
        base: &base,
        now: page.now,
    };
    let done = first_steps(&state.store, organization).await?;
    let overview = match done.third_party {
        Some(_) => Some(Overview::load(&state.store, organization, page.now).await?),
        None => None,
    };
    let events = if reader.can_audit {
        let filter = AuditFilter { without_routine: true, ..AuditFilter::default() };
        let last = AuditPage { cursor: AuditCursor::Newest, limit: LAST_CHANGES };
        audit::timeline(&state.store, organization, &filter, last).await?.entries
    } else {
        Vec::new()
    };
    let view = HomePage {
        can_edit: reader.can_edit,
        steps: reader.steps(done),
        overview: overview.map(|overview| reader.overview(&overview)),
        events: events.iter().map(|entry| EventLine::of(entry, &caller.organization.slug)).collect(),
        page,
    };
    html(&state, StatusCode::OK, "home", &view)
}

/// For whom the page is.
struct Reader<'a> {
    can_edit: bool,
    can_audit: bool,
    base: &'a str,
    now: Timestamp,
}

impl Reader<'_> {
    /// What is to be done first; nothing once all of it was.
    fn steps(&self, done: FirstSteps) -> Vec<Step> {
        if done.third_party.is_some() && done.with_token.is_some() && done.used {
            return Vec::new();
        }
        let path = |rest: &str| self.can_edit.then(|| format!("{}/third-parties{rest}", self.base));
        let of = |third_party: Option<_>, rest: &str| match third_party {
            Some(third_party) => path(&format!("/{third_party}{rest}")),
            None => path(""),
        };
        vec![
            Step {
                label: "Add a third party",
                hint: "A company or a system outside that is to call your API.",
                href: path("/new"),
                done: done.third_party.is_some(),
            },
            Step {
                label: "Add an OAuth Token",
                hint: "On the third party’s page; tick Enabled there too.",
                href: of(done.third_party, "#tokens-title"),
                done: done.with_token.is_some(),
            },
            Step {
                label: "Hand it over and test the access",
                hint: "Done with the token’s first call.",
                href: of(done.with_token.or(done.third_party), "/test"),
                done: done.used,
            },
        ]
    }

    fn overview(&self, overview: &Overview) -> OverviewView {
        let refused = overview.refused.iter().map(|refused| self.refused(refused));
        let failing = overview.failing.iter().map(|client| self.failing(client));
        OverviewView {
            expiring: overview.expiring.items.iter().map(|one| ExpirationLine::of(one, self.base, self.now)).collect(),
            expiring_count: overview.expiring.total,
            failing: refused.chain(failing).collect(),
            never_used: overview.never_used.iter().map(|token| self.unused(token)).collect(),
            requests: overview.requests.in_words(),
            requests_chart: charts::requests(&overview.requests),
            expirations_chart: charts::expirations(&overview.by_month, |month| {
                format!("{}/calendar?month={month}", self.base)
            }),
            ages_chart: charts::ages(&overview.ages),
        }
    }

    fn refused(&self, refused: &RefusedThirdParty) -> FailingLine {
        let third_party = refused.third_party.as_ref();
        let href = third_party.map(|(id, _)| format!("{}/third-parties/{id}", self.base));
        let history = third_party.map(|(id, _)| format!("{}/audit?third_party={id}", self.base));
        FailingLine {
            kind: "Requests refused",
            name: third_party.map_or_else(|| "Tokens without a third party".to_owned(), |(_, name)| name.clone()),
            test: href.as_ref().filter(|_| self.can_edit).map(|href| format!("{href}/test")),
            href,
            count: grouped(refused.refused.iter().map(|(_, count)| count).sum()),
            causes: causes(refused.refused.iter().map(|(outcome, count)| (outcome.in_words(), *count))),
            history: history.filter(|_| self.can_audit),
        }
    }

    fn failing(&self, client: &FailingClient) -> FailingLine {
        let count = grouped(client.failures.iter().map(|(_, count)| count).sum());
        let history = format!("{}/audit?type=AuthenticationFailed&client={}", self.base, client.id);
        FailingLine {
            kind: "Client authentications failed",
            name: client.identifier.clone(),
            href: Some(format!("{}/clients/{}", self.base, client.id)),
            count: if client.is_at_least { format!("at least {count}") } else { count },
            causes: causes(client.failures.iter().map(|(cause, count)| (cause.in_words(), *count))),
            test: None,
            history: self.can_audit.then_some(history),
        }
    }

    fn unused(&self, token: &UnusedToken) -> UnusedLine {
        let third_party = token
            .third_party
            .as_ref()
            .map(|(id, name)| Link { label: name.clone(), href: format!("{}/third-parties/{id}", self.base) });
        UnusedLine {
            mask: token.masked.clone(),
            href: third_party.as_ref().map(|third_party| third_party.href.clone()),
            third_party,
            created_at: token.issued_at,
        }
    }
}

/// Each cause, with its number where there are several.
fn causes<'a>(counts: impl ExactSizeIterator<Item = (&'a str, u64)>) -> Vec<String> {
    let several = counts.len() > 1;
    counts
        .map(|(cause, count)| if several { format!("{} {cause}", grouped(count)) } else { cause.to_owned() })
        .collect()
}
