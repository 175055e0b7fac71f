//! Errors as problem details (RFC 9457), and what the OpenAPI document says of them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use serde::Serialize;
use uuid::Uuid;

use crate::error::{Answer, FieldError};
use crate::middleware::RequestId;
use crate::responses::{Body, RETRY_AFTER, Shared, response_sets};

/// Why a request was not answered as asked (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "type": "/problems/invalid-fields", "title": "Check the fields", "status": 422,
    "detail": "Some fields need another look", "request_id": "0197c1f0-6a1e-7c3f-9a52-0f6b8d3e1c42",
    "errors": [{ "field": "name", "message": "Enter a name" }]
}))]
pub(super) struct Problem<'a> {
    /// Which problem it is: a stable URI reference.
    #[serde(rename = "type")]
    problem_type: String,
    /// The problem in two or three words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, and what is accepted.
    detail: &'a str,
    /// By which whoever runs the installation finds the request in the logs and records.
    request_id: Uuid,
    /// The fields that need another look.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

const REALM: &str = "Bearer realm=\"Countersign\"";

/// The problem details of an error.
pub(crate) fn problem(answer: &Answer, id: RequestId) -> HttpResponse {
    let mut response = HttpResponse::build(answer.status);
    if answer.status == StatusCode::UNAUTHORIZED {
        response.insert_header((WWW_AUTHENTICATE, REALM));
    }
    if let Some(challenge) = &answer.challenge {
        response.insert_header((WWW_AUTHENTICATE, format!("{REALM}, {challenge}")));
    }
    response.insert_header((CACHE_CONTROL, "no-store")).content_type("application/problem+json").json(Problem {
        problem_type: format!("/problems/{}", answer.problem),
        title: answer.title,
        status: answer.status.as_u16(),
        detail: &answer.detail,
        request_id: id.0,
        errors: &answer.fields,
    })
}

const CHALLENGE: (&str, &str) = ("WWW-Authenticate", "`Bearer` with realm");

const UNAUTHENTICATED: Shared =
    ("401", "No valid session, and no valid access token of an API key, was presented", &[CHALLENGE]);
const SIGN_IN_FAILED: Shared =
    ("401", "E-mail address, password or code is wrong, or a code is needed and was not sent", &[CHALLENGE]);
const FORBIDDEN: Shared = (
    "403",
    "The member's role or the API key's scopes do not allow it, the organization is suspended or requires sign-in codes \
      that the member does not have, or the member has to prove again who it is",
    &[],
);
const NOT_FOUND: Shared =
    ("404", "There is no such thing in the organization, or the organization is not the caller's", &[]);
const MALFORMED: Shared = ("400", "The request can't be read; the detail says where", &[]);
const CONFLICT: Shared =
    ("409", "The state of things does not allow it, or somebody else changed them in the meantime", &[]);
const TOO_LARGE: Shared = ("413", "The body is too long", &[]);
const UNSUPPORTED: Shared = ("415", "The body is not application/json", &[]);
const INVALID: Shared = ("422", "Some fields are not acceptable; `errors` says which and why", &[]);
const THROTTLED: Shared = ("429", "Too many tries", &[RETRY_AFTER]);
const AWAY: Shared = ("503", "The database is away or the server busy", &[RETRY_AFTER]);

response_sets! {
    Body::Document("application/problem+json", "Problem");
    /// What reading may answer.
    ReadProblems = [UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, AWAY];
    /// What reading with parameters in the query may answer.
    QueryProblems = [MALFORMED, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, INVALID, AWAY];
    /// What a change without a body may answer.
    ChangeProblems = [UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, CONFLICT, AWAY];
    /// What a change with a body may answer.
    BodyProblems =
        [MALFORMED, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, CONFLICT, TOO_LARGE, UNSUPPORTED, INVALID, AWAY];
    /// What a question with a body may answer.
    QuestionProblems =
        [MALFORMED, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, TOO_LARGE, UNSUPPORTED, INVALID, AWAY];
    /// What signing in may answer.
    SignInProblems = [MALFORMED, SIGN_IN_FAILED, TOO_LARGE, UNSUPPORTED, INVALID, THROTTLED, AWAY];
    /// What proving again who it is may answer.
    ConfirmationProblems = [MALFORMED, UNAUTHENTICATED, TOO_LARGE, UNSUPPORTED, INVALID, THROTTLED, AWAY];
    /// What signing out may answer.
    SignOutProblems = [UNAUTHENTICATED, AWAY];
}
