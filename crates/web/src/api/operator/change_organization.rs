//! `PATCH /api/v1/operator/organizations/{organization}`

use actix_web::{HttpResponse, web};
use countersign_domain::values::{HostName, Note, OrganizationName};
use serde::Deserialize;

use super::view::{OperatedOrganization, existing};
use crate::WebError;
use crate::api::json::{Request, nullable};
use crate::api::problem::BodyProblems;
use crate::api::query::Check;
use crate::caller::OperateInstallation;
use crate::changes::organizations::{self, OrganizationChanges};
use crate::state::AppState;

/// What to change of an organization: what is absent stays.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "suspended": true, "reason": "Contract ended" }))]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct ChangeOrganization {
    /// Its name for people.
    name: Option<String>,
    /// The host name of its own; null takes it away.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    host_name: Option<Option<String>>,
    /// Whether every access to and through it is stopped.
    suspended: Option<bool>,
    /// Why; kept in the organization's journal.
    reason: Option<String>,
}

/// Changes, suspends or resumes an organization
///
/// All of the change is made, or none. A suspension stops its tokens and clients at once; its members can only read.
#[utoipa::path(
    patch,
    path = "/api/v1/operator/organizations/{organization}",
    tag = "Operator",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    request_body = ChangeOrganization,
    responses(
        (status = 200, description = "The organization as it is now", body = OperatedOrganization), BodyProblems
    ),
    security(("session" = ["OperateInstallation"]))
)]
pub(crate) async fn change_organization(
    state: web::Data<AppState>,
    slug: web::Path<String>,
    request: Request<OperateInstallation, ChangeOrganization>,
) -> Result<HttpResponse, WebError> {
    let Request { caller: operator, body } = request;
    let facts = existing(&state, &slug).await?;
    organizations::change(&state, &operator.context(), facts.summary.id, &checked(&body)?).await?;
    let after = existing(&state, &slug).await?;
    Ok(HttpResponse::Ok().json(OperatedOrganization::of(&state, after)))
}

fn checked(body: &ChangeOrganization) -> Result<OrganizationChanges, WebError> {
    let mut check = Check::default();
    let changes = OrganizationChanges {
        name: check.optional("name", body.name.as_deref(), OrganizationName::parse),
        host: check.nullable("host_name", body.host_name.as_ref(), HostName::parse),
        suspended: body.suspended,
        reason: check.optional("reason", body.reason.as_deref(), Note::parse),
    };
    check.finish()?;
    Ok(changes)
}
