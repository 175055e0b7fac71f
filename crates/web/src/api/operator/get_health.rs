//! `GET /api/v1/operator/health`

use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;

use crate::WebError;
use crate::api::problem::ReadProblems;
use crate::caller::Operator;
use crate::installation_health::Health;
use crate::state::AppState;

/// How the process that answers and its database are.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct HealthView {
    /// How many checks found a problem.
    problems: usize,
    /// What was looked at.
    checks: Vec<CheckView>,
    /// The database; null if it does not answer.
    database: Option<DatabaseView>,
    /// The version of the program.
    version: &'static str,
    /// Since when the process runs.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// Threads that answer requests.
    workers: usize,
}

/// What was found of one thing.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CheckView {
    /// What was looked at.
    subject: &'static str,
    /// Whether all is well with it.
    passed: bool,
    /// How it is.
    detail: String,
    /// What to do about it; null where nothing is to be done.
    advice: Option<&'static str>,
}

/// The database server.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct DatabaseView {
    /// The version of PostgreSQL.
    version: String,
    /// How long it took to answer, in milliseconds.
    latency_milliseconds: f64,
    /// The size of the database.
    size_bytes: u64,
    /// Connections to the database.
    connections: u32,
    /// The most connections to the server.
    maximum_connections: u32,
}

/// Reads how the installation is
///
/// For probes, `/readyz` is better: it asks for no session.
#[utoipa::path(
    get,
    path = "/api/v1/operator/health",
    tag = "Operator",
    responses((status = 200, description = "What was found", body = HealthView), ReadProblems),
    security(("session" = ["OperateInstallation"]))
)]
pub(crate) async fn get_health(state: web::Data<AppState>, _: Operator) -> Result<HttpResponse, WebError> {
    let health = Health::look(&state).await;
    let problems = health.problems();
    let checks = health.findings.into_iter().map(|finding| CheckView {
        subject: finding.subject,
        passed: finding.advice.is_none(),
        detail: finding.what,
        advice: finding.advice,
    });
    Ok(HttpResponse::Ok().json(HealthView {
        problems,
        checks: checks.collect(),
        database: health.server.map(|server| DatabaseView {
            latency_milliseconds: server.latency.as_secs_f64() * 1000.0,
            version: server.version,
            size_bytes: server.size,
            connections: server.connections,
            maximum_connections: server.most_connections,
        }),
        version: health.version,
        started_at: health.started_at,
        workers: health.workers,
    }))
}
