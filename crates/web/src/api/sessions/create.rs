//! `POST /api/v1/sessions`: signing in.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::Role;
use countersign_persistence::sign_in::Candidate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::WebError;
use crate::api::json::Json;
use crate::api::problem::SignInProblems;
use crate::changes::sign_in::{self, Origin, SignedIn};
use crate::state::AppState;

/// Who signs in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "ada@acme.example", "password": "correct horse battery staple" }))]
pub(crate) struct NewSession {
    /// The member's e-mail address.
    email: String,
    /// The member's password.
    #[schema(format = Password)]
    password: String,
    /// The 6 digits that the member's authenticator app shows now, or a recovery code; for who switched sign-in codes on.
    #[schema(format = Password)]
    code: Option<String>,
    /// The slug of the only organization to sign in to; by default every one in which the password fits.
    organization: Option<String>,
}

/// A session that has begun.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "session_token": "cs_ss_…", "expires_at": "2026-11-21T02:05:00Z",
    "organizations": [{ "slug": "acme", "name": "Acme Energy", "role": "admin" }]
}))]
pub(crate) struct Session {
    /// To be sent as `Authorization: Bearer …`. Shown only now.
    session_token: String,
    /// When the session ends at the latest; an hour without use ends it too.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Where the session is valid.
    organizations: Vec<Membership>,
}

/// An organization in which a person is a member.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Membership {
    /// The organization's name in URLs.
    slug: String,
    /// The organization's name for people.
    name: String,
    /// What the member may do there.
    #[schema(value_type = String, examples("owner", "admin", "developer", "auditor"))]
    role: Role,
}

impl From<Candidate> for Membership {
    fn from(member: Candidate) -> Self {
        Self { slug: member.slug, name: member.organization_name, role: member.role }
    }
}

/// Signs in
///
/// Where the member switched sign-in codes on, and `code` is missing, the problem is `/problems/code-needed`. After five
/// failures in a row every further one costs a longer wait.
#[utoipa::path(
    post,
    path = "/api/v1/sessions",
    tag = "Sessions",
    request_body = NewSession,
    responses((status = 201, description = "The session has begun", body = Session), SignInProblems)
)]
pub(crate) async fn create_session(
    state: web::Data<AppState>,
    request: HttpRequest,
    Json(new): Json<NewSession>,
) -> Result<HttpResponse, WebError> {
    let NewSession { email, password, code, organization } = new;
    let (code, organization) = (code.as_deref(), organization.as_deref());
    let SignedIn { secret, expires_at, memberships } =
        sign_in::by_password_and_code(&state, &Origin::of(&request), &email, &password, code, organization).await?;
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(Session {
        session_token: secret.expose().to_owned(),
        expires_at,
        organizations: memberships.into_iter().map(Membership::from).collect(),
    }))
}
