//! Why access works, or does not: every check with its outcome.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::ThirdPartyId;
use countersign_domain::token::TokenStatus;
use countersign_domain::validity::{self, Check, CheckOutcome, Denial, TokenFacts};
use countersign_persistence::directory::Verdict;
use countersign_persistence::queries::third_parties::ThirdPartyDetail;
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::{Field, Frame, LastUse, Section, html};
use super::load_living;
use super::view::{ThirdPartyLine, circumstances, last_use};
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties};
use crate::diagnosis::Diagnosis;
use crate::form::SignedForm;
use crate::state::AppState;

/// What stands for the token in the command that the third party is sent.
const PLACEHOLDER: &str = "PASTE_THE_OAUTH_TOKEN";

#[derive(Serialize)]
struct AccessTestPage {
    page: Frame,
    third_party: ThirdPartyLine,
    form: AccessTestForm,
    last_use: Option<LastUse>,
    result: Option<TestResult>,
    curl: String,
}

#[derive(Default, Serialize)]
struct AccessTestForm {
    token: Field,
}

#[derive(Serialize)]
struct TestResult {
    passed: bool,
    token_mask: Option<String>,
    at: Timestamp,
    headline: String,
    note: Option<String>,
    checks: Vec<CheckLine>,
}

#[derive(Serialize)]
struct CheckLine {
    name: &'static str,
    state: &'static str,
    detail: String,
    todo: Option<String>,
}

/// `GET /o/{org}/third-parties/{id}/test`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let detail = load_living(&state, &caller, path.1).await?;
    let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    html(&state, StatusCode::OK, "third-party-test", &view(&state, page, &caller, &detail, None))
}

/// `POST /o/{org}/third-parties/{id}/test`: nothing is changed, but a token belongs into no address.
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let detail = load_living(&state, &caller, path.1).await?;
    let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    let result = match fields.get("token").trim() {
        "" => without_token(&caller, &detail, page.now),
        presented => {
            let directory = state.store.directory();
            let verdict = directory.check_token(&caller.organization, presented, None, page.now).await?;
            with_token(&caller, presented, &verdict, &detail, page.now)
        }
    };
    html(&state, StatusCode::OK, "third-party-test", &view(&state, page, &caller, &detail, Some(result)))
}

fn with_token(
    caller: &Caller<ManageThirdParties>,
    presented: &str,
    verdict: &Verdict,
    detail: &ThirdPartyDetail,
    now: Timestamp,
) -> TestResult {
    let denial = verdict.result.as_ref().err();
    let token = verdict.token.as_deref();
    let belongs_elsewhere = token.is_some_and(|token| token.third_party != Some(detail.id));
    let owner = verdict.third_party.as_ref().map_or("nobody", |owner| &owner.name);
    TestResult {
        passed: denial.is_none(),
        token_mask: Diagnosis::of(&caller.organization, presented, verdict).token,
        at: now,
        headline: denial.map_or_else(|| "This token gives access".to_owned(), |denial| format!("No access: {denial}")),
        note: belongs_elsewhere.then(|| {
            format!("This token was not issued for {} but for {owner}: the checks are about that one.", detail.name)
        }),
        checks: validity::diagnosis(verdict.result.as_ref().copied()).map(|check| line(check, denial)).collect(),
    }
}

/// Checks everything but the token: as one that is Active and allows all that is asked.
fn without_token(caller: &Caller<ManageThirdParties>, detail: &ThirdPartyDetail, now: Timestamp) -> TestResult {
    let token = TokenFacts { status: TokenStatus::Active, expires_at: None, scopes: Vec::new() };
    let result = validity::check(&circumstances(&caller.organization, detail, &token, None, now));
    let denial = result.as_ref().err();
    let checks = validity::diagnosis(result.as_ref().copied()).map(|(check, outcome)| match check {
        Check::Recognized | Check::TokenActive | Check::NotExpired | Check::Scope => {
            CheckLine { name: check.title(), state: "untested", detail: "No token was pasted.".to_owned(), todo: None }
        }
        _ => line((check, outcome), denial),
    });
    TestResult {
        passed: denial.is_none(),
        token_mask: None,
        at: now,
        headline: denial.map_or_else(
            || "An Active token that has not expired would give access".to_owned(),
            |denial| format!("No access: {denial}"),
        ),
        note: None,
        checks: checks.collect(),
    }
}

fn line((check, outcome): (Check, CheckOutcome), denial: Option<&Denial>) -> CheckLine {
    let failure = denial.filter(|_| outcome == CheckOutcome::Failed);
    let (state, detail) = match (outcome, failure) {
        (CheckOutcome::Passed, _) if check == Check::Credentials => {
            ("untested", "Part of calls that come with a Client ID and Client Secret.".to_owned())
        }
        (CheckOutcome::Passed, _) => ("passed", String::new()),
        (CheckOutcome::Failed, failure) => ("failed", failure.map(|denial| format!("{denial}.")).unwrap_or_default()),
        (CheckOutcome::NotReached, _) => ("skipped", String::new()),
    };
    CheckLine { name: check.title(), state, detail, todo: failure.map(|denial| format!("{}.", denial.advice())) }
}

fn view(
    state: &AppState,
    page: Frame,
    caller: &Caller<ManageThirdParties>,
    detail: &ThirdPartyDetail,
    result: Option<TestResult>,
) -> AccessTestPage {
    let issuer = state.issuer(&caller.organization);
    AccessTestPage {
        third_party: ThirdPartyLine::of(&caller.organization, detail),
        form: AccessTestForm::default(),
        last_use: last_use(&detail.tokens),
        result,
        curl: format!("curl -H \"Authorization: Bearer {PLACEHOLDER}\" {issuer}/access-test"),
        page,
    }
}
