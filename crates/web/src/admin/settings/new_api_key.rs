//! Adding an API key.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::client::ClientType;
use countersign_domain::values::{ClientIdentifier, InvalidValue, Scope};
use countersign_domain::{ApiScope, ClientId, Secret};
use serde::Serialize;

use super::super::client::reveal;
use super::super::page::{Field, Frame, Section, html};
use super::super::refusal::Refusal;
use super::{ScopeBoxes, ticked_scopes};
use crate::WebError;
use crate::caller::{Caller, ManageThirdParties};
use crate::changes::clients::{self, NewClient, SettingsChanges};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct NewApiKeyPage {
    page: Frame,
    client_id: Field,
    scopes: ScopeBoxes,
}

/// `GET /o/{org}/settings/api-keys/new`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &caller, Section::Settings).await?;
    let scopes = ScopeBoxes::of("", &[], &caller.rights(), None);
    html(&state, StatusCode::OK, "api-key-new", &NewApiKeyPage { page, client_id: Field::default(), scopes })
}

/// `POST /o/{org}/settings/api-keys/new`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let error = match add(&state, &caller, &fields).await {
        Ok((id, secret)) => return reveal(&state, &request, &caller, id, secret, "api-key-added").await,
        Err(error) => error,
    };
    let Refusal { status, errors, .. } = Refusal::of(error)?;
    let ticked = ticked_scopes(&fields).into_iter().map(ApiScope::as_str).collect::<Vec<_>>().join(" ");
    let wrong = Field::default().marked("scopes", &errors).error;
    let view = NewApiKeyPage {
        client_id: Field::typed(&fields, "client_id").marked("client_id", &errors),
        scopes: ScopeBoxes::of(&ticked, &[], &caller.rights(), wrong),
        page: Frame::load(&state, &request, &caller, Section::Settings).await?.with_errors(errors),
    };
    html(&state, status, "api-key-new", &view)
}

async fn add(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
) -> Result<(ClientId, Secret), WebError> {
    let mut errors = Vec::new();
    let identifier = fields.optional("client_id", &mut errors, ClientIdentifier::parse);
    let scopes = ticked_scopes(fields);
    if scopes.is_empty() {
        let message = InvalidValue("Choose what the key may do: without any scope it can do nothing".into());
        errors.push(FieldError::new("scopes", &message));
    }
    if !errors.is_empty() {
        return Err(WebError::Invalid(errors));
    }
    let scopes = scopes.into_iter().filter_map(|scope| Scope::parse(scope.as_str()).ok()).collect();
    let new = NewClient {
        identifier,
        client_type: ClientType::Confidential,
        third_party: None,
        redirect_uris: Vec::new(),
        scopes,
        settings: SettingsChanges { api_access: Some(true), ..SettingsChanges::default() },
        active: true,
        chosen_secret: None,
    };
    let (organization, rights) = (&caller.organization, caller.rights());
    let (id, secret) = clients::register(&state.store, &caller.context(), organization, &rights, &new).await?;
    Ok((id, secret.ok_or(WebError::Internal)?))
}
