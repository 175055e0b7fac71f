//! The page that an error becomes.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::page::{Frame, Section, base, html, see_other};
use super::return_to::sign_in_and_return_to;
use super::sign_in::session_ended;
use super::step_up;
use crate::caller::Identity;
use crate::error::Answer;
use crate::middleware::RequestId;
use crate::state::AppState;
use crate::step_up::Interrupted;

#[derive(Serialize)]
struct FailurePage {
    page: Frame,
    status: u16,
    title: &'static str,
    what: String,
    todo: Vec<&'static str>,
    back: Option<Back>,
    request_id: String,
}

#[derive(Serialize)]
struct Back {
    href: String,
    label: &'static str,
}

/// The page that an error becomes: the sign-in page for whoever has to sign in, otherwise what happened and what to do.
pub(crate) fn error_page(request: &HttpRequest, answer: &Answer, id: RequestId) -> HttpResponse {
    let Some(state) = request.app_data::<web::Data<AppState>>() else { return plain(answer, id) };
    if answer.problem == "unauthenticated" {
        return match *request.method() {
            Method::GET | Method::HEAD => see_other(&sign_in_and_return_to(&asked_for(request))),
            _ => session_ended(state, request, answer),
        };
    }
    if answer.problem == "sign-in-codes-required"
        && let Some(identity) = request.extensions().get::<Identity>()
    {
        let base = base(&identity.organization.slug);
        return see_other(&format!("{base}/profile/sign-in-codes?done=sign-in-codes-required"));
    }
    let interrupted = request.extensions_mut().remove::<Interrupted>();
    let identity = request.extensions().get::<Identity>().cloned();
    if let (Some(interrupted), Some(identity)) = (interrupted, identity) {
        return step_up::page(state, request, answer.status, &identity, interrupted)
            .unwrap_or_else(|_| plain(answer, id));
    }
    html(state, answer.status, "error", &view(request, answer, id)).unwrap_or_else(|_| plain(answer, id))
}

/// The path and query of a request.
pub(super) fn asked_for(request: &HttpRequest) -> String {
    request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned()
}

fn view(request: &HttpRequest, answer: &Answer, id: RequestId) -> FailurePage {
    let extensions = request.extensions();
    let identity = extensions.get::<Identity>();
    let page = identity.map_or_else(|| Frame::open(String::new()), |identity| Frame::of(identity, Section::Elsewhere));
    let first = identity.map_or_else(|| "/".to_owned(), |identity| base(&identity.organization.slug));
    let (title, what) = if answer.problem == "not-found" {
        ("Page not found", "There is nothing at this address, or you may not see it.".to_owned())
    } else {
        (answer.title, format!("{}.", answer.detail.trim_end_matches('.')))
    };
    FailurePage {
        page,
        status: answer.status.as_u16(),
        title,
        what,
        todo: todo(answer),
        back: Some(Back { href: first, label: "Go to the first page" }),
        request_id: id.0.to_string(),
    }
}

fn todo(answer: &Answer) -> Vec<&'static str> {
    match answer.status {
        StatusCode::NOT_FOUND => vec![
            "Check the address for a typing error.",
            "If a colleague sent you the link, ask which organization it belongs to, and sign in there.",
        ],
        StatusCode::FORBIDDEN if answer.problem == "stale-form" => {
            vec!["Go back, reload the page, and fill in the form again."]
        }
        StatusCode::BAD_REQUEST if answer.problem == "authorization-request" => vec![
            "Go back to the application that sent you here, and try again.",
            "If it happens again, tell whoever runs that application what stands here.",
        ],
        StatusCode::CONFLICT => vec!["Go back, reload the page to see how things stand, and try again."],
        StatusCode::SERVICE_UNAVAILABLE => vec!["Wait a minute, then reload this page."],
        _ => Vec::new(),
    }
}

/// When not even the page can be made.
fn plain(answer: &Answer, id: RequestId) -> HttpResponse {
    let text = format!("{} {}\n{}\nRequest {}\n", answer.status.as_u16(), answer.title, answer.detail, id.0);
    HttpResponse::build(answer.status).content_type("text/plain; charset=utf-8").body(text)
}
