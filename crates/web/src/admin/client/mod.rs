//! One OAuth client: its page, and saving it.

pub(super) mod delete;
mod form;
pub(super) mod new;
mod view;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{ClientId, Right, Secret};
use countersign_persistence::queries::clients::{self, ClientDetail};
use countersign_persistence::{StoreError, clock};

use super::page::{Frame, Section, html, see_other};
use super::refusal::Refusal;
use super::settings::try_it;
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties, Needs, ReadThirdParties};
use crate::changes;
use crate::chosen_secret;
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;
use form::{Form, is_new_secret, page_version, read_changes};
use view::{ClientLine, ClientPage, Shown};

/// `GET /o/{org}/clients/{id}`
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
    path: web::Path<(String, ClientId)>,
) -> Result<HttpResponse, WebError> {
    let detail = load(&state, &caller, path.1).await?;
    let frame = Frame::load(&state, &request, &caller, section(&detail)).await?;
    let shown = Shown { typed: None, form: Form::saved(&detail), revealed: None, try_it: None };
    render(&state, StatusCode::OK, &caller, frame, &detail, shown).await
}

/// `POST /o/{org}/clients/{id}`
pub(super) async fn save(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
    path: web::Path<(String, ClientId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let detail = load_living(&state, &caller, path.1).await?;
    match update(&state, &caller, &fields, &detail).await {
        Ok(None) => Ok(see_other(&format!("{}?done=saved", ClientLine::of(&caller.organization, &detail).href))),
        Ok(Some(secret)) => reveal(&state, &request, &caller, detail.id, secret, "secret-added").await,
        Err(error) => {
            let Refusal { status, mut errors, is_overtaken } = Refusal::of(error)?;
            if is_overtaken && is_new_secret(&fields) {
                let message = "If you sent the form twice, its first copy was carried out: look for the new secret \
                               below. Its value can't be shown again, but you can make another.";
                errors.push(FieldError::new("", &message));
            }
            let detail = load_living(&state, &caller, detail.id).await?;
            let mut form = Form::typed(&fields, detail.settings.api_access, &errors);
            if is_overtaken {
                form = form.compared_with(&Form::saved(&detail));
            }
            let frame = Frame::load(&state, &request, &caller, section(&detail)).await?.with_errors(errors);
            let shown = Shown { typed: Some(&fields), form, revealed: None, try_it: None };
            render(&state, status, &caller, frame, &detail, shown).await
        }
    }
}

/// The page that shows once what was just made. The answer to the request that made it, because nothing keeps it.
pub(super) async fn reveal(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    caller: &Caller<ManageThirdParties>,
    id: ClientId,
    secret: Secret,
    done: &str,
) -> Result<HttpResponse, WebError> {
    let detail = load_living(state, caller, id).await?;
    let frame = Frame::load(state, request, caller, section(&detail)).await?.with_flash(done);
    let scopes = &detail.settings.scopes;
    let try_it =
        detail.settings.api_access.then(|| try_it(state, &caller.organization, &detail.identifier, &secret, scopes));
    let shown = Shown { typed: None, form: Form::saved(&detail), revealed: Some(secret), try_it };
    render(state, StatusCode::OK, caller, frame, &detail, shown).await
}

/// API keys are found in the settings.
fn section(detail: &ClientDetail) -> Section {
    if detail.settings.api_access { Section::Settings } else { Section::Clients }
}

async fn render<R: Needs>(
    state: &web::Data<AppState>,
    status: StatusCode,
    caller: &Caller<R>,
    frame: Frame,
    detail: &ClientDetail,
    shown: Shown<'_>,
) -> Result<HttpResponse, WebError> {
    let tokens = clients::active_tokens(&state.store, caller.organization.id, detail.id, frame.now).await?;
    let mut view = ClientPage::new(frame, &caller.organization, &caller.rights(), detail, &tokens, shown);
    view.can_edit = caller.may(Right::ManageThirdParties) && !detail.deleted;
    if !caller.may(Right::ReadAudit) {
        view.history = None;
    }
    html(state, status, "client", &view)
}

/// Makes the changes that the form asks for. Answers the new secret, if there is one to show.
async fn update(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
    detail: &ClientDetail,
) -> Result<Option<Secret>, WebError> {
    let mut changes = read_changes(fields, detail, clock::now(), &caller.zone).map_err(WebError::Invalid)?;
    if fields.get("version") != page_version(detail) {
        return Err(StoreError::ChangedMeanwhile.into());
    }
    if let Some(new) = &mut changes.add_secret {
        let typed = Some(fields.get("client_secret")).filter(|text| !text.trim().is_empty());
        new.chosen = chosen_secret::verifier(state, typed).await?;
    }
    let (organization, rights) = (&caller.organization, caller.rights());
    changes::clients::update(&state.store, &caller.context(), organization, &rights, detail.id, &changes).await
}

/// A client of the caller's organization.
async fn load<R>(state: &AppState, caller: &Caller<R>, id: ClientId) -> Result<ClientDetail, WebError> {
    clients::get(&state.store, caller.organization.id, id).await?.ok_or(WebError::NotFound)
}

/// A client of the caller's organization that was not deleted.
async fn load_living<R>(state: &AppState, caller: &Caller<R>, id: ClientId) -> Result<ClientDetail, WebError> {
    Some(load(state, caller, id).await?).filter(|detail| !detail.deleted).ok_or(WebError::NotFound)
}
