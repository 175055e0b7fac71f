//! Suspending an organization and resuming it, after a page that says what stops or starts.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::clock;
use countersign_persistence::queries::installation::{MOST_COUNTED, OrganizationFacts};
use serde::Serialize;

use super::super::confirmation::Confirmation;
use super::super::page::{Frame, Section, html, see_other};
use super::super::refusal::Refusal;
use super::{OrganizationLine, load};
use crate::WebError;
use crate::caller::{OperateInstallation, Operator};
use crate::changes::organizations::{self, OrganizationChanges};
use crate::form::SignedForm;
use crate::state::AppState;

#[derive(Serialize)]
struct SuspensionPage {
    page: Frame,
    title: &'static str,
    organization: OrganizationLine,
    /// Whether it is to be suspended, rather than resumed.
    suspend: bool,
    /// Whether it is so already.
    done: bool,
    members: u64,
    active_tokens: u64,
    at_least: bool,
    form: Confirmation,
}

/// `GET /operator/organizations/{organization}/suspend` and `…/resume`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    operator: Operator,
    slug: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let facts = load(&state, &slug, clock::now()).await?;
    let page = Frame::load(&state, &request, &operator, Section::Organizations).await?;
    let view = view(page, &facts, suspends(&request), Confirmation::default());
    html(&state, StatusCode::OK, "operator-suspension", &view)
}

/// `POST /operator/organizations/{organization}/suspend` and `…/resume`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<OperateInstallation>,
    slug: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller: operator, fields } = form;
    let facts = load(&state, &slug, clock::now()).await?;
    let suspend = suspends(&request);
    // Doing it twice does nothing, so no version is asked for.
    let changed = match Confirmation::read(&fields, &operator, fields.get("version")) {
        Ok(context) => {
            let changes =
                OrganizationChanges { suspended: Some(suspend), reason: context.reason, ..Default::default() };
            organizations::change(&state, &operator.context(), facts.summary.id, &changes).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => {
            let done = if suspend { "organization-suspended" } else { "organization-resumed" };
            Ok(see_other(&format!("{}?done={done}", OrganizationLine::of(&facts).href)))
        }
        Err(error) => {
            let mut refusal = Refusal::of(error)?;
            let form = Confirmation::refused(&fields, &mut refusal);
            let Refusal { status, errors, .. } = refusal;
            let page = Frame::load(&state, &request, &operator, Section::Organizations).await?.with_errors(errors);
            html(&state, status, "operator-suspension", &view(page, &facts, suspend, form))
        }
    }
}

/// Which of the two addresses was asked for.
fn suspends(request: &HttpRequest) -> bool {
    request.match_pattern().is_some_and(|pattern| pattern.ends_with("/suspend"))
}

fn view(page: Frame, facts: &OrganizationFacts, suspend: bool, form: Confirmation) -> SuspensionPage {
    SuspensionPage {
        page,
        title: if suspend { "Suspend organization" } else { "Resume organization" },
        organization: OrganizationLine::of(facts),
        suspend,
        done: facts.summary.suspended == suspend,
        members: facts.members,
        active_tokens: facts.active_tokens.min(MOST_COUNTED),
        at_least: facts.active_tokens > MOST_COUNTED,
        form,
    }
}
