//! Adding a third party.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::super::page::{Frame, Section, html};
use super::super::refusal::Refusal;
use super::form::{self, Details};
use super::reveal;
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties};
use crate::changes::third_parties::{self, AddedThirdParty, Revealed};
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct NewThirdPartyPage {
    page: Frame,
    form: Details,
}

/// `GET /o/{org}/third-parties/new`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    html(&state, StatusCode::OK, "third-party-new", &NewThirdPartyPage { page, form: Details::empty() })
}

/// `POST /o/{org}/third-parties/new`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    match add(&state, &caller, &fields).await {
        Ok(AddedThirdParty { id, client_secret }) => {
            let revealed = Revealed { client_secret: Some(client_secret), token: None };
            reveal(&state, &request, &caller, id, revealed, "third-party-added").await
        }
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            let form = Details::typed(&fields, &errors);
            let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?.with_errors(errors);
            html(&state, status, "third-party-new", &NewThirdPartyPage { page, form })
        }
    }
}

async fn add(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
) -> Result<AddedThirdParty, WebError> {
    let mut errors = Vec::new();
    let new = form::read(fields, &mut errors).filter(|_| errors.is_empty());
    let new = new.ok_or(WebError::Invalid(errors))?;
    third_parties::add(&state.store, &caller.context(), &new).await
}
