//! Adding a member.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::values::{EmailAddress, PersonName};
use countersign_domain::{MemberId, Role};
use serde::Serialize;

use super::super::page::{Field, Frame, Section, html};
use super::super::refusal::Refusal;
use super::reveal;
use crate::WebError;
use crate::caller::{Caller, ManageMembers};
use crate::changes::members::{self, NewMember, SignInLink};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct NewMemberPage {
    page: Frame,
    form: NewForm,
}

#[derive(Default, Serialize)]
struct NewForm {
    email: Field,
    name: Field,
    /// Nothing is chosen beforehand: who may do what is decided, not overlooked.
    role: Field,
}

impl NewForm {
    fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        Self { email: field("email"), name: field("name"), role: field("role") }
    }
}

/// `GET /o/{org}/members/new`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageMembers>,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &caller, Section::Members).await?;
    html(&state, StatusCode::OK, "member-new", &NewMemberPage { page, form: NewForm::default() })
}

/// `POST /o/{org}/members/new`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageMembers>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    match add(&state, &caller, &fields).await {
        Ok((id, link)) => reveal(&state, &request, &caller, id, link, "member-added").await,
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            let form = NewForm::typed(&fields, &errors);
            let page = Frame::load(&state, &request, &caller, Section::Members).await?.with_errors(errors);
            html(&state, status, "member-new", &NewMemberPage { page, form })
        }
    }
}

async fn add(
    state: &AppState,
    caller: &Caller<ManageMembers>,
    fields: &Fields,
) -> Result<(MemberId, SignInLink), WebError> {
    let mut errors = Vec::new();
    let email = fields.required("email", &mut errors, EmailAddress::parse);
    let name = fields.required("name", &mut errors, PersonName::parse);
    let role = fields.required("role", &mut errors, str::parse::<Role>);
    let (Some(email), Some(name), Some(role)) = (email, name, role) else { return Err(WebError::Invalid(errors)) };
    members::add(state, &caller.context(), &caller.organization, NewMember { email, name, role }).await
}
