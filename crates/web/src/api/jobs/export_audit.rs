//! `POST /api/v1/orgs/{org}/audit/exports`

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use countersign_domain::InvalidValue;
use countersign_domain::organization::ExportFormat;
use countersign_persistence::jobs;
use countersign_persistence::queries::audit::AuditFilter;
use serde::Deserialize;

use super::view::JobView;
use crate::WebError;
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::api::query::{Check, identifier, instant};
use crate::caller::ReadAudit;
use crate::job_result::existing;
use crate::state::AppState;

/// Which entries to export, and as what. The filters are those of the list.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "format": "csv", "event": "TokenIssued", "from": "2026-01-01T00:00:00Z" }))]
pub(crate) struct ExportAudit {
    /// `csv` or `ndjson`.
    #[schema(pattern = "^(csv|ndjson)$")]
    format: String,
    /// A part of the event's type or the record's text, or of the name of a third party, client or member concerned.
    q: Option<String>,
    /// Who did it: a part of a name, an e-mail address or a Client ID, or `member`, `client`, `system`, `operator`.
    actor: Option<String>,
    /// The event's type.
    event: Option<String>,
    /// The third party concerned.
    #[schema(value_type = Option<uuid::Uuid>)]
    third_party: Option<String>,
    /// The client concerned, by the id of its record.
    #[schema(value_type = Option<uuid::Uuid>)]
    client: Option<String>,
    /// The token concerned, by its id.
    #[schema(value_type = Option<uuid::Uuid>)]
    token: Option<String>,
    /// The member concerned.
    #[schema(value_type = Option<uuid::Uuid>)]
    member: Option<String>,
    /// False leaves out what clients do by themselves.
    routine: Option<bool>,
    /// The first instant.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// The instant before which the last one lies.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// Exports the timeline
///
/// What is filtered is written down as it stands now, oldest first, by a job. That it was asked for is on the record.
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/audit/exports",
    tag = "Audit",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body = ExportAudit,
    responses((
        status = 202, description = "The job that writes it", body = JobView,
        headers(("Location" = String, description = "Where the job is"))
    ), BodyProblems),
    security(("session" = ["ReadAudit"]))
)]
pub(crate) async fn export_audit(
    state: web::Data<AppState>,
    request: Request<ReadAudit, ExportAudit>,
) -> Result<HttpResponse, WebError> {
    let Request { caller, body } = request;
    let (format, filter) = checked(body)?;
    let organization = &caller.organization;
    let id = jobs::request_audit_export(&state.store, &caller.context(), format, &filter).await?;
    let job = existing(&state, organization.id, id).await?;
    let location = format!("/api/v1/orgs/{}/jobs/{id}", organization.slug);
    Ok(HttpResponse::Accepted().insert_header((LOCATION, location)).json(JobView::from(job)))
}

fn checked(body: ExportAudit) -> Result<(ExportFormat, AuditFilter), WebError> {
    let mut check = Check::default();
    let format = check.parse("format", &body.format, format);
    let filter = AuditFilter {
        third_party: check.optional("third_party", body.third_party.as_deref(), identifier),
        client: check.optional("client", body.client.as_deref(), identifier),
        token: check.optional("token", body.token.as_deref(), identifier),
        member: check.optional("member", body.member.as_deref(), identifier),
        from: check.optional("from", body.from.as_deref(), instant),
        until: check.optional("until", body.until.as_deref(), instant),
        text: body.q,
        actor: body.actor,
        event_type: body.event,
        stream: None,
        without_routine: body.routine == Some(false),
    };
    check.finish()?;
    Ok((format.ok_or(WebError::Internal)?, filter))
}

fn format(text: &str) -> Result<ExportFormat, InvalidValue> {
    let found = ExportFormat::ALL.into_iter().find(|format| format.as_str() == text);
    found.ok_or(InvalidValue("Choose csv or ndjson".into()))
}
