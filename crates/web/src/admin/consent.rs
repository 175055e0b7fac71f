//! The page on which a member decides whether a client gets access.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::failure::asked_for;
use super::page::{Frame, Section, html, see_other};
use super::return_to::sign_in_and_return_to;
use crate::WebError;
use crate::caller::{Caller, UseOwnProfile};
use crate::oauth::AuthorizationRequest;
use crate::state::AppState;

#[derive(Serialize)]
struct ConsentPage {
    page: Frame,
    client: String,
    client_id: String,
    is_third_party: bool,
    organization: String,
    scopes: Vec<String>,
    host: String,
    is_remembered: bool,
    action: String,
    other_account: String,
}

/// The page.
pub(crate) async fn page(
    state: &web::Data<AppState>,
    http: &HttpRequest,
    caller: &Caller<UseOwnProfile>,
    request: &AuthorizationRequest,
) -> Result<HttpResponse, WebError> {
    let name = request.third_party.as_ref().map(|third_party| third_party.name.clone());
    let view = ConsentPage {
        page: Frame::load(state, http, caller, Section::Elsewhere).await?,
        is_third_party: name.is_some(),
        client: name.unwrap_or_else(|| request.client.identifier.clone()),
        client_id: request.client.identifier.clone(),
        organization: caller.organization.name.clone(),
        scopes: request.scopes.clone(),
        host: request.target.host(),
        is_remembered: request.knows_its_receiver(),
        action: asked_for(http),
        other_account: sign_in_and_return_to(&asked_for(http)),
    };
    html(state, StatusCode::OK, "consent", &view)
}

/// Sends somebody who is signed in, but not as a member of this organization, to sign in as one.
pub(crate) fn sign_in_as_somebody_else(http: &HttpRequest) -> HttpResponse {
    see_other(&format!("{}&done=not-a-member", sign_in_and_return_to(&asked_for(http))))
}
