//! The session cookie and the form tokens that hang on it.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use countersign_domain::{Digest, ParsedSecret, Secret, SecretKind, secret};
use countersign_persistence::clock;
use countersign_persistence::sign_in::PENDING_LIFETIME;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::state::AppState;
use crate::zone::{self, Zone};

const SESSION: &str = "countersign";
/// Over HTTPS the name itself binds the cookie to this host (RFC 6265bis section 4.1.3.2).
const SECURE_SESSION: &str = "__Host-countersign";
const PENDING: &str = "countersign-pending";
const SECURE_PENDING: &str = "__Host-countersign-pending";
const FORM: &str = "countersign-form";
const SECURE_FORM: &str = "__Host-countersign-form";

/// How long the browser keeps the session cookie, in hours; the server's own limits are stricter.
const SESSION_HOURS: i64 = 24;

fn session_name(state: &AppState) -> &'static str {
    if state.is_https() { SECURE_SESSION } else { SESSION }
}

fn pending_name(state: &AppState) -> &'static str {
    if state.is_https() { SECURE_PENDING } else { PENDING }
}

fn form_name(state: &AppState) -> &'static str {
    if state.is_https() { SECURE_FORM } else { FORM }
}

fn cookie(state: &AppState, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value).path("/").http_only(true).secure(state.is_https()).same_site(SameSite::Lax).finish()
}

/// The cookie that carries a new session.
pub(crate) fn session(state: &AppState, secret: &Secret) -> Cookie<'static> {
    let mut cookie = cookie(state, session_name(state), secret.expose().to_owned());
    cookie.set_max_age(Duration::hours(SESSION_HOURS));
    cookie
}

/// The cookie that ends a session in the browser.
pub(crate) fn no_session(state: &AppState) -> Cookie<'static> {
    let mut cookie = cookie(state, session_name(state), String::new());
    cookie.make_removal();
    cookie
}

/// The session secret that the browser presents, if it has the form of one.
pub(crate) fn presented_session(state: &AppState, request: &HttpRequest) -> Option<(Digest, String)> {
    presented(request, session_name(state))
}

/// The cookie that carries a sign-in for which a code is awaited.
pub(crate) fn pending(state: &AppState, secret: &Secret) -> Cookie<'static> {
    let mut cookie = cookie(state, pending_name(state), secret.expose().to_owned());
    cookie.set_max_age(Duration::minutes(PENDING_LIFETIME.as_mins()));
    cookie
}

/// The cookie that ends in the browser that a code is awaited.
pub(crate) fn no_pending(state: &AppState) -> Cookie<'static> {
    let mut cookie = cookie(state, pending_name(state), String::new());
    cookie.make_removal();
    cookie
}

/// The sign-in for which a code is awaited, as the browser presents it.
pub(crate) fn presented_pending(state: &AppState, request: &HttpRequest) -> Option<Digest> {
    presented(request, pending_name(state)).map(|(digest, _)| digest)
}

fn presented(request: &HttpRequest, name: &str) -> Option<(Digest, String)> {
    let value = request.cookie(name)?.value().to_owned();
    match secret::parse(&value) {
        Ok(ParsedSecret { kind: SecretKind::Session, digest }) => Some((digest, value)),
        _ => None,
    }
}

/// The cookie that says in which zone the person reads times. The script reads it too.
pub(crate) fn zone(state: &AppState, zone: &Zone) -> Cookie<'static> {
    let mut cookie = cookie(state, zone::COOKIE, zone.name().to_owned());
    cookie.set_http_only(false);
    cookie.set_max_age(Duration::days(365));
    cookie
}

/// The token that forms of a signed-in page carry: whoever doesn't know the session secret can't make it.
pub(crate) fn form_token(secret: &str) -> String {
    let digest = Sha256::new().chain_update("form\0").chain_update(secret).finalize();
    hex::encode(&digest[..16])
}

/// Whether a form carries the token that hangs on the secret.
pub(crate) fn is_form_token(presented: &str, secret: &str) -> bool {
    form_token(secret).as_bytes().ct_eq(presented.as_bytes()).into()
}

/// The secret on which the form tokens of pages without a session hang, and the cookie to set if there was none.
pub(crate) fn form_secret(state: &AppState, request: &HttpRequest) -> (String, Option<Cookie<'static>>) {
    match request.cookie(form_name(state)) {
        Some(present) if present.value().len() >= 32 => (present.value().to_owned(), None),
        _ => {
            let mut random = [0; 32];
            clock::fill_random(&mut random);
            let secret = hex::encode(random);
            let cookie = cookie(state, form_name(state), secret.clone());
            (secret, Some(cookie))
        }
    }
}
