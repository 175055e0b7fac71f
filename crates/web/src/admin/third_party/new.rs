//! Adding a third party.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::values::ClientIdentifier;
use serde::Serialize;

use super::super::page::{Field, Frame, Section, base, html, see_other};
use super::super::refusal::Refusal;
use super::form::{self, Details};
use super::reveal;
use crate::caller::{Caller, ManageThirdParties};
use crate::changes::third_parties::{self, AddedThirdParty, ChosenCredentials, Revealed};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;
use crate::{WebError, chosen_secret};

#[derive(Serialize)]
struct NewThirdPartyPage {
    page: Frame,
    form: NewForm,
}

#[derive(Serialize)]
struct NewForm {
    #[serde(flatten)]
    details: Details,
    client_id: Field,
    /// Without what was typed: a page never holds a secret that could be read from it.
    client_secret: Field,
}

impl NewForm {
    fn empty() -> Self {
        Self { details: Details::empty(), client_id: Field::default(), client_secret: Field::default() }
    }

    fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        Self {
            details: Details::typed(fields, errors),
            client_id: Field::typed(fields, "client_id").marked("client_id", errors),
            client_secret: Field::default().marked("client_secret", errors),
        }
    }
}

/// `GET /o/{org}/third-parties/new`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    html(&state, StatusCode::OK, "third-party-new", &NewThirdPartyPage { page, form: NewForm::empty() })
}

/// `POST /o/{org}/third-parties/new`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    match add(&state, &caller, &fields).await {
        Ok(AddedThirdParty { id, client_secret: None }) => {
            let base = base(&caller.organization.slug);
            Ok(see_other(&format!("{base}/third-parties/{id}?done=third-party-added-by-chosen-secret")))
        }
        Ok(AddedThirdParty { id, client_secret }) => {
            let revealed = Revealed { client_secret, token: None };
            reveal(&state, &request, &caller, id, revealed, "third-party-added").await
        }
        Err(error) => {
            let Refusal { status, mut errors, .. } = Refusal::of(error)?;
            if wants_secret(&fields) && errors.iter().all(|error| error.field != "client_secret") {
                errors
                    .push(FieldError::new("client_secret", &"Enter the Client Secret again: a page does not keep it"));
            }
            let form = NewForm::typed(&fields, &errors);
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
    let new = form::read(fields, &mut errors);
    let identifier = fields.optional("client_id", &mut errors, ClientIdentifier::parse);
    fields.optional("client_secret", &mut errors, chosen_secret::check);
    let new = new.filter(|_| errors.is_empty()).ok_or(WebError::Invalid(errors))?;
    let secret = wants_secret(fields).then(|| fields.get("client_secret"));
    let chosen = ChosenCredentials { identifier, secret: chosen_secret::verifier(state, secret).await? };
    third_parties::add(&state.store, &caller.context(), &new, &chosen).await
}

/// Whether a Client Secret was entered; one is generated otherwise.
fn wants_secret(fields: &Fields) -> bool {
    !fields.get("client_secret").trim().is_empty()
}
