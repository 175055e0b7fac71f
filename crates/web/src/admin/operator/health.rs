//! How the installation is, check by check.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::health::{Finding, ServerFacts, milliseconds};
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::{Frame, Section, html};
use crate::WebError;
use crate::caller::Operator;
use crate::installation_health::Health;
use crate::state::AppState;

#[derive(Serialize)]
struct HealthPage {
    page: Frame,
    problems: usize,
    checks: Vec<CheckLine>,
    server: Option<ServerLine>,
    version: &'static str,
    started_at: Timestamp,
    started_unix: i64,
    workers: usize,
    address: String,
}

#[derive(Serialize)]
struct CheckLine {
    name: String,
    passed: bool,
    detail: String,
    todo: Option<String>,
}

#[derive(Serialize)]
struct ServerLine {
    version: String,
    latency: String,
    size: String,
    connections: u32,
    most_connections: u32,
}

/// `GET /operator/health`
pub(in crate::admin) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    operator: Operator,
) -> Result<HttpResponse, WebError> {
    let health = Health::look(&state).await;
    let page = Frame::load(&state, &request, &operator, Section::Health).await?;
    let view = HealthPage {
        problems: health.problems(),
        checks: health.findings.iter().map(CheckLine::of).collect(),
        server: health.server.map(ServerLine::of),
        version: health.version,
        started_at: health.started_at,
        started_unix: health.started_at.as_second(),
        workers: health.workers,
        address: state.base_url.clone(),
        page,
    };
    html(&state, StatusCode::OK, "operator-health", &view)
}

impl CheckLine {
    fn of(finding: &Finding) -> Self {
        Self {
            name: crate::error::sentence(finding.subject),
            passed: finding.advice.is_none(),
            detail: crate::error::sentence(&finding.what),
            todo: finding.advice.map(crate::error::sentence),
        }
    }
}

impl ServerLine {
    fn of(facts: ServerFacts) -> Self {
        Self {
            latency: milliseconds(facts.latency),
            version: facts.version,
            size: megabytes(facts.size),
            connections: facts.connections,
            most_connections: facts.most_connections,
        }
    }
}

/// A size in MB, to a tenth.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_megabytes() {
        assert_eq!([0, 99_999, 12_345_678].map(megabytes), ["0.0 MB", "0.0 MB", "12.3 MB"]);
    }
}
