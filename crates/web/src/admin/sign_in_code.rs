//! The page that asks for a code after the password.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::{clock, sign_in};
use serde::Serialize;

use super::page::{Field, Frame, html, see_other};
use super::return_to::{local, sign_in_and_return_to};
use super::sign_in::{allow_to_lead_on, begin_again, let_in};
use crate::changes::sign_in::{Origin, by_code};
use crate::error::FieldError;
use crate::form::{Fields, OpenForm};
use crate::state::AppState;
use crate::{WebError, cookies};

#[derive(Serialize)]
struct CodePage {
    page: Frame,
    form: CodeForm,
    return_to: String,
    wait: Option<u64>,
}

#[derive(Serialize)]
struct CodeForm {
    code: Field,
}

/// `GET /login/code`
pub(super) async fn form(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let query = Fields::of_query(&request);
    let return_to = local(query.get("return_to")).unwrap_or_default();
    let is_pending = match cookies::presented_pending(&state, &request) {
        Some(digest) => sign_in::is_pending(&state.store, digest, clock::now()).await?,
        None => false,
    };
    if !is_pending {
        return Ok(see_other(&sign_in_and_return_to(&return_to)));
    }
    page(&state, &request, StatusCode::OK, return_to, Vec::new(), None)
}

/// `POST /login/code`
pub(super) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    OpenForm(fields): OpenForm,
) -> Result<HttpResponse, WebError> {
    let return_to = local(fields.get("return_to")).unwrap_or_default();
    let Some(pending) = cookies::presented_pending(&state, &request) else {
        return begin_again(&state, &request, &return_to);
    };
    match by_code(&state, &Origin::of(&request), pending, fields.get("code")).await {
        Ok(signed_in) => {
            let mut response = let_in(&state, &signed_in, &return_to)?;
            response.add_cookie(&cookies::no_pending(&state)).map_err(WebError::internal)?;
            Ok(response)
        }
        Err(WebError::Unauthenticated) => begin_again(&state, &request, &return_to),
        Err(WebError::Invalid(errors)) => {
            page(&state, &request, StatusCode::UNPROCESSABLE_ENTITY, return_to, errors, None)
        }
        Err(WebError::WrongCode) => {
            let errors = vec![FieldError::new("code", &WebError::WrongCode)];
            page(&state, &request, StatusCode::UNPROCESSABLE_ENTITY, return_to, errors, None)
        }
        Err(WebError::Throttled { seconds }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut page = page(&state, &request, status, return_to, Vec::new(), Some(seconds))?;
            page.headers_mut().insert(RETRY_AFTER, seconds.into());
            Ok(page)
        }
        Err(other) => Err(other),
    }
}

fn page(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    status: StatusCode,
    return_to: String,
    errors: Vec<FieldError>,
    wait: Option<u64>,
) -> Result<HttpResponse, WebError> {
    let (secret, new_cookie) = cookies::form_secret(state, request);
    let form = CodeForm { code: Field::default().marked("code", &errors) };
    let frame = Frame::open(cookies::form_token(&secret)).with_errors(errors);
    let view = CodePage { page: frame, form, return_to, wait };
    let mut response = html(state, status, "login-code", &view)?;
    allow_to_lead_on(&mut response, &view.return_to);
    if let Some(cookie) = new_cookie {
        response.add_cookie(&cookie).map_err(WebError::internal)?;
    }
    Ok(response)
}
