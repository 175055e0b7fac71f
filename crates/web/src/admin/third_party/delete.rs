//! Deleting a third party, after a page that says what stops.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::ThirdPartyId;
use countersign_domain::values::Note;
use countersign_persistence::StoreError;
use countersign_persistence::queries::third_parties::ThirdPartyDetail;
use serde::Serialize;

use super::super::page::{Field, Frame, LastUse, Section, base, html, see_other};
use super::super::refusal::Refusal;
use super::load_living;
use super::view::{ThirdPartyLine, is_live, last_use};
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties};
use crate::changes::third_parties;
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct DeletePage {
    page: Frame,
    third_party: ThirdPartyLine,
    version: u64,
    active_tokens: usize,
    last_use: Option<LastUse>,
    form: DeleteForm,
}

#[derive(Default, Serialize)]
struct DeleteForm {
    reason: Field,
}

/// `GET /o/{org}/third-parties/{id}/delete`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let detail = load_living(&state, &caller, path.1).await?;
    let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?;
    html(&state, StatusCode::OK, "third-party-delete", &view(page, &caller, &detail, DeleteForm::default()))
}

/// `POST /o/{org}/third-parties/{id}/delete`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
    path: web::Path<(String, ThirdPartyId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let detail = load_living(&state, &caller, path.1).await?;
    match delete(&state, &caller, &fields, &detail).await {
        Ok(()) => {
            let base = base(&caller.organization.slug);
            Ok(see_other(&format!("{base}/third-parties?done=third-party-deleted")))
        }
        Err(error) => {
            let Refusal { status, mut errors, is_overtaken } = Refusal::of(error)?;
            if is_overtaken {
                let message = "This was changed after you opened the page, so it was not deleted. Look at it again, then \
                               delete it if you still want to.";
                errors = vec![FieldError::new("", &message)];
            }
            let form = DeleteForm { reason: Field::typed(&fields, "reason").marked("reason", &errors) };
            let page = Frame::load(&state, &request, &caller, Section::ThirdParties).await?.with_errors(errors);
            html(&state, status, "third-party-delete", &view(page, &caller, &detail, form))
        }
    }
}

async fn delete(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
    detail: &ThirdPartyDetail,
) -> Result<(), WebError> {
    let mut errors = Vec::new();
    let mut context = caller.context();
    context.reason = fields.optional("reason", &mut errors, Note::parse);
    if !errors.is_empty() {
        return Err(WebError::Invalid(errors));
    }
    if fields.get("version") != detail.version.to_string() {
        return Err(StoreError::ChangedMeanwhile.into());
    }
    third_parties::delete(&state.store, &context, detail.id).await
}

fn view(page: Frame, caller: &Caller<ManageThirdParties>, detail: &ThirdPartyDetail, form: DeleteForm) -> DeletePage {
    DeletePage {
        third_party: ThirdPartyLine::of(&caller.organization, detail),
        version: detail.version,
        active_tokens: detail.tokens.iter().filter(|token| is_live(token, page.now)).count(),
        last_use: last_use(&detail.tokens),
        form,
        page,
    }
}
