//! `countersign serve`

use std::time::Duration;

use countersign_persistence::migrate;
use countersign_web::WebOptions;

use crate::config::Configuration;
use crate::error::CommandError;
use crate::operator::open_store;
use crate::running::{self, StopSignals};

/// Serves until told to stop.
pub async fn run(configuration: &Configuration, migrate_first: bool) -> Result<(), CommandError> {
    let signals = StopSignals::listen()?;
    if migrate_first {
        migrate::migrate(configuration.owner_url()?).await?;
    }
    migrate::check(configuration.database_url()?).await?;
    let store = open_store(configuration)?;
    let server = running::start(&store, web_options(configuration)).await?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), address = server.base_url(), "ready");
    let patience = Duration::from_secs(configuration.server.shutdown_seconds as u64);
    running::until_stopped(server, &store, signals, patience).await
}

fn web_options(configuration: &Configuration) -> WebOptions {
    let server = &configuration.server;
    WebOptions {
        listen: server.listen,
        metrics_listen: server.metrics_listen,
        base_url: server.base_url.as_ref().map(|url| url.as_str().to_owned()),
        workers: configuration.workers(),
        development: false,
        trusted_proxies: server.trusted_proxies.clone(),
    }
}
