//! Binding, wiring and stopping the HTTP servers.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::{App, HttpServer, middleware::Compress, web};
use countersign_persistence::{Store, jobs};
use tokio::task::JoinHandle;

use crate::middleware::{Audience, accompany};
use crate::state::AppState;
use crate::{admin, api, assets, oauth, operations};

/// How long a stopping server waits for requests that are under way, in seconds.
const SHUTDOWN_SECONDS: u64 = 30;
/// How many jobs are worked on at once.
const JOB_WORKERS: usize = 2;
/// The longest request head and body that are read, in bytes.
pub(crate) const BODY_LIMIT: usize = 256 * 1024;

/// How to serve.
#[derive(Debug, Clone)]
pub struct WebOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where health and metrics are served; nowhere if `None`.
    pub metrics_listen: Option<SocketAddr>,
    /// The address under which people and clients reach this server, without a slash at the end; the bound address if
    /// `None`.
    pub base_url: Option<String>,
    /// Worker threads.
    pub workers: usize,
    /// Whether this is `countersign dev`.
    pub development: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// The servers at work.
pub struct RunningServer {
    base_url: String,
    metrics_url: Option<String>,
    handles: Vec<actix_web::dev::ServerHandle>,
    servers: Vec<JoinHandle<io::Result<()>>>,
    state: web::Data<AppState>,
    background: Vec<JoinHandle<()>>,
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.background.iter().for_each(JoinHandle::abort);
    }
}

/// Stops the servers from elsewhere.
#[derive(Clone)]
pub struct ServerHandle {
    servers: Vec<actix_web::dev::ServerHandle>,
    state: web::Data<AppState>,
}

impl ServerHandle {
    /// Stops accepting, finishes the requests under way, puts on the record what was only counted so far, and returns.
    pub async fn stop(&self) {
        for server in &self.servers {
            server.stop(true).await;
        }
        self.state.failed_attempts.record_all(&self.state.store).await;
    }
}

impl RunningServer {
    /// The address under which people and clients reach this server.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the metrics are.
    pub fn metrics_url(&self) -> Option<&str> {
        self.metrics_url.as_deref()
    }

    /// What stops the servers.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { servers: self.handles.clone(), state: self.state.clone() }
    }

    /// Waits until the servers have stopped.
    pub async fn wait(mut self) -> io::Result<()> {
        for server in std::mem::take(&mut self.servers) {
            server.await.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

/// Binds and starts. Signals are the caller's.
pub async fn serve(store: Store, options: WebOptions) -> io::Result<RunningServer> {
    let listener = TcpListener::bind(options.listen)?;
    let base_url = options.base_url.clone().unwrap_or(format!("http://{}", listener.local_addr()?));
    let metrics_listener = options.metrics_listen.map(TcpListener::bind).transpose()?;
    let metrics_url = metrics_listener
        .as_ref()
        .map(|listener| listener.local_addr().map(|address| format!("http://{address}/metrics")))
        .transpose()?;
    let state = web::Data::new(AppState::new(store, &base_url, &options).map_err(io::Error::other)?);

    let mut handles = Vec::new();
    let mut servers = Vec::new();
    let main_state = state.clone();
    let main = HttpServer::new(move || {
        App::new().app_data(main_state.clone()).wrap(actix_web::middleware::from_fn(accompany)).configure(routes)
    })
    .workers(options.workers.max(1))
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(listener)?
    .run();
    handles.push(main.handle());
    servers.push(tokio::spawn(main));
    if let Some(listener) = metrics_listener {
        let operations_state = state.clone();
        let operations = HttpServer::new(move || {
            App::new()
                .app_data(operations_state.clone())
                .configure(operations::routes)
                .configure(operations::metrics_route)
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        handles.push(operations.handle());
        servers.push(tokio::spawn(operations));
    }
    let mut background = vec![tokio::spawn(do_chores(state.clone()))];
    background.extend((0..JOB_WORKERS).map(|_| tokio::spawn(jobs::work(state.store.clone()))));
    Ok(RunningServer { base_url, metrics_url, handles, servers, state, background })
}

/// What is to be done once a minute.
async fn do_chores(state: web::Data<AppState>) {
    let mut minute = tokio::time::interval(Duration::from_mins(1));
    loop {
        minute.tick().await;
        state.failed_attempts.record_past_minutes(&state.store).await;
        if let Some(metrics) = &state.metrics {
            metrics.run_upkeep();
        }
    }
}

/// Every route of the main server.
fn routes(config: &mut web::ServiceConfig) {
    config
        // First what is asked most. Its answers are too short to gain by compression.
        .service(web::scope("/t/{org}").app_data(Audience::OAuth).configure(oauth::routes))
        .configure(operations::routes)
        .configure(assets::routes)
        .service(web::scope("/api").app_data(Audience::Api).wrap(Compress::default()).configure(api::routes))
        .configure(oauth::routes)
        .service(web::scope("/.well-known").app_data(Audience::OAuth).configure(oauth::well_known_routes))
        .service(web::scope("").app_data(Audience::Page).wrap(Compress::default()).configure(admin::routes));
}
