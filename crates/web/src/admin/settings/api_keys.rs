//! The list of the organization's API keys.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::Right;
use countersign_persistence::queries::clients::api_keys::{self, ApiKey};
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::{Frame, Section, base, html};
use crate::WebError;
use crate::caller::{Caller, ReadSettings};
use crate::state::AppState;

#[derive(Serialize)]
struct ApiKeysPage {
    page: Frame,
    can_add: bool,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    href: String,
    client_id: String,
    scopes: Vec<String>,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    active: bool,
}

/// `GET /o/{org}/settings/api-keys`
pub(in crate::admin) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadSettings>,
) -> Result<HttpResponse, WebError> {
    let keys = api_keys::list(&state.store, caller.organization.id).await?;
    let base = base(&caller.organization.slug);
    let page = Frame::load(&state, &request, &caller, Section::Settings).await?;
    let can_add = caller.may(Right::ManageThirdParties);
    let rows = keys.into_iter().map(|key| row(key, &base)).collect();
    html(&state, StatusCode::OK, "api-keys", &ApiKeysPage { page, can_add, rows })
}

fn row(key: ApiKey, base: &str) -> Row {
    Row {
        href: format!("{base}/clients/{}", key.id),
        client_id: key.identifier,
        scopes: key.scopes,
        created_at: key.registered_at,
        last_used_at: key.last_used_at,
        active: key.active,
    }
}
