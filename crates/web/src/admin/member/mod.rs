//! One member: the page, and saving it.

pub(super) mod action;
pub(super) mod new;
mod view;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::values::{Note, PersonName};
use countersign_domain::{Digest, MemberId, Right, Role};
use countersign_persistence::queries::members::{self, MemberSummary};
use countersign_persistence::{StoreError, clock, sign_in};

use super::page::{Frame, Section, html, see_other};
use super::refusal::Refusal;
use crate::WebError;
use crate::caller::{Caller, ManageMembers, Needs, ReadMembers};
use crate::changes::members::{MemberChanges, SignInLink, update};
use crate::form::{Fields, SignedForm};
use crate::state::AppState;
use view::{Form, MemberLine, MemberPage, Shown};

/// `GET /o/{org}/members/{id}`
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadMembers>,
    path: web::Path<(String, MemberId)>,
) -> Result<HttpResponse, WebError> {
    let member = load(&state, &caller, path.1).await?;
    let frame = Frame::load(&state, &request, &caller, Section::Members).await?;
    let shown = Shown { form: Form::saved(&member), link: None };
    render(&state, StatusCode::OK, &caller, frame, &member, shown).await
}

/// `POST /o/{org}/members/{id}`
pub(super) async fn save(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageMembers>,
    path: web::Path<(String, MemberId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let member = load(&state, &caller, path.1).await?;
    match change(&state, &caller, &fields, &member).await {
        Ok(()) => Ok(see_other(&format!("{}?done=saved", MemberLine::of(&caller.organization, &member).href))),
        Err(error) => {
            let Refusal { status, errors, is_overtaken } = Refusal::of(error)?;
            let member = load(&state, &caller, member.id).await?;
            let mut form = Form::typed(&fields, &errors);
            if is_own(&caller, &member) {
                form = form.with_own(&member);
            }
            if is_overtaken {
                form = form.compared_with(&Form::saved(&member));
            }
            let frame = Frame::load(&state, &request, &caller, Section::Members).await?.with_errors(errors);
            render(&state, status, &caller, frame, &member, Shown { form, link: None }).await
        }
    }
}

/// The page that shows once the link that was just made. The answer to the request that made it, because nothing keeps it.
async fn reveal(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    caller: &Caller<ManageMembers>,
    id: MemberId,
    link: SignInLink,
    done: &str,
) -> Result<HttpResponse, WebError> {
    let member = load(state, caller, id).await?;
    let frame = Frame::load(state, request, caller, Section::Members).await?.with_flash(done);
    let shown = Shown { form: Form::saved(&member), link: Some(link) };
    render(state, StatusCode::OK, caller, frame, &member, shown).await
}

async fn render<R: Needs>(
    state: &web::Data<AppState>,
    status: StatusCode,
    caller: &Caller<R>,
    frame: Frame,
    member: &MemberSummary,
    shown: Shown,
) -> Result<HttpResponse, WebError> {
    let sessions = sign_in::sessions_of(&state.store, caller.organization.id, member.id, clock::now()).await?;
    let mut view = MemberPage::new(frame, &caller.organization, member, sessions.len(), shown);
    view.can_edit = caller.may(Right::ManageMembers);
    view.is_self = is_own(caller, member);
    if !caller.may(Right::ReadAudit) {
        view.history = None;
    }
    html(state, status, "member", &view)
}

/// Makes the changes that the form asks for.
async fn change(
    state: &AppState,
    caller: &Caller<ManageMembers>,
    fields: &Fields,
    member: &MemberSummary,
) -> Result<(), WebError> {
    let mut errors = Vec::new();
    let is_own = is_own(caller, member);
    let is_as_saved = |text: &str| text == member.name.as_deref().unwrap_or_default();
    let name = Some(fields.get("name").trim()).filter(|text| !is_as_saved(text));
    let changes = MemberChanges {
        name: name.and_then(|_| fields.required("name", &mut errors, PersonName::parse)),
        // Their own role and switch are not on the page of whoever may not change them.
        role: if is_own && fields.count("role") == 0 {
            None
        } else {
            fields.required("role", &mut errors, str::parse::<Role>)
        },
        active: (!is_own).then(|| fields.is_ticked("active")),
    };
    let mut context = caller.context();
    context.reason = fields.optional("save_reason", &mut errors, Note::parse);
    if !errors.is_empty() {
        return Err(WebError::Invalid(errors));
    }
    if fields.get("version") != page_version(member) {
        return Err(StoreError::ChangedMeanwhile.into());
    }
    update(&state.store, &context, member, &changes).await
}

/// By what a form is recognized as overtaken: all that can be changed on its page.
fn page_version(member: &MemberSummary) -> String {
    let saved = format!("{:?}", (&member.name, member.role, member.active));
    hex::encode(&Digest::of(&saved).0[..8])
}

fn is_own<R>(caller: &Caller<R>, member: &MemberSummary) -> bool {
    caller.session.member == member.id
}

/// A member of the caller's organization.
async fn load<R>(state: &AppState, caller: &Caller<R>, id: MemberId) -> Result<MemberSummary, WebError> {
    members::get(&state.store, caller.organization.id, id).await?.ok_or(WebError::NotFound)
}
