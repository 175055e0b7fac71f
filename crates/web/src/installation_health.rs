//! How this process and its database are, for those who run the installation.

use std::time::Duration;

use countersign_persistence::StoreError;
use countersign_persistence::health::{self, Finding, ServerFacts};
use jiff::Timestamp;

use crate::state::AppState;

/// How long the database may take for one check. The page is most wanted when it doesn't answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What there is to know.
pub(crate) struct Health {
    pub findings: Vec<Finding>,
    pub server: Option<ServerFacts>,
    pub version: &'static str,
    pub started_at: Timestamp,
    pub workers: usize,
}

impl Health {
    /// Looks at everything.
    pub async fn look(state: &AppState) -> Self {
        let silent = |_| Err(StoreError::Unavailable("it did not answer in time".to_owned()));
        let asked = tokio::time::timeout(PATIENCE, health::server_facts(&state.store)).await;
        let server = asked.unwrap_or_else(silent);
        let mut findings = health::look_at_server(&server);
        if server.is_ok() {
            findings.push(health::look_at_version(&state.store).await);
            findings.push(health::look_at_sealed_values(&state.store).await);
        }
        findings.push(health::look_at_directory(&state.store));
        findings.push(health::look_at_journal(&state.store));
        Self {
            findings,
            server: server.ok(),
            version: env!("CARGO_PKG_VERSION"),
            started_at: state.started_at,
            workers: state.workers,
        }
    }

    /// How many checks found a problem.
    pub fn problems(&self) -> usize {
        self.findings.iter().filter(|finding| finding.advice.is_some()).count()
    }
}
