//! `GET /api/v1/orgs/{org}/organization`

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::problem::ReadProblems;
use crate::WebError;
use crate::caller::{ApiCaller, UseOwnProfile};
use crate::state::AppState;

/// An organization.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "slug": "acme", "name": "Acme Energy", "issuer": "https://access.example.com/t/acme", "suspended": false,
    "maximum_token_months": 24
}))]
pub(crate) struct OrganizationView<'a> {
    /// Its name in URLs.
    slug: &'a str,
    /// Its name for people.
    name: &'a str,
    /// Its issuer identifier, under which its OAuth endpoints are.
    issuer: String,
    /// Whether the operator suspended it.
    suspended: bool,
    /// The longest life of a manual token, in calendar months.
    maximum_token_months: u16,
}

/// Reads the organization
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/organization",
    tag = "Organization",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "The organization", body = OrganizationView), ReadProblems),
    security(("session" = ["UseOwnProfile"]))
)]
pub(crate) async fn get_organization(
    state: web::Data<AppState>,
    caller: ApiCaller<UseOwnProfile>,
) -> Result<HttpResponse, WebError> {
    let organization = &caller.organization;
    Ok(HttpResponse::Ok().json(OrganizationView {
        slug: &organization.slug,
        name: &organization.name,
        issuer: state.issuer(organization),
        suspended: organization.suspended,
        maximum_token_months: organization.maximum_token_months,
    }))
}
