//! `countersign dev`: everything on one machine, with demo data, in one process and its private PostgreSQL.

mod demo;
mod files;
mod ready;
mod seed;
mod welcome;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use countersign_domain::organization::OPERATORS_SLUG;
use countersign_domain::{MemberId, OrganizationId};
use countersign_persistence::private_postgres::{DatabaseUrls, Options, PrivatePostgres, default_data_dir};
use countersign_persistence::{Store, migrate};
use countersign_web::WebOptions;
use jiff::SignedDuration;
use url::Url;

use crate::cli::DevArguments;
use crate::commands::sign_in_link;
use crate::config::Configuration;
use crate::error::CommandError;
use crate::operator::check_database;
use crate::private_file;
use crate::running::{self, StopSignals};

use demo::Demo;
use files::Files;
use ready::ReadyOperator;

/// The variable that names a database to use instead of a private one.
const DATABASE_VARIABLE: &str = "DATABASE_URL";
/// As whom `serve` logs in to a database that was given.
const SERVE_ROLE: &str = "countersign_serve";
/// For how long the printed sign-in link can be used.
const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// Starts everything, says so, and serves until told to stop.
pub async fn run(configuration: Configuration, arguments: DevArguments) -> Result<(), CommandError> {
    let signals = StopSignals::listen()?;
    if let Some(file) = &arguments.ready_file {
        // Whoever waits for it must not find that of an earlier run.
        private_file::remove(file)?;
    }
    let files = Files::new(arguments.data_dir.clone().unwrap_or_else(default_data_dir));
    let mut database = Database::start(&files, arguments.fresh).await?;
    let result = match database.prepare(&files).await {
        Ok(urls) => serve(&configuration, &arguments, &files, urls, signals).await,
        Err(error) => Err(error),
    };
    let stopped = database.stop().await;
    result.and(stopped)
}

async fn serve(
    configuration: &Configuration,
    arguments: &DevArguments,
    files: &Files,
    urls: DatabaseUrls,
    signals: StopSignals,
) -> Result<(), CommandError> {
    check_database(&urls.serve).await?;
    let store = Store::open(&urls.serve, files.master_keys()?, &configuration.store_options())?;
    let mut demo = Demo::load_or_create(files)?;
    let mut organizations = Vec::new();
    for index in 0..demo.organizations.len() {
        organizations.push(seed::ensure(&store, files, &mut demo, index).await?);
    }
    let operator = seed::ensure_operator(&store, files, &mut demo).await?;
    let server = running::start(&store, web_options(configuration, arguments.port)).await?;
    let base_url = server.base_url().to_owned();
    files.write_configuration(&base_url, &urls)?;
    let sign_in_url = owner_link(&store, &base_url, &demo, &organizations).await?;
    let mut ready = ready::describe(&base_url, &urls.serve, &sign_in_url, server.metrics_url(), &demo, &organizations);
    if let Some((operator, member)) = &operator {
        let sign_in_url = sign_in_link(
            &store,
            &base_url,
            OPERATORS_SLUG,
            &crate::operator::context(operator.id, None),
            *member,
            LINK_LIFETIME,
        )
        .await?;
        ready.operator = Some(ReadyOperator { login: &operator.login, sign_in_url });
    }
    if let Some(file) = &arguments.ready_file {
        private_file::write(file, &ready::to_json(&ready)?)?;
    }
    welcome::print(&ready, files);
    let patience = Duration::from_secs(configuration.server.shutdown_seconds as u64);
    running::until_stopped(server, &store, signals, patience).await
}

/// Everything on the loopback address, whatever is configured.
fn web_options(configuration: &Configuration, port: u16) -> WebOptions {
    let on_loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    WebOptions {
        listen: on_loopback(port),
        metrics_listen: Some(on_loopback(0)),
        base_url: None,
        workers: configuration.workers(),
        development: true,
        trusted_proxies: Vec::new(),
    }
}

/// A demo organization in the database.
#[derive(Debug, Clone)]
pub struct Seeded {
    organization: OrganizationId,
    owner: MemberId,
    third_party: countersign_domain::ThirdPartyId,
}

async fn owner_link(store: &Store, base_url: &str, demo: &Demo, seeded: &[Seeded]) -> Result<String, CommandError> {
    let (Some(shown), Some(seeded)) = (demo.organizations.first(), seeded.first()) else { return Ok(String::new()) };
    let context = crate::operator::context(seeded.organization, None);
    sign_in_link(store, base_url, &shown.slug, &context, seeded.owner, LINK_LIFETIME).await
}

/// The database: a private server, or one that was given.
enum Database {
    Private(PrivatePostgres),
    Given(String),
}

impl Database {
    async fn start(files: &Files, fresh: bool) -> Result<Self, CommandError> {
        let given = std::env::var(DATABASE_VARIABLE).ok().filter(|url| !url.is_empty());
        match given {
            Some(_) if fresh => Err(CommandError::FreshForeignDatabase),
            Some(url) => {
                files.create_directory()?;
                Ok(Self::Given(url))
            }
            None => {
                let options = Options { data_dir: files.directory().to_owned(), fresh };
                let postgres = PrivatePostgres::start(options).await?;
                if fresh {
                    // Only now: the server holds the lock of the directory.
                    files.remove_all()?;
                }
                Ok(Self::Private(postgres))
            }
        }
    }

    /// Brings the database to this program's version, and answers how it is reached in each of its roles.
    async fn prepare(&self, files: &Files) -> Result<DatabaseUrls, CommandError> {
        match self {
            Self::Private(postgres) => {
                migrate::migrate(&postgres.owner_url()).await?;
                Ok(DatabaseUrls { owner: postgres.owner_url(), serve: postgres.serve_url() })
            }
            Self::Given(owner) => {
                migrate::migrate(owner).await?;
                let password = files.serve_password()?;
                migrate::make_serve_login(owner, &password).await?;
                let serve = with_login(owner, SERVE_ROLE, &password).ok_or(CommandError::DatabaseAddress)?;
                Ok(DatabaseUrls { owner: owner.clone(), serve })
            }
        }
    }

    async fn stop(&mut self) -> Result<(), CommandError> {
        match self {
            Self::Private(postgres) => Ok(postgres.stop().await?),
            Self::Given(_) => Ok(()),
        }
    }
}

/// The same database under another login.
fn with_login(url: &str, user: &str, password: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    url.set_username(user).ok()?;
    url.set_password(Some(password)).ok()?;
    Some(url.into())
}
