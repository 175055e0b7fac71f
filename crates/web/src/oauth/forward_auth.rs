//! `/t/{org}/forward-auth`: a reverse proxy asks before it lets a request through (nginx `auth_request`, Traefik
//! `ForwardAuth`, Caddy `forward_auth`). How to set them up is in `deploy/forward-auth`.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::validity::Denial;
use countersign_domain::values::Scope;
use countersign_persistence::clock;
use countersign_persistence::directory::{OrganizationEntry, TokenEntry, Verdict};
use uuid::Uuid;

use super::error_responses::ReadErrors;
use super::{ErrorDocument, OAuthError, bearer, count_request};
use crate::WebError;
use crate::state::AppState;
use crate::tenant::Tenant;

static ORGANIZATION: HeaderName = HeaderName::from_static("x-countersign-organization");
static THIRD_PARTY: HeaderName = HeaderName::from_static("x-countersign-third-party");
static CLIENT: HeaderName = HeaderName::from_static("x-countersign-client");
static TOKEN: HeaderName = HeaderName::from_static("x-countersign-token");
static SCOPE: HeaderName = HeaderName::from_static("x-countersign-scope");
static KIND: HeaderName = HeaderName::from_static("x-countersign-kind");

const NOT_SENT: &str = "Send a token in the Authorization header, after the word Bearer and a space";
const UNKNOWN_PARAMETER: &str = "The only parameter here is scope";
const UNREADABLE_SCOPE: &str = "Name in scope what the token must allow, with one space between";

/// Decides for a reverse proxy whether a request may pass
///
/// Every method is answered alike. The token is read from the Authorization header of the request to this address, not
/// from that of the forwarded URL. The headers of the answer hold no names that people typed.
#[utoipa::path(
    get,
    path = "/t/{org}/forward-auth",
    tag = "OAuth",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("scope" = Option<String>, Query,
            description = "The scopes that the token must allow, all of them, with one space between",
            pattern = r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$", example = "records:read")
    ),
    responses(
        (status = 200, description = "The token gives access; whose it is stands in the headers", headers(
            ("X-Countersign-Organization" = String, description = "The organization's slug"),
            ("X-Countersign-Third-Party" = Option<Uuid>, description = "The third party, if the token is for one"),
            ("X-Countersign-Client" = Option<String>, description = "The Client ID that the token is bound to"),
            ("X-Countersign-Token" = Uuid, description = "The token's identifier, not the token"),
            ("X-Countersign-Scope" = String, description = "What the token allows, with spaces between"),
            ("X-Countersign-Kind" = String, description = "`manual` or `access`")
        )),
        (status = 400, description = "The query is not one that is read here", body = ErrorDocument),
        (status = 401, description = "The token gives no access, or none was sent that can be read; \
            `WWW-Authenticate` says which", body = ErrorDocument,
            headers(("WWW-Authenticate" = String, description = "`Bearer` with realm, error and error_description"))),
        (status = 403, description = "The token does not allow a scope", body = ErrorDocument,
            headers(("WWW-Authenticate" = String, description = "`Bearer` with the scope that is missing"))),
        ReadErrors
    ),
    security(("token" = []))
)]
pub(crate) async fn forward_auth(
    state: web::Data<AppState>,
    tenant: Tenant,
    request: HttpRequest,
) -> Result<HttpResponse, OAuthError> {
    let issuer = || tenant.issuer(&state);
    let presented = match bearer::presented(&request) {
        Ok(Some(token)) => token,
        Ok(None) => return Ok(unauthorized(&bearer::challenge(&issuer()), NOT_SENT)),
        // Not 400: of all refusals, nginx knows but 401 and 403, and makes a failure of the server of any other.
        Err(description) => {
            return Ok(unauthorized(&bearer::challenge_to_malformed(&issuer(), description), description));
        }
    };
    let required = RequiredScopes::of(&request)
        .map_err(|description| OAuthError::InvalidBearerRequest { issuer: issuer(), description })?;
    let now = clock::now();
    let verdict = check(&state, &tenant, presented, &required, now).await?;
    count_request(&state, &tenant, &verdict, now, &request);
    match (&verdict.token, &verdict.result) {
        (Some(token), Ok(())) => allowed(&tenant, token, &verdict),
        (None, Ok(())) => Err(WebError::internal("a token was accepted that is not known").into()),
        (_, Err(denial)) => Ok(denied(&bearer::challenge_for(&issuer(), denial), denial)),
    }
}

/// The first scope that is missing decides; without any, the token alone.
async fn check(
    state: &AppState,
    organization: &OrganizationEntry,
    presented: &str,
    required: &RequiredScopes<'_>,
    now: jiff::Timestamp,
) -> Result<Verdict, OAuthError> {
    let directory = state.store.directory();
    let mut scopes = required.iter();
    let mut verdict = directory.check_token(organization, presented, scopes.next(), now).await?;
    for scope in scopes {
        if verdict.result.is_err() {
            break;
        }
        verdict = directory.check_token(organization, presented, Some(scope), now).await?;
    }
    Ok(verdict)
}

/// What the query asks of the token.
struct RequiredScopes<'a>(Vec<Cow<'a, str>>);

impl<'a> RequiredScopes<'a> {
    /// Refuses what it does not know: a requirement that is misspelt must not count as none.
    fn of(request: &'a HttpRequest) -> Result<Self, &'static str> {
        let mut lists = Vec::new();
        for (name, list) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
            if name != "scope" {
                return Err(UNKNOWN_PARAMETER);
            }
            if list.split(' ').any(|scope| Scope::parse(scope).is_err()) {
                return Err(UNREADABLE_SCOPE);
            }
            lists.push(list);
        }
        Ok(Self(lists))
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|list| list.split(' '))
    }
}

/// Identifiers only: a name that a person typed may hold what no header can.
fn allowed(
    organization: &OrganizationEntry,
    token: &TokenEntry,
    verdict: &Verdict,
) -> Result<HttpResponse, OAuthError> {
    let mut response = HttpResponse::Ok().finish();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    insert(headers, &ORGANIZATION, &organization.slug)?;
    insert_id(headers, &TOKEN, token.id.uuid())?;
    insert(headers, &KIND, &token.kind)?;
    match token.facts.scopes.as_slice() {
        [scope] => insert(headers, &SCOPE, scope)?,
        scopes => insert(headers, &SCOPE, &scopes.join(" "))?,
    }
    if let Some(third_party) = token.third_party {
        insert_id(headers, &THIRD_PARTY, third_party.uuid())?;
    }
    if let Some(client) = &verdict.client {
        insert(headers, &CLIENT, &client.identifier)?;
    }
    Ok(response)
}

fn insert(headers: &mut HeaderMap, name: &HeaderName, value: &str) -> Result<(), OAuthError> {
    let value = HeaderValue::from_str(value).map_err(WebError::internal)?;
    headers.insert(name.clone(), value);
    Ok(())
}

fn insert_id(headers: &mut HeaderMap, name: &HeaderName, id: Uuid) -> Result<(), OAuthError> {
    insert(headers, name, id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()))
}

/// The request presents no token that can be read.
fn unauthorized(challenge: &str, description: &str) -> HttpResponse {
    refusal(StatusCode::UNAUTHORIZED, challenge, "invalid_request", description)
}

fn denied(challenge: &str, denial: &Denial) -> HttpResponse {
    let status = match denial {
        Denial::ScopeMissing { .. } => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    };
    refusal(status, challenge, bearer::code(denial), &denial.to_string())
}

fn refusal(status: StatusCode, challenge: &str, error: &str, error_description: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((WWW_AUTHENTICATE, challenge))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ErrorDocument { error, error_description })
}
