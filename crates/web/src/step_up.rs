//! Step-up: what reveals or replaces a secret, or changes who the members are, takes a proof of who it is that is no
//! older than 15 minutes. Signing in is one.
//!
//! All of it stands in two tables, which the tests walk: the forms of the pages and the operations of the API. They are
//! asked where forms and callers are read, so that no handler can forget it.

use actix_web::{HttpMessage, HttpRequest};
use countersign_persistence::clock;
use countersign_persistence::sign_in::{self, SessionEntry};
use jiff::Timestamp;

use crate::WebError;
use crate::caller::Caller;
use crate::changes::sign_in::confirmation::{Confirmation, Proof};
use crate::form::Fields;
use crate::middleware::{Audience, audience};
use crate::state::AppState;

/// The field of a form in which the password is sent along.
pub(crate) const PASSWORD: &str = "confirm_password";
/// The same for a code.
pub(crate) const CODE: &str = "confirm_code";

/// A form that takes a fresh proof.
pub struct ConfirmedForm {
    /// The path as in [`crate::admin::PAGES`].
    pub path: &'static str,
    /// Whether what was sent does what takes it.
    when: fn(&Fields) -> bool,
    /// Whether the form itself asks for the password of who has one.
    asks_for_password: bool,
}

const fn form(path: &'static str, when: fn(&Fields) -> bool) -> ConfirmedForm {
    ConfirmedForm { path, when, asks_for_password: false }
}

/// The forms of the pages.
pub const FORMS: &[ConfirmedForm] = &[
    ConfirmedForm { path: "/o/{org}/profile/sign-in-codes", when: always, asks_for_password: true },
    form("/o/{org}/third-parties/new", is_secret_left_to_us),
    form("/o/{org}/third-parties/{id}", makes_or_removes_secrets),
    form("/o/{org}/clients/new", is_client_secret_left_to_us),
    form("/o/{org}/clients/{id}", makes_or_removes_secrets),
    form("/o/{org}/members/new", always),
    form("/o/{org}/members/{id}", always),
    form("/o/{org}/members/{id}/sign-in-link", always),
    form("/o/{org}/members/{id}/end-sessions", always),
    form("/o/{org}/members/{id}/reset-sign-in-codes", always),
    form("/o/{org}/settings/api-keys/new", always),
];

/// The operations of the API: method, and path below `/api/v1/orgs/{org}`.
pub const OPERATIONS: &[(&str, &str)] = &[
    ("POST", "/third-parties"),
    ("POST", "/third-parties/{third_party}/tokens"),
    ("POST", "/third-parties/{third_party}/secrets"),
    ("DELETE", "/third-parties/{third_party}/secrets/{secret}"),
    ("POST", "/clients"),
    ("POST", "/clients/{client}/secrets"),
    ("DELETE", "/clients/{client}/secrets/{secret}"),
    ("POST", "/members"),
    ("PATCH", "/members/{member}"),
    ("POST", "/members/{member}/sign-in-link"),
    ("POST", "/members/{member}/end-sessions"),
    ("POST", "/members/{member}/reset-sign-in-codes"),
];

fn always(_: &Fields) -> bool {
    true
}

fn makes_or_removes_secrets(fields: &Fields) -> bool {
    matches!(fields.get("action"), "new-secret" | "add-token") || fields.keys_of("remove_secret").next().is_some()
}

fn is_secret_left_to_us(fields: &Fields) -> bool {
    fields.get("client_secret").trim().is_empty()
}

fn is_client_secret_left_to_us(fields: &Fields) -> bool {
    fields.get("secret") != "own" && fields.get("type") != "public"
}

/// A form that waits for its proof: what the page that asks for it shows and carries along. Left with the request.
#[derive(Debug, Clone)]
pub(crate) struct Interrupted {
    pub fields: Fields,
    pub proof: Proof,
    /// What was wrong with the proof that was sent.
    pub error: Option<String>,
}

/// The fields of a form that may be acted on: it takes no proof, or there is a fresh one, or it was sent along.
pub(crate) async fn confirmed<R>(
    state: &AppState,
    request: &HttpRequest,
    caller: &Caller<R>,
    mut fields: Fields,
) -> Result<Fields, WebError> {
    let (password, code) = (fields.take(PASSWORD), fields.take(CODE));
    let pattern = request.match_pattern();
    let form = FORMS.iter().find(|form| pattern.as_deref() == Some(form.path) && (form.when)(&fields));
    let (session, now) = (&caller.session, clock::now());
    let Some(form) = form.filter(|_| !session.is_confirmed(now)) else { return Ok(fields) };
    let organization = caller.organization.id;
    let confirmation = Confirmation::of(state, organization, session.member).await?;
    if form.asks_for_password && confirmation.proof == Proof::Password {
        return Ok(fields);
    }
    let typed = if confirmation.proof == Proof::Code { code } else { password };
    let error = match typed.filter(|_| confirmation.proof != Proof::Nothing) {
        None => None,
        Some(typed) => match confirmation.attempt(state, &typed, now).await {
            Ok(()) => {
                sign_in::confirm_session(&state.store, organization, session.session, now).await?;
                return Ok(fields);
            }
            Err(error) => Some(refusal(error)?),
        },
    };
    request.extensions_mut().insert(Interrupted { fields, proof: confirmation.proof, error });
    Err(WebError::ConfirmationRequired)
}

/// What is said of a proof that was not accepted; other errors are for the error page.
pub(crate) fn refusal(error: WebError) -> Result<String, WebError> {
    match error {
        WebError::WrongPassword => Ok("This is not your password".to_owned()),
        WebError::WrongCode | WebError::Throttled { .. } => Ok(error.to_string()),
        WebError::Invalid(fields) => Ok(fields.into_iter().map(|field| field.message).next().unwrap_or_default()),
        other => Err(other),
    }
}

/// Refuses an operation of the API that takes a fresh proof from a session without one.
pub(crate) fn check_operation(request: &HttpRequest, session: &SessionEntry, now: Timestamp) -> Result<(), WebError> {
    if audience(request) != Audience::Api || session.is_confirmed(now) {
        return Ok(());
    }
    let pattern = request.match_pattern().unwrap_or_default();
    let path = pattern.strip_prefix("/api/v1/orgs/{org}").unwrap_or_default();
    let takes_proof = OPERATIONS.contains(&(request.method().as_str(), path));
    if takes_proof { Err(WebError::ConfirmationRequired) } else { Ok(()) }
}
