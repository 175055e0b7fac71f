//! One token: its life, its switch, and its end.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::token::TokenStatus;
use countersign_domain::validity::{self, TokenFacts};
use countersign_domain::values::Note;
use countersign_domain::{Right, ThirdPartyId, TokenId};
use countersign_persistence::queries::audit::{self, AuditCursor, AuditFilter, AuditPage, LONGEST_PAGE};
use countersign_persistence::queries::third_parties::ThirdPartyDetail;
use countersign_persistence::queries::tokens::TokenSummary;
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::{Field, Frame, LastUse, Section, html, see_other};
use super::super::refusal::Refusal;
use super::super::timeline::EventLine;
use super::view::{ThirdPartyLine, circumstances, last_use, state_of};
use super::{load, update};
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties, ReadThirdParties};
use crate::changes::third_parties::{self, ThirdPartyChanges};
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct TokenPage {
    page: Frame,
    can_edit: bool,
    third_party: ThirdPartyLine,
    token: TokenLine,
    form: TokenForm,
    events: Vec<EventLine>,
}

#[derive(Serialize)]
struct TokenLine {
    href: String,
    mask: String,
    state: &'static str,
    state_note: String,
    active: bool,
    saved_active: bool,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    last_use: Option<LastUse>,
    uses: u64,
}

#[derive(Default, Serialize)]
struct TokenForm {
    reason: Field,
}

/// `GET /o/{org}/third-parties/{id}/tokens/{token}`
pub(in crate::admin) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
    path: web::Path<(String, ThirdPartyId, TokenId)>,
) -> Result<HttpResponse, WebError> {
    let (detail, token) = load_token(&state, &caller, path.1, path.2).await?;
    let frame = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    let view = view(&state, frame, &caller, &detail, &token, None).await?;
    html(&state, StatusCode::OK, "token", &view)
}

/// `POST /o/{org}/third-parties/{id}/tokens/{token}`
pub(in crate::admin) async fn save(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId, TokenId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let (detail, token) = load_token(&state, &caller, path.1, path.2).await?;
    match change(&state, &caller, &fields, &detail, &token).await {
        Ok(done) => {
            let third_party = ThirdPartyLine::of(&caller.organization, &detail);
            Ok(see_other(&format!("{}/tokens/{}?done={done}", third_party.href, token.id)))
        }
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            let (detail, token) = load_token(&state, &caller, path.1, path.2).await?;
            let frame =
                Frame::load(&state, &request, &caller, Section::ThirdParties).await?.with_errors(errors.clone());
            let reason = Field::typed(&fields, "reason").marked("reason", &errors);
            let typed = (TokenForm { reason }, fields.is_ticked("active"));
            let view = view(&state, frame, &caller, &detail, &token, Some(typed)).await?;
            html(&state, status, "token", &view)
        }
    }
}

/// Makes the change that the form asks for, and answers what was done.
async fn change(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
    detail: &ThirdPartyDetail,
    token: &TokenSummary,
) -> Result<&'static str, WebError> {
    if fields.get("action") == "revoke" {
        let mut errors = Vec::new();
        let mut context = caller.context();
        context.reason = fields.optional("reason", &mut errors, Note::parse);
        if !errors.is_empty() {
            return Err(WebError::Invalid(errors));
        }
        third_parties::revoke_token(&state.store, &context, detail.id, token.id).await?;
        return Ok("token-revoked");
    }
    // Only a box that was changed switches the token: saving must not undo what somebody else did meanwhile.
    let is_active = fields.is_ticked("active");
    if is_active != (fields.get("shown") == "active") {
        let changes = ThirdPartyChanges { tokens: vec![(token.id, is_active)], ..ThirdPartyChanges::default() };
        update(state, caller, detail, &changes).await?;
    }
    Ok("saved")
}

/// A token together with the third party that the address names.
async fn load_token<R>(
    state: &AppState,
    caller: &Caller<R>,
    third_party: ThirdPartyId,
    id: TokenId,
) -> Result<(ThirdPartyDetail, TokenSummary), WebError> {
    let detail = load(state, caller, third_party).await?;
    let token = detail.tokens.iter().find(|token| token.id == id).cloned().ok_or(WebError::NotFound)?;
    Ok((detail, token))
}

async fn view<R>(
    state: &AppState,
    page: Frame,
    caller: &Caller<R>,
    detail: &ThirdPartyDetail,
    token: &TokenSummary,
    typed: Option<(TokenForm, bool)>,
) -> Result<TokenPage, WebError> {
    let organization = &*caller.organization;
    let filter = AuditFilter { token: Some(token.id), ..AuditFilter::default() };
    let whole = AuditPage { cursor: AuditCursor::Newest, limit: LONGEST_PAGE };
    let timeline = audit::timeline(&state.store, organization.id, &filter, whole).await?;
    let third_party = ThirdPartyLine::of(organization, detail);
    let saved_active = token.status == TokenStatus::Active;
    let (form, active) = typed.unwrap_or((TokenForm::default(), saved_active));
    Ok(TokenPage {
        can_edit: caller.may(Right::ManageThirdParties) && !detail.deleted,
        token: TokenLine {
            href: format!("{}/tokens/{}", third_party.href, token.id),
            mask: token.masked.clone(),
            state: state_of(token, page.now),
            state_note: state_note(caller, detail, token, page.now),
            active,
            saved_active,
            created_at: token.issued_at,
            expires_at: token.expires_at,
            last_use: last_use([token]),
            uses: token.uses,
        },
        third_party,
        form,
        events: timeline.entries.iter().map(|entry| EventLine::of(entry, &organization.slug)).collect(),
        page,
    })
}

/// Why a token that is Active gives no access all the same.
fn state_note<R>(caller: &Caller<R>, detail: &ThirdPartyDetail, token: &TokenSummary, now: Timestamp) -> String {
    if state_of(token, now) != "active" {
        return String::new();
    }
    let facts = TokenFacts { status: token.status, expires_at: token.expires_at, scopes: token.scopes.clone() };
    match validity::check(&circumstances(&caller.organization, detail, &facts, token.authorization, now)) {
        Ok(()) => String::new(),
        Err(denial) => format!("This token is Active, but it does not work: {denial}. {}.", denial.advice()),
    }
}
