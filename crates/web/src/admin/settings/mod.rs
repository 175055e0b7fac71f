//! What is set in the organization, and its API keys.

pub(super) mod api_keys;
mod form;
pub(super) mod new_api_key;
mod scopes;
mod try_it;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{OrganizationSettings, Right};
use serde::Serialize;
use url::Url;

use super::page::{Frame, Section, base, html, see_other};
use super::refusal::Refusal;
use crate::WebError;
use crate::caller::{Caller, ManageSettings, ReadSettings};
use crate::changes::organization;
use crate::form::SignedForm;
use crate::state::AppState;
use form::{Form, read_changes};
pub(super) use scopes::{ScopeBoxes, ticked_scopes};
pub(super) use try_it::try_it;

#[derive(Serialize)]
struct SettingsPage {
    page: Frame,
    can_edit: bool,
    version: String,
    form: Form,
    slug: String,
    issuers: Vec<String>,
    /// The host name of the installation, to which one of the organization's own must lead.
    installation: String,
}

/// `GET /o/{org}/settings`
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadSettings>,
) -> Result<HttpResponse, WebError> {
    let saved = organization::settings(&state, caller.context()).await?;
    let frame = Frame::load(&state, &request, &caller, Section::Settings).await?;
    let form = Form::saved(&saved);
    html(&state, StatusCode::OK, "settings", &view(&state, &caller, frame, &saved, form))
}

/// `POST /o/{org}/settings`
pub(super) async fn save(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageSettings>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let saved = organization::settings(&state, caller.context()).await?;
    let outcome = match read_changes(&fields, &saved) {
        Ok(changes) => organization::change(&state, &caller.context(), Some(&caller.session), &changes).await,
        Err(errors) => Err(WebError::Invalid(errors)),
    };
    let Err(error) = outcome else {
        return Ok(see_other(&format!("{}/settings?done=saved", base(&caller.organization.slug))));
    };
    let Refusal { status, errors, is_overtaken } = Refusal::of(error)?;
    let saved = organization::settings(&state, caller.context()).await?;
    let mut form = Form::typed(&fields, &errors);
    if is_overtaken {
        form = form.compared_with(&Form::saved(&saved));
    }
    let frame = Frame::load(&state, &request, &caller, Section::Settings).await?.with_errors(errors);
    html(&state, status, "settings", &view(&state, &caller, frame, &saved, form))
}

fn view<R>(
    state: &AppState,
    caller: &Caller<R>,
    page: Frame,
    saved: &OrganizationSettings,
    form: Form,
) -> SettingsPage {
    let host = Url::parse(&state.base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    SettingsPage {
        page,
        can_edit: caller.may(Right::ManageSettings),
        version: organization::version(saved),
        form,
        slug: caller.organization.slug.clone(),
        issuers: state.issuers(&caller.organization.slug, saved.host.as_deref()),
        installation: host.unwrap_or_default(),
    }
}
