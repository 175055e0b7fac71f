//! `/docs/api`: the reference of the JSON API and the OAuth endpoints, made from the OpenAPI document, for everybody.

mod curl;
mod reference;
mod schema;
pub(super) mod try_out;

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

use super::page::{Frame, html};
use crate::WebError;
use crate::api::openapi_json;
use crate::state::AppState;
use reference::Reference;

/// What `docs.hbs` reads.
#[derive(Serialize)]
struct DocsPage {
    page: Frame,
    base_url: String,
    #[serde(flatten)]
    reference: &'static Reference,
}

/// The document does not change while the program runs.
static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap_or_default();
    Reference::of(&document)
});

/// `GET /docs/api`
pub(super) async fn show(state: web::Data<AppState>) -> Result<HttpResponse, WebError> {
    let page = Frame::open(String::new());
    let view = DocsPage { page, base_url: state.base_url.clone(), reference: &REFERENCE };
    html(&state, StatusCode::OK, "docs", &view)
}
