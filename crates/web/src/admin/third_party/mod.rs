//! One third party: its page, and saving it.

pub(super) mod access_test;
pub(super) mod delete;
mod form;
pub(super) mod new;
pub(super) mod token;
pub(super) mod view;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{Right, ThirdPartyId};
use countersign_persistence::queries::third_parties::{self, ThirdPartyDetail};
use countersign_persistence::{StoreError, clock};

use super::page::{Frame, Section, html, see_other};
use super::refusal::Refusal;
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties, ReadThirdParties};
use crate::changes;
use crate::changes::third_parties::{Revealed, ThirdPartyChanges};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::requests::{DAYS, RequestCounts};
use crate::state::AppState;
use form::{Action, is_current, read_changes};
use view::{Form, Shown, ThirdPartyLine, ThirdPartyPage};

/// `GET /o/{org}/third-parties/{id}`
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let detail = load(&state, &caller, path.1).await?;
    let frame = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    let can_edit = caller.may(Right::ManageThirdParties) && !detail.deleted;
    let shown = Shown {
        typed: None,
        form: Form::saved(&detail),
        revealed: Revealed::default(),
        can_edit,
        can_audit: caller.may(Right::ReadAudit),
        requests: requests(&state, &caller, detail.id).await?,
    };
    let view = ThirdPartyPage::new(frame, &caller.organization, &detail, shown);
    html(&state, StatusCode::OK, "third-party", &view)
}

/// `POST /o/{org}/third-parties/{id}`
pub(super) async fn save(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let detail = load_living(&state, &caller, path.1).await?;
    let outcome = match changes(&caller, &fields, &detail) {
        Ok(changes) => update(&state, &caller, &detail, &changes).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(revealed) if revealed.client_secret.is_none() && revealed.token.is_none() => {
            Ok(see_other(&format!("{}?done=saved", ThirdPartyLine::of(&caller.organization, &detail).href)))
        }
        Ok(revealed) => {
            let done = if revealed.token.is_some() { "token-added" } else { "secret-added" };
            reveal(&state, &request, &caller, detail.id, revealed, done).await
        }
        Err(error) => {
            let Refusal { status, mut errors, is_overtaken } = Refusal::of(error)?;
            if is_overtaken && Action::of(&fields) != Action::Save {
                let message = "If you sent the form twice, its first copy was carried out: look for the new secret or \
                               token below. Its value can't be shown again, but you can make another.";
                errors.push(FieldError::new("", &message));
            }
            let detail = load_living(&state, &caller, detail.id).await?;
            let mut form = Form::typed(&fields, &errors);
            if is_overtaken {
                form = form.compared_with(&detail);
            }
            let frame = Frame::load(&state, &request, &caller, Section::ThirdParties).await?.with_errors(errors);
            let shown = Shown {
                typed: Some(&fields),
                form,
                revealed: Revealed::default(),
                can_edit: true,
                can_audit: caller.may(Right::ReadAudit),
                requests: requests(&state, &caller, detail.id).await?,
            };
            let view = ThirdPartyPage::new(frame, &caller.organization, &detail, shown);
            html(&state, status, "third-party", &view)
        }
    }
}

/// The page that shows once what was just made. The answer to the request that made it, because nothing keeps it.
async fn reveal(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    caller: &Caller<ManageThirdParties>,
    id: ThirdPartyId,
    revealed: Revealed,
    done: &str,
) -> Result<HttpResponse, WebError> {
    let detail = load_living(state, caller, id).await?;
    let frame = Frame::load(state, request, caller, Section::ThirdParties).await?.with_flash(done);
    let shown = Shown {
        typed: None,
        form: Form::saved(&detail),
        revealed,
        can_edit: true,
        can_audit: caller.may(Right::ReadAudit),
        requests: requests(state, caller, id).await?,
    };
    let view = ThirdPartyPage::new(frame, &caller.organization, &detail, shown);
    html(state, StatusCode::OK, "third-party", &view)
}

fn changes(
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
    detail: &ThirdPartyDetail,
) -> Result<ThirdPartyChanges, WebError> {
    let maximum_months = caller.organization.maximum_token_months;
    let changes = read_changes(fields, detail, maximum_months, caller.rights(), clock::now(), &caller.zone)
        .map_err(WebError::Invalid)?;
    if is_current(fields, detail) { Ok(changes) } else { Err(StoreError::ChangedMeanwhile.into()) }
}

async fn update(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    detail: &ThirdPartyDetail,
    changes: &ThirdPartyChanges,
) -> Result<Revealed, WebError> {
    let client = detail.client.as_ref().map(|client| client.id);
    let context = caller.context();
    changes::third_parties::update(&state.store, &context, &caller.organization, detail.id, client, changes).await
}

/// What became of a third party's requests lately.
async fn requests<R>(state: &AppState, caller: &Caller<R>, id: ThirdPartyId) -> Result<RequestCounts, WebError> {
    RequestCounts::load(&state.store, caller.organization.id, Some(id), clock::now(), DAYS).await
}

/// A third party of the caller's organization.
async fn load<R>(state: &AppState, caller: &Caller<R>, id: ThirdPartyId) -> Result<ThirdPartyDetail, WebError> {
    third_parties::get(&state.store, caller.organization.id, id).await?.ok_or(WebError::NotFound)
}

/// A third party of the caller's organization that was not deleted.
async fn load_living<R>(state: &AppState, caller: &Caller<R>, id: ThirdPartyId) -> Result<ThirdPartyDetail, WebError> {
    Some(load(state, caller, id).await?).filter(|detail| !detail.deleted).ok_or(WebError::NotFound)
}
