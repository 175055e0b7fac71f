//! The page that asks again who it is, before what was sent goes on.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::failure::asked_for;
use super::page::{Field, Frame, Section, html};
use crate::WebError;
use crate::caller::Identity;
use crate::changes::sign_in::confirmation::Proof;
use crate::error::FieldError;
use crate::state::AppState;
use crate::step_up::{CODE, Interrupted, PASSWORD};

#[derive(Serialize)]
struct StepUpPage {
    page: Frame,
    action: String,
    back: String,
    proof: &'static str,
    form: StepUpForm,
    carried: Vec<Carried>,
}

#[derive(Default, Serialize)]
struct StepUpForm {
    confirm_password: Field,
    confirm_code: Field,
}

#[derive(Serialize)]
struct Carried {
    name: String,
    value: String,
}

/// The page, with all that was sent in hidden fields: nothing typed is lost, and it goes to the same address.
pub(super) fn page(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    status: StatusCode,
    identity: &Identity,
    interrupted: Interrupted,
) -> Result<HttpResponse, WebError> {
    let Interrupted { fields, proof, error } = interrupted;
    let (proof, name) = match proof {
        Proof::Password => ("password", PASSWORD),
        Proof::Code => ("code", CODE),
        Proof::Nothing => ("nothing", ""),
    };
    let errors = error.iter().map(|message| FieldError::new(name, message)).collect::<Vec<_>>();
    let form = StepUpForm {
        confirm_password: Field::default().marked(PASSWORD, &errors),
        confirm_code: Field::default().marked(CODE, &errors),
    };
    // The form has its own token.
    let carried = fields.into_pairs().into_iter().filter(|(name, _)| name != "csrf");
    let view = StepUpPage {
        page: Frame::of(identity, Section::Elsewhere).with_errors(errors),
        action: asked_for(request),
        back: request.path().to_owned(),
        proof,
        form,
        carried: carried.map(|(name, value)| Carried { name, value }).collect(),
    };
    html(state, status, "step-up", &view)
}
