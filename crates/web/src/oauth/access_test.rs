//! `GET|POST /t/{org}/access-test`: a third party tests its access.

use actix_web::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::validity::Denial;
use countersign_domain::values::Scope;
use countersign_persistence::clock;

use super::error_responses::ReadErrors;
use super::{ErrorDocument, OAuthError, bearer, count_request};
use crate::diagnosis::Diagnosis;
use crate::state::AppState;
use crate::tenant::Tenant;

/// Tests the access that a token gives
///
/// Every check is named with its outcome; the first that failed says what to do. With `scope`, the token must allow
/// that scope. `POST` answers the same.
#[utoipa::path(
    get,
    path = "/t/{org}/access-test",
    tag = "OAuth",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("scope" = Option<String>, Query, description = "A scope that the token must allow",
            pattern = r"^[!#-\[\]-~]{1,100}$", example = "records:read")
    ),
    responses(
        (status = 200, description = "The token gives access", body = Diagnosis),
        (status = 400, description = "The token was not sent in the Authorization header", body = ErrorDocument),
        (status = 401, description = "The token gives no access, or none was sent; `WWW-Authenticate` says which",
            body = Diagnosis,
            headers(("WWW-Authenticate" = String, description = "`Bearer` with realm, error and error_description"))),
        (status = 403, description = "The token does not allow the scope", body = Diagnosis),
        ReadErrors
    ),
    security(("token" = []))
)]
pub(crate) async fn access_test(
    state: web::Data<AppState>,
    tenant: Tenant,
    request: HttpRequest,
) -> Result<HttpResponse, OAuthError> {
    let issuer = tenant.issuer(&state);
    let refuse = |description| OAuthError::InvalidBearerRequest { issuer: issuer.clone(), description };
    let presented = bearer::presented(&request).map_err(refuse)?;
    let Some(token) = presented else {
        return Ok(HttpResponse::Unauthorized()
            .insert_header((WWW_AUTHENTICATE, bearer::challenge(&issuer)))
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(Diagnosis::without_token(&tenant)));
    };
    let scope = required_scope(&request).map_err(refuse)?;
    let now = clock::now();
    let scope = scope.as_ref().map(Scope::as_str);
    let verdict = state.store.directory().check_token(&tenant, token, scope, now).await?;
    count_request(&state, &tenant, &verdict, now, &request);
    let mut response = match &verdict.result {
        Ok(()) => HttpResponse::Ok(),
        Err(Denial::ScopeMissing { .. }) => HttpResponse::Forbidden(),
        Err(_) => HttpResponse::Unauthorized(),
    };
    if let Err(denial) = &verdict.result {
        response.insert_header((WWW_AUTHENTICATE, bearer::challenge_for(&issuer, denial)));
    }
    Ok(response.insert_header((CACHE_CONTROL, "no-store")).json(Diagnosis::of(&tenant, token, &verdict)))
}

fn required_scope(request: &HttpRequest) -> Result<Option<Scope>, &'static str> {
    url::form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(name, _)| name == "scope")
        .map(|(_, scope)| Scope::parse(&scope).map_err(|_| "Ask for one scope, written as RFC 6749 says"))
        .transpose()
}
