//! `GET|POST /t/{org}/oauth2/authorize`: a member lets a client in (RFC 6749 section 3.1).
//!
//! The page's form goes to the very address that showed it, so the request is read anew, from the same place, when the
//! member has decided.

mod documented;
mod request;
mod response;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use countersign_domain::authorization::Grant;
use countersign_domain::{Authorization, AuthorizationCommand, Consent, ConsentCommand, ConsentId, Secret, SecretKind};
use countersign_persistence::queries::authorizations;
use countersign_persistence::{ChangeError, Context, Via};
use url::Url;

use documented::{AuthorizationParameters, Decision, DecisionPages, RequestPages};
pub(crate) use request::AuthorizationRequest;
use request::Refusal;
use response::RedirectError;

use crate::WebError;
use crate::admin::consent;
use crate::caller::{Caller, UseOwnProfile};
use crate::form::{Fields, SignedForm};
use crate::middleware::policy_leading_to;
use crate::state::AppState;
use crate::tenant::Tenant;

const DENIED: &str = "The member did not give the access";
const SIGN_IN_NEEDED: &str = "Nobody is signed in, and prompt=none forbids to ask";
const CONSENT_NEEDED: &str = "The member has not consented yet, and prompt=none forbids to ask";

/// Asks the member who is signed in whether a client gets access
///
/// For browsers (RFC 6749 section 3.1, RFC 7636). What the member consented to before is answered at once.
#[utoipa::path(
    get,
    path = "/t/{org}/oauth2/authorize",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), AuthorizationParameters),
    responses(
        (status = 200, description = "The page on which the member decides", body = String, content_type = "text/html"),
        (status = 303, description = "To the redirect URI with the answer (RFC 6749 section 4.1.2), or to the page for \
            signing in, which leads back here",
            headers(("Location" = String, description = "The redirect URI, with `code` or `error`, `state` and `iss`"))),
        RequestPages
    ),
    security((), ("cookie" = []))
)]
pub(crate) async fn authorize(
    state: web::Data<AppState>,
    tenant: Tenant,
    http: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let request = match request::read(&state, &tenant, &Fields::of_query(&http)).await {
        Ok(request) => request,
        Err(refusal) => return refuse(refusal),
    };
    let caller = match Caller::<UseOwnProfile>::extract(&http).await {
        Ok(caller) => caller,
        Err(WebError::Unauthenticated | WebError::NotFound | WebError::SignInCodesRequired) if request.is_silent => {
            return Ok(request.target.with_error(&needed("login_required", SIGN_IN_NEEDED)));
        }
        // Signed in, but not here: another account may be.
        Err(WebError::NotFound) => return Ok(consent::sign_in_as_somebody_else(&http)),
        Err(other) => return Err(other),
    };
    let consent = ConsentId::of(caller.session.member, request.client.id);
    let consented = authorizations::consented_scopes(&state.store, tenant.id, consent).await?;
    let is_covered = consented.is_some_and(|known| request.scopes.iter().all(|scope| known.contains(scope)));
    if is_covered && !request.asks_for_consent && request.knows_its_receiver() {
        return grant(&state, &caller, &request, false).await;
    }
    if request.is_silent {
        return Ok(request.target.with_error(&needed("consent_required", CONSENT_NEEDED)));
    }
    consent::page(&state, &http, &caller, &request).await.map(|mut page| {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy_leading_to(Some(request.target.redirect_uri())));
        page
    })
}

/// Takes the member's decision
///
/// The form of the page at the same address, with the same query.
#[utoipa::path(
    post,
    path = "/t/{org}/oauth2/authorize",
    tag = "OAuth",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), AuthorizationParameters),
    request_body(content = inline(Decision), content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To the redirect URI with the answer (RFC 6749 section 4.1.2)",
            headers(("Location" = String, description = "The redirect URI, with `code` or `error`, `state` and `iss`"))),
        DecisionPages
    ),
    security(("cookie" = []))
)]
pub(crate) async fn decide(
    state: web::Data<AppState>,
    tenant: Tenant,
    http: HttpRequest,
    form: SignedForm<UseOwnProfile>,
) -> Result<HttpResponse, WebError> {
    let request = match request::read(&state, &tenant, &Fields::of_query(&http)).await {
        Ok(request) => request,
        Err(refusal) => return refuse(refusal),
    };
    match form.fields.get("decision") {
        "allow" => grant(&state, &form.caller, &request, true).await,
        _ => Ok(request.target.with_error(&needed("access_denied", DENIED))),
    }
}

fn refuse(refusal: Refusal) -> Result<HttpResponse, WebError> {
    match refusal {
        Refusal::Page(error) => Err(error),
        Refusal::Redirect(target, error) => Ok(target.with_error(&error)),
    }
}

fn needed(code: &'static str, description: &'static str) -> RedirectError {
    RedirectError { code, description: description.into() }
}

/// Puts the grant on the record, with the consent if it was given just now, and sends the code on its way.
async fn grant(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
    request: &AuthorizationRequest,
    consents: bool,
) -> Result<HttpResponse, WebError> {
    let client = &request.client;
    let member = caller.session.member;
    let context = Context { via: Via::OAuth, ..caller.context() };
    let code = state
        .store
        .change(&context, async |unit| {
            if consents {
                let give = ConsentCommand::Give {
                    member,
                    client: client.id,
                    third_party: client.third_party,
                    scopes: request.scopes.clone(),
                };
                unit.execute::<Consent>(ConsentId::of(member, client.id).uuid(), give).await?;
            }
            let code = Secret::generate(SecretKind::AuthorizationCode, unit.services());
            let grant = Grant {
                client: client.id,
                third_party: client.third_party,
                member,
                scopes: request.scopes.clone(),
                redirect_uri: request.target.redirect_uri().to_owned(),
                redirect_uri_was_sent: request.redirect_uri_was_sent,
                code: code.digest(),
                code_last_four: code.last_four(),
                code_challenge: request.code_challenge.clone(),
            };
            unit.create::<Authorization>(AuthorizationCommand::Grant(grant)).await?;
            Ok::<_, ChangeError>(code)
        })
        .await?;
    Ok(request.target.with_code(code.expose()))
}

/// The redirect URI of the authorization request that a local address is, if it is one and names one.
pub(crate) fn redirect_uri_of(address: &str) -> Option<String> {
    let url = Url::parse("http://here.invalid/").ok()?.join(address).ok()?;
    url.query_pairs()
        .find(|(name, value)| matches!(name.as_ref(), "redirect_uri" | "redirect_url") && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}
