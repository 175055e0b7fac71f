//! Deleting a client, after a page that says what stops.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::ClientId;
use countersign_persistence::queries::clients::{self, ClientDetail};
use serde::Serialize;

use super::super::confirmation::Confirmation;
use super::super::page::{Frame, Section, base, html, see_other};
use super::super::refusal::Refusal;
use super::form::page_version;
use super::load_living;
use super::view::{ClientLine, TokensInUse};
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties};
use crate::changes;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct DeletePage {
    page: Frame,
    client: ClientLine,
    version: String,
    #[serde(flatten)]
    tokens: TokensInUse,
    form: Confirmation,
}

/// `GET /o/{org}/clients/{id}/delete`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageThirdParties>,
    path: web::Path<(String, ClientId)>,
) -> Result<HttpResponse, WebError> {
    let detail = load_living(&state, &caller, path.1).await?;
    let page = Frame::load(&state, &request, &caller, Section::Clients).await?;
    render(&state, StatusCode::OK, page, &caller, &detail, Confirmation::default()).await
}

/// `POST /o/{org}/clients/{id}/delete`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
    path: web::Path<(String, ClientId)>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let detail = load_living(&state, &caller, path.1).await?;
    match delete(&state, &caller, &fields, &detail).await {
        Ok(()) => Ok(see_other(&format!("{}/clients?done=client-deleted", base(&caller.organization.slug)))),
        Err(error) => {
            let mut refusal = Refusal::of(error)?;
            let form = Confirmation::refused(&fields, &mut refusal);
            let Refusal { status, errors, .. } = refusal;
            let page = Frame::load(&state, &request, &caller, Section::Clients).await?.with_errors(errors);
            render(&state, status, page, &caller, &detail, form).await
        }
    }
}

async fn delete(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
    detail: &ClientDetail,
) -> Result<(), WebError> {
    let context = Confirmation::read(fields, caller, &page_version(detail))?;
    changes::clients::delete(&state.store, &context, detail.id).await
}

async fn render(
    state: &web::Data<AppState>,
    status: StatusCode,
    page: Frame,
    caller: &Caller<ManageThirdParties>,
    detail: &ClientDetail,
    form: Confirmation,
) -> Result<HttpResponse, WebError> {
    let tokens = clients::active_tokens(&state.store, caller.organization.id, detail.id, page.now).await?;
    let view = DeletePage {
        client: ClientLine::of(&caller.organization, detail),
        version: page_version(detail),
        tokens: TokensInUse::of(&tokens),
        form,
        page,
    };
    html(state, status, "client-delete", &view)
}
