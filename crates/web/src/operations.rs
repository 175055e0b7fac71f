//! Health, readiness and metrics, for whoever runs the installation.

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use countersign_persistence::readiness::{self, NotReady};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;

use crate::state::AppState;

/// How long the database may take to answer a readiness probe.
const PATIENCE: Duration = Duration::from_secs(1);

/// From a cached look-up to the longest that a request waits for the database.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The probes; on both servers.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/healthz").route(web::get().to(health)))
        .service(web::resource("/readyz").route(web::get().to(readiness)));
}

/// The figures; only on the server of their own.
pub(crate) fn metrics_route(config: &mut web::ServiceConfig) {
    config.service(web::resource("/metrics").route(web::get().to(metrics)));
}

/// How the process is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "status": "ready" }))]
pub(crate) struct Condition {
    /// `alive`, `ready` or `not ready`.
    status: &'static str,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Condition {
    fn is(status: &'static str) -> Self {
        Self { status, reason: None }
    }
}

/// Tells whether the process lives
///
/// It asks nobody else: a database that is away is no reason to restart the process.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Operations",
    responses((status = 200, description = "It lives", body = Condition))
)]
pub(crate) async fn health() -> HttpResponse {
    HttpResponse::Ok().json(Condition::is("alive"))
}

/// Tells whether requests should come here
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Operations",
    responses(
        (status = 200, description = "They should", body = Condition),
        (status = 503, description = "They should not: the database does not answer as it must", body = Condition)
    )
)]
pub(crate) async fn readiness(state: web::Data<AppState>) -> HttpResponse {
    let answered = tokio::time::timeout(PATIENCE, readiness::check(&state.store)).await;
    match answered.unwrap_or(Err(NotReady::Silent)) {
        Ok(()) => HttpResponse::Ok().json(Condition::is("ready")),
        Err(reason) => {
            tracing::warn!(%reason, "not ready");
            let reason = Some(reason.to_string());
            HttpResponse::ServiceUnavailable().json(Condition { status: "not ready", reason })
        }
    }
}

async fn metrics(state: web::Data<AppState>) -> HttpResponse {
    match &state.metrics {
        Some(metrics) => {
            HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.render())
        }
        None => HttpResponse::NotFound().finish(),
    }
}

/// Makes this process collect figures, once; `None` where another recorder collects them already.
pub(crate) fn install_recorder() -> Option<PrometheusHandle> {
    static INSTALLED: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    INSTALLED
        .get_or_init(|| {
            let builder =
                PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS).ok()?;
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).ok().map(|()| handle)
        })
        .clone()
}
