//! Deleting a third party, after a page that says what stops.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::ThirdPartyId;
use countersign_persistence::queries::third_parties::ThirdPartyDetail;
use serde::Serialize;

use super::super::confirmation::Confirmation;
use super::super::page::{Frame, LastUse, Section, base, html, see_other};
use super::super::refusal::Refusal;
use super::load_living;
use super::view::{ThirdPartyLine, is_live, last_use};
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties};
use crate::changes::third_parties;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct DeletePage {
    page: Frame,
    third_party: ThirdPartyLine,
    version: u64,
    active_tokens: usize,
    last_use: Option<LastUse>,
    form: Confirmation,
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
    html(&state, StatusCode::OK, "third-party-delete", &view(page, &caller, &detail, Confirmation::default()))
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
            let mut refusal = Refusal::of(error)?;
            let form = Confirmation::refused(&fields, &mut refusal);
            let Refusal { status, errors, .. } = refusal;
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
    let context = Confirmation::read(fields, caller, &detail.version.to_string())?;
    third_parties::delete(&state.store, &context, detail.id).await
}

fn view(page: Frame, caller: &Caller<ManageThirdParties>, detail: &ThirdPartyDetail, form: Confirmation) -> DeletePage {
    DeletePage {
        third_party: ThirdPartyLine::of(&caller.organization, detail),
        version: detail.version,
        active_tokens: detail.tokens.iter().filter(|token| is_live(token, page.now)).count(),
        last_use: last_use(&detail.tokens),
        form,
        page,
    }
}
