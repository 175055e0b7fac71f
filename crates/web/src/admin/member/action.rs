//! What is done with how a member signs in: each asked on a page of its own, which says what it means.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::MemberId;
use countersign_domain::values::Note;
use countersign_persistence::queries::members::MemberSummary;
use countersign_persistence::{clock, sign_in};
use serde::Serialize;

use super::super::page::{Field, Frame, Section, html, see_other};
use super::super::refusal::Refusal;
use super::view::MemberLine;
use super::{is_own, load, reveal};
use crate::WebError;
use crate::caller::{Caller, ManageMembers};
use crate::changes::members::{SignInLink, end_sessions, issue_link, reset_sign_in_codes};
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Clone, Copy)]
enum Action {
    SignInLink,
    EndSessions,
    ResetSignInCodes,
}

impl Action {
    /// What the address asks for.
    fn of(request: &HttpRequest) -> Result<Self, WebError> {
        let all = [Self::SignInLink, Self::EndSessions, Self::ResetSignInCodes];
        let last = request.path().rsplit('/').next();
        all.into_iter().find(|action| Some(action.as_str()) == last).ok_or(WebError::NotFound)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::SignInLink => "sign-in-link",
            Self::EndSessions => "end-sessions",
            Self::ResetSignInCodes => "reset-sign-in-codes",
        }
    }
}

#[derive(Serialize)]
struct ActionPage {
    page: Frame,
    action: &'static str,
    member: MemberLine,
    is_self: bool,
    has_password: bool,
    sessions: usize,
    form: ActionForm,
}

#[derive(Default, Serialize)]
struct ActionForm {
    reason: Field,
}

/// `GET /o/{org}/members/{id}/{sign-in-link,end-sessions,reset-sign-in-codes}`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageMembers>,
    path: web::Path<(String, MemberId)>,
) -> Result<HttpResponse, WebError> {
    let (action, member) = (Action::of(&request)?, load(&state, &caller, path.1).await?);
    let page = Frame::load(&state, &request, &caller, Section::Members).await?;
    render(&state, StatusCode::OK, page, &caller, action, &member, ActionForm::default()).await
}

/// `POST /o/{org}/members/{id}/{sign-in-link,end-sessions,reset-sign-in-codes}`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageMembers>,
    path: web::Path<(String, MemberId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let (action, member) = (Action::of(&request)?, load(&state, &caller, path.1).await?);
    match act(&state, &caller, &fields, action, &member).await {
        Ok(Some(link)) => reveal(&state, &request, &caller, member.id, link, "sign-in-link-made").await,
        Ok(None) => {
            let done = match action {
                Action::ResetSignInCodes => "sign-in-codes-reset",
                Action::SignInLink | Action::EndSessions => "member-signed-out",
            };
            Ok(see_other(&format!("{}?done={done}", MemberLine::of(&caller.organization, &member).href)))
        }
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            let form = ActionForm { reason: Field::typed(&fields, "reason").marked("reason", &errors) };
            let page = Frame::load(&state, &request, &caller, Section::Members).await?.with_errors(errors);
            render(&state, status, page, &caller, action, &member, form).await
        }
    }
}

async fn act(
    state: &AppState,
    caller: &Caller<ManageMembers>,
    fields: &Fields,
    action: Action,
    member: &MemberSummary,
) -> Result<Option<SignInLink>, WebError> {
    let mut errors = Vec::new();
    let mut context = caller.context();
    context.reason = fields.optional("reason", &mut errors, Note::parse);
    if !errors.is_empty() {
        return Err(WebError::Invalid(errors));
    }
    match action {
        Action::SignInLink => return issue_link(state, &context, &caller.organization, member).await.map(Some),
        Action::EndSessions => {
            let this = is_own(caller, member).then_some(caller.session.session);
            end_sessions(&state.store, &context, member.id, this).await?;
        }
        Action::ResetSignInCodes => reset_sign_in_codes(&state.store, &context, member.id).await?,
    }
    Ok(None)
}

async fn render(
    state: &web::Data<AppState>,
    status: StatusCode,
    page: Frame,
    caller: &Caller<ManageMembers>,
    action: Action,
    member: &MemberSummary,
    form: ActionForm,
) -> Result<HttpResponse, WebError> {
    let sessions = sign_in::sessions_of(&state.store, caller.organization.id, member.id, clock::now()).await?;
    let view = ActionPage {
        page,
        action: action.as_str(),
        member: MemberLine::of(&caller.organization, member),
        is_self: is_own(caller, member),
        has_password: member.has_password,
        sessions: sessions.len(),
        form,
    };
    html(state, status, "member-action", &view)
}
