//! Signing in, by password or by a one-use link, and signing out.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{ParsedSecret, SecretKind, secret};
use countersign_persistence::clock;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::sign_in::{consume_link, find_session};
use serde::Serialize;

use super::page::{Field, Frame, base, html, see_other};
use super::return_to::{code_and_return_to, local};
use crate::caller::presented_session;
use crate::changes::sign_in::{self, FirstStep, Origin, SignedIn};
use crate::error::{Answer, FieldError};
use crate::form::{Fields, OpenForm, SessionForm};
use crate::middleware::policy_leading_to;
use crate::oauth::redirect_uri_of;
use crate::state::AppState;
use crate::tenant::Tenant;
use crate::{WebError, cookies};

#[derive(Serialize)]
struct LoginPage {
    page: Frame,
    form: LoginForm,
    return_to: String,
    notice: &'static str,
    wait: Option<u64>,
}

#[derive(Default, Serialize)]
struct LoginForm {
    email: Field,
    password: Field,
}

/// What the sign-in page says besides its form.
#[derive(Default)]
struct Message {
    notice: &'static str,
    errors: Vec<FieldError>,
    wait: Option<u64>,
}

/// `GET /login`
pub(super) async fn form(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let query = Fields::of_query(&request);
    login_page(&state, &request, StatusCode::OK, &query, Message::default())
}

/// `POST /login`
pub(super) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    OpenForm(fields): OpenForm,
) -> Result<HttpResponse, WebError> {
    let errors = missing(&fields);
    if !errors.is_empty() {
        let message = Message { errors, ..Message::default() };
        return login_page(&state, &request, StatusCode::UNPROCESSABLE_ENTITY, &fields, message);
    }
    let origin = Origin::of(&request);
    match sign_in::by_password(&state, &origin, fields.get("email"), fields.get("password")).await {
        Ok(step) => first_step(&state, step, fields.get("return_to")),
        Err(WebError::WrongPassword) => {
            let errors = vec![FieldError::new("password", &WebError::WrongPassword)];
            let message = Message { errors, ..Message::default() };
            login_page(&state, &request, StatusCode::UNPROCESSABLE_ENTITY, &fields, message)
        }
        Err(WebError::Throttled { seconds }) => {
            let message = Message { wait: Some(seconds), ..Message::default() };
            let mut page = login_page(&state, &request, StatusCode::TOO_MANY_REQUESTS, &fields, message)?;
            page.headers_mut().insert(RETRY_AFTER, seconds.into());
            Ok(page)
        }
        Err(other) => Err(other),
    }
}

/// `GET /o/{org}/sign-in/{secret}`
pub(super) async fn by_link(
    state: web::Data<AppState>,
    request: HttpRequest,
    tenant: Tenant,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, WebError> {
    let digest = match secret::parse(&path.1) {
        Ok(ParsedSecret { kind: SecretKind::SignInLink, digest }) => Some(digest),
        _ => None,
    };
    let member = match digest {
        Some(digest) => consume_link(&state.store, tenant.id, digest, clock::now()).await?,
        None => None,
    };
    let Some(member) = member else {
        // Whoever follows the link again is where it leads already.
        if is_signed_in(&state, &request, &tenant).await? {
            return Ok(see_other(&base(&tenant.slug)));
        }
        let notice = "This sign-in link was used already, or has expired. Each works once. Sign in with your password, \
                      or ask an owner of your organization for a new link.";
        let message = Message { notice, ..Message::default() };
        return login_page(&state, &request, StatusCode::GONE, &Fields::default(), message);
    };
    let step = sign_in::by_link(&state, &Origin::of(&request), tenant.id, member).await?;
    first_step(&state, step, &base(&tenant.slug))
}

/// `POST /logout`
pub(super) async fn logout(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SessionForm,
) -> Result<HttpResponse, WebError> {
    sign_in::out(&state.store, &Origin::of(&request), form.session).await?;
    let mut response = see_other("/login?done=signed-out");
    response.add_cookie(&cookies::no_session(&state)).map_err(WebError::internal)?;
    Ok(response)
}

/// The sign-in page for somebody whose session ended while a form was filled in.
pub(super) fn session_ended(state: &web::Data<AppState>, request: &HttpRequest, answer: &Answer) -> HttpResponse {
    let path = Some(request.path()).filter(|path| *path != "/logout").unwrap_or_default();
    let fields = Fields::of([("return_to", path)]);
    let notice = "Your session has ended. What you sent was not saved. Sign in, and you will be back on the page.";
    let message = Message { notice, ..Message::default() };
    login_page(state, request, answer.status, &fields, message).unwrap_or_else(|_| see_other("/login"))
}

async fn is_signed_in(
    state: &AppState,
    request: &HttpRequest,
    organization: &OrganizationEntry,
) -> Result<bool, WebError> {
    let Some((digest, _)) = presented_session(state, request) else { return Ok(false) };
    Ok(find_session(&state.store, organization.id, digest, clock::now()).await?.is_some())
}

/// Lets the person in, or on to the code.
fn first_step(state: &AppState, step: FirstStep, return_to: &str) -> Result<HttpResponse, WebError> {
    match step {
        FirstStep::SignedIn(signed_in) => let_in(state, &signed_in, return_to),
        FirstStep::AwaitsCode(secret) => {
            let mut response = see_other(&code_and_return_to(&local(return_to).unwrap_or_default()));
            response.add_cookie(&cookies::pending(state, &secret)).map_err(WebError::internal)?;
            Ok(response)
        }
    }
}

/// Sends the person on to where they wanted to go, with the cookie of the new session.
pub(super) fn let_in(state: &AppState, signed_in: &SignedIn, return_to: &str) -> Result<HttpResponse, WebError> {
    let SignedIn { secret, memberships, .. } = signed_in;
    let first = match memberships.as_slice() {
        [only] => base(&only.slug),
        _ => "/orgs".to_owned(),
    };
    let mut response = see_other(&local(return_to).unwrap_or(first));
    response.add_cookie(&cookies::session(state, secret)).map_err(WebError::internal)?;
    Ok(response)
}

/// The sign-in page for somebody from whom no code is awaited any more.
pub(super) fn begin_again(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    return_to: &str,
) -> Result<HttpResponse, WebError> {
    let notice = "Too many codes were wrong, or too much time has passed. Sign in again.";
    let message = Message { notice, ..Message::default() };
    let mut page =
        login_page(state, request, StatusCode::UNAUTHORIZED, &Fields::of([("return_to", return_to)]), message)?;
    page.add_cookie(&cookies::no_pending(state)).map_err(WebError::internal)?;
    Ok(page)
}

fn missing(fields: &Fields) -> Vec<FieldError> {
    let required = [("email", "Enter your e-mail address"), ("password", "Enter your password")];
    let empty = required.into_iter().filter(|(name, _)| fields.get(name).trim().is_empty());
    empty.map(|(name, message)| FieldError::new(name, &message)).collect()
}

fn login_page(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    status: StatusCode,
    fields: &Fields,
    message: Message,
) -> Result<HttpResponse, WebError> {
    let (secret, new_cookie) = cookies::form_secret(state, request);
    let Message { notice, errors, wait } = message;
    let form = LoginForm {
        email: Field::typed(fields, "email").marked("email", &errors),
        password: Field::default().marked("password", &errors),
    };
    let view = LoginPage {
        page: Frame::open(cookies::form_token(&secret)).with_flash(fields.get("done")).with_errors(errors),
        form,
        return_to: local(fields.get("return_to")).unwrap_or_default(),
        notice,
        wait,
    };
    let mut response = html(state, status, "login", &view)?;
    allow_to_lead_on(&mut response, &view.return_to);
    if let Some(cookie) = new_cookie {
        response.add_cookie(&cookie).map_err(WebError::internal)?;
    }
    Ok(response)
}

/// Signing in may lead on, without another page, to a client.
pub(super) fn allow_to_lead_on(response: &mut HttpResponse, return_to: &str) {
    if return_to.starts_with("/t/") {
        let policy = policy_leading_to(redirect_uri_of(return_to).as_deref());
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}
