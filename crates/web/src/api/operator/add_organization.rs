//! `POST /api/v1/operator/organizations`

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use countersign_domain::values::{EmailAddress, Note, OrganizationName, PersonName, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::view::{OperatedOrganization, existing};
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::api::query::Check;
use crate::caller::OperateInstallation;
use crate::changes::organizations::{self, NewOrganization};
use crate::state::AppState;

/// An organization to begin.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "slug": "acme", "name": "Acme Energy", "owner": { "email": "ada@acme.example", "name": "Ada Adler" }
}))]
pub(crate) struct AddOrganization {
    /// Its name in URLs: lower-case letters, digits and hyphens. It can't be changed later.
    slug: String,
    /// Its name for people.
    name: String,
    /// Who is its first owner.
    #[serde(default)]
    owner: Option<FirstOwner>,
    /// Why; kept in the organization's journal.
    #[serde(default)]
    reason: Option<String>,
}

/// The first owner of an organization.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstOwner {
    /// By which the person signs in.
    email: String,
    /// What the person is called.
    name: String,
}

/// A new organization.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AddedOrganization {
    #[serde(flatten)]
    organization: OperatedOrganization,
    /// Signs the first owner in, once; only now. Null without an owner.
    sign_in_link: Option<String>,
    /// Until when the link works.
    #[schema(value_type = Option<String>, format = DateTime)]
    sign_in_link_expires_at: Option<Timestamp>,
}

/// Begins an organization
#[utoipa::path(
    post,
    path = "/api/v1/operator/organizations",
    tag = "Operator",
    request_body = AddOrganization,
    responses((
        status = 201, description = "The organization, with the sign-in link of its first owner, which is shown only now",
        body = AddedOrganization, headers(("Location" = String, description = "Where the organization is"))
    ), BodyProblems),
    security(("session" = ["OperateInstallation"]))
)]
pub(crate) async fn add_organization(
    state: web::Data<AppState>,
    request: Request<OperateInstallation, AddOrganization>,
) -> Result<HttpResponse, WebError> {
    let Request { caller: operator, body } = request;
    let new = checked(&body)?;
    let link = organizations::create(&state, &operator.context(), &new).await?;
    let facts = existing(&state, new.slug.as_str()).await?;
    let location = format!("/api/v1/operator/organizations/{}", new.slug);
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(AddedOrganization {
        organization: OperatedOrganization::of(&state, facts),
        sign_in_link_expires_at: link.as_ref().map(|link| link.expires_at),
        sign_in_link: link.map(|link| link.href),
    }))
}

fn checked(body: &AddOrganization) -> Result<NewOrganization, WebError> {
    let mut check = Check::default();
    let slug = check.parse("slug", &body.slug, Slug::parse);
    let name = check.parse("name", &body.name, OrganizationName::parse);
    let owner = body.owner.as_ref().and_then(|owner| {
        let email = check.parse("owner.email", &owner.email, EmailAddress::parse);
        let name = check.parse("owner.name", &owner.name, PersonName::parse);
        email.zip(name)
    });
    let reason = check.optional("reason", body.reason.as_deref(), Note::parse);
    check.finish()?;
    let (Some(slug), Some(name)) = (slug, name) else { return Err(WebError::Internal) };
    Ok(NewOrganization { slug, name, owner, reason })
}
