//! Where to go first: the way in, and the choice of an organization.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::{clock, sign_in};
use serde::Serialize;

use super::page::{Frame, base, html, role_in_words, see_other};
use crate::caller::presented_session;
use crate::state::AppState;
use crate::{WebError, cookies};

#[derive(Serialize)]
struct OrganizationsPage {
    page: Frame,
    organizations: Vec<OrganizationChoice>,
}

#[derive(Serialize)]
struct OrganizationChoice {
    href: String,
    name: String,
    role: &'static str,
    suspended: bool,
}

/// `/`
pub(super) async fn start(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let Some((digest, _)) = presented_session(&state, &request) else { return Ok(see_other("/login")) };
    let organizations = sign_in::organizations_of_session(&state.store, digest, clock::now()).await?;
    Ok(see_other(if organizations.is_empty() { "/login" } else { "/orgs" }))
}

/// `/orgs`
pub(super) async fn organizations(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let (digest, secret) = presented_session(&state, &request).ok_or(WebError::Unauthenticated)?;
    let now = clock::now();
    let mut email = None;
    let mut choices = Vec::new();
    for id in sign_in::organizations_of_session(&state.store, digest, now).await? {
        let organization = state.store.directory().organization(id).await?;
        let session = sign_in::find_session(&state.store, id, digest, now).await?;
        let (Some(organization), Some(session)) = (organization, session) else { continue };
        choices.push(OrganizationChoice {
            href: base(&organization.slug),
            name: organization.name.clone(),
            role: role_in_words(session.role),
            suspended: organization.suspended,
        });
        email = email.or(session.email);
    }
    match choices.as_slice() {
        [] => Err(WebError::Unauthenticated),
        [only] => Ok(see_other(&only.href)),
        _ => {
            choices.sort_by_key(|choice| choice.name.to_lowercase());
            let page = Frame::of_person(cookies::form_token(&secret), email);
            html(&state, StatusCode::OK, "organizations", &OrganizationsPage { page, organizations: choices })
        }
    }
}
