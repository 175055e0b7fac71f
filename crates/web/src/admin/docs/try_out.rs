//! `/docs/api/try`: Swagger UI, by which the API can be tried out.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{
    AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, Encoding, Header, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::Config;

use super::super::page::see_other;
use crate::WebError;

const ADDRESS: &str = "/docs/api/try/";
/// Swagger UI sets styles inline and has its pictures in its style sheet.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'; object-src 'none'";
const FOR_A_DAY: &str = "public, max-age=86400";

/// Nothing is sent to the validator of strangers.
static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/api/openapi.json").validator_url("none")));

/// `GET /docs/api/try`: its files lie below it.
pub(in crate::admin) async fn enter() -> HttpResponse {
    see_other(ADDRESS)
}

/// `GET /docs/api/try/`
pub(in crate::admin) async fn index(request: HttpRequest) -> Result<HttpResponse, WebError> {
    answer(&request, "")
}

/// `GET /docs/api/try/{file}`
pub(in crate::admin) async fn file(request: HttpRequest, file: web::Path<String>) -> Result<HttpResponse, WebError> {
    answer(&request, &file)
}

fn answer(request: &HttpRequest, file: &str) -> Result<HttpResponse, WebError> {
    let file = utoipa_swagger_ui::serve(file, Arc::clone(&CONFIG)).map_err(WebError::internal)?;
    let file = file.ok_or(WebError::NotFound)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CACHE_CONTROL, FOR_A_DAY))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY));
    if file.gzpipped {
        if !takes_gzip(request) {
            return Err(WebError::NotAcceptable);
        }
        response.insert_header((CONTENT_ENCODING, "gzip")).insert_header((VARY, "Accept-Encoding"));
    }
    Ok(response.body(file.bytes.into_owned()))
}

/// The files are embedded in no other form; every browser takes it.
fn takes_gzip(request: &HttpRequest) -> bool {
    AcceptEncoding::parse(request).is_ok_and(|accepted| {
        let chosen = accepted.negotiate([Encoding::gzip()].iter());
        accepted.is_empty() || chosen == Some(Encoding::gzip())
    })
}
