//! `POST /api/v1/orgs/{org}/members`

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, web};
use countersign_domain::Role;
use countersign_domain::values::{EmailAddress, PersonName};
use serde::{Deserialize, Serialize};

use super::view::{MemberDetail, SignInLinkView, detail};
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::api::query::Check;
use crate::caller::ManageMembers;
use crate::changes::members::{self, NewMember};
use crate::state::AppState;

/// A member to be added.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "grace@acme.example", "name": "Grace Hopper", "role": "admin" }))]
pub(crate) struct AddMember {
    /// By what the member signs in, unique in the organization.
    #[schema(format = Email)]
    email: String,
    /// What the member is called.
    name: String,
    /// `owner`, `admin`, `developer` or `auditor`.
    #[schema(pattern = "^(owner|admin|developer|auditor)$")]
    role: String,
}

/// A member that was added, with a link to sign in by.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AddedMember {
    /// The member.
    #[serde(flatten)]
    member: MemberDetail,
    /// The link that signs the member in, once.
    #[serde(flatten)]
    link: SignInLinkView,
}

/// Adds a member
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/members",
    tag = "Members",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body = AddMember,
    responses(
        (status = 201, description = "The member was added; the sign-in link is shown only now", body = AddedMember,
            headers(("Location" = String, description = "Where the member is"))),
        BodyProblems
    ),
    security(("session" = ["ManageMembers"]))
)]
pub(crate) async fn add_member(
    state: web::Data<AppState>,
    request: Request<ManageMembers, AddMember>,
) -> Result<HttpResponse, WebError> {
    let Request { caller, body } = request;
    let organization = &caller.organization;
    let (id, link) = members::add(&state, &caller.context(), organization, checked(&body)?).await?;
    let member = detail(&state.store, organization.id, id).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/orgs/{}/members/{id}", organization.slug)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(AddedMember { member, link: link.into() }))
}

fn checked(body: &AddMember) -> Result<NewMember, WebError> {
    let mut check = Check::default();
    let email = check.parse("email", &body.email, EmailAddress::parse);
    let name = check.parse("name", &body.name, PersonName::parse);
    let role = check.parse("role", &body.role, str::parse::<Role>);
    check.finish()?;
    let (Some(email), Some(name), Some(role)) = (email, name, role) else { return Err(WebError::Internal) };
    Ok(NewMember { email, name, role })
}
