//! A private PostgreSQL server, for `countersign dev` and the tests.
//!
//! It uses the system's PostgreSQL programs, keeps everything in one data directory, listens on a Unix socket only, and
//! is as durable as a server in production. It runs as an unprivileged user when started by root, and ends when the
//! process that started it ends, however that happens.

mod account;
mod cluster;
mod credentials;
mod data_dir;
mod database;
mod error;
mod locate;
mod process;
mod server;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_postgres::{Client, Config};

use account::Account;
use credentials::Credentials;
use data_dir::DataDir;
use server::Server;

pub use data_dir::default_data_dir;
pub use database::DatabaseUrls;
pub use error::PrivatePostgresError;
pub use locate::locate;

/// How long the backends of a killed server may take to notice that it is gone.
const UNTIL_ORPHANS_ENDED: Duration = Duration::from_secs(30);

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server keeps its files; created if need be.
    pub data_dir: PathBuf,
    /// Whether to remove an earlier server's data first.
    pub fresh: bool,
}

impl Options {
    /// A server that continues with what is in `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), fresh: false }
    }

    /// The same, but starting from nothing.
    #[must_use]
    pub fn fresh(self) -> Self {
        Self { fresh: true, ..self }
    }
}

/// A running private server. Dropping it stops it.
pub struct PrivatePostgres {
    // Before the data directory, so that it has stopped when the directory is unlocked.
    server: Option<Server>,
    account: Account,
    bin_dir: PathBuf,
    credentials: Credentials,
    socket_dir: PathBuf,
    data_dir: DataDir,
}

impl PrivatePostgres {
    /// Starts the server and waits until it accepts connections, with the roles and the database `countersign` in it.
    pub async fn start(options: Options) -> Result<Self, PrivatePostgresError> {
        let path = options.data_dir.clone();
        let mut postgres = spawn_blocking(move || Self::prepare(&options))
            .await
            .map_err(io::Error::from)
            .map_err(PrivatePostgresError::io("prepare", &path))??;
        postgres.launch().await?;
        Ok(postgres)
    }

    /// Everything up to the start of the server process.
    fn prepare(options: &Options) -> Result<Self, PrivatePostgresError> {
        let bin_dir = locate()?;
        let account = Account::choose()?;
        account.check_reach(&bin_dir)?;
        let data_dir = DataDir::open(&options.data_dir)?;
        cluster::wait_for_predecessor(&data_dir)?;
        if options.fresh {
            data_dir.clear()?;
        }
        let credentials_file = data_dir.credentials();
        let kept = Credentials::load(&credentials_file)?;
        let cluster = data_dir.cluster();
        let credentials = if cluster.exists() {
            // The data may come from a start as another user.
            account.own(&cluster)?;
            account.check_reach(&cluster)?;
            kept.ok_or(PrivatePostgresError::CredentialsLost(credentials_file))?
        } else {
            let credentials = kept.map_or_else(|| Credentials::create(&credentials_file), Ok)?;
            tracing::info!(directory = %cluster.display(), "creating a private PostgreSQL cluster");
            cluster::create(&data_dir, &bin_dir, &account, &credentials.superuser)?;
            credentials
        };
        let socket_dir = data_dir.socket_dir(&account)?;
        Ok(Self { server: None, account, bin_dir, credentials, socket_dir, data_dir })
    }

    /// Starts the process. The backends of a killed server hold its shared memory until they notice; until then a new
    /// server refuses to start, rightly, and is started again.
    async fn launch(&mut self) -> Result<(), PrivatePostgresError> {
        let started = Instant::now();
        loop {
            match self.try_launch().await {
                Err(PrivatePostgresError::EndedEarly { log, .. })
                    if log.contains("pre-existing shared memory block") && started.elapsed() < UNTIL_ORPHANS_ENDED =>
                {
                    sleep(Duration::from_millis(20)).await;
                }
                other => return other,
            }
        }
    }

    async fn try_launch(&mut self) -> Result<(), PrivatePostgresError> {
        let started = Instant::now();
        let mut server = Server::launch(&self.bin_dir, &self.account, &self.data_dir, &self.socket_dir)?;
        let client = server.wait_until_ready(&self.superuser_config(), &self.data_dir).await?;
        database::ensure_defaults(&client, &self.credentials).await?;
        tracing::info!(pid = server.pid(), elapsed = ?started.elapsed(), "private PostgreSQL is ready");
        self.server = Some(server);
        Ok(())
    }

    /// The URL of the database `countersign` for its owner, who runs the migrations. It contains the password.
    pub fn owner_url(&self) -> String {
        self.database(database::DATABASE).owner
    }

    /// The URL of the database `countersign` for a serving process. It contains the password.
    pub fn serve_url(&self) -> String {
        self.database(database::DATABASE).serve
    }

    /// The URLs of a database that [`Self::create_database`] made.
    pub fn database(&self, name: &str) -> DatabaseUrls {
        DatabaseUrls::new(&self.socket_dir, &self.credentials, name)
    }

    /// Makes another database with the same owner, unless there is one of that name.
    pub async fn create_database(&self, name: &str) -> Result<DatabaseUrls, PrivatePostgresError> {
        let client = self.superuser().await?;
        database::ensure_database(&client, name).await?;
        Ok(self.database(name))
    }

    /// The process id of the server, while it is meant to run.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Server::pid)
    }

    /// Stops the server cleanly (PostgreSQL's fast shutdown) and waits for its end.
    pub async fn stop(&mut self) -> Result<(), PrivatePostgresError> {
        if let Some(server) = &mut self.server {
            server.stop().await?;
            self.server = None;
        }
        Ok(())
    }

    /// Kills the server with SIGKILL, as a crash would; [`Self::restart`] then recovers. For tests of faults.
    pub async fn kill_server(&mut self) -> Result<(), PrivatePostgresError> {
        if let Some(server) = &mut self.server {
            server.kill().await?;
            self.server = None;
        }
        Ok(())
    }

    /// Stops the server if it runs, and starts it again. The URLs stay the same.
    pub async fn restart(&mut self) -> Result<(), PrivatePostgresError> {
        self.stop().await?;
        self.data_dir.socket_dir(&self.account)?;
        self.launch().await
    }

    pub(crate) async fn superuser(&self) -> Result<Client, PrivatePostgresError> {
        Ok(database::connect(&self.superuser_config()).await?)
    }

    fn superuser_config(&self) -> Config {
        let mut config = Config::new();
        config
            .host_path(&self.socket_dir)
            .user(cluster::SUPERUSER)
            .password(&self.credentials.superuser)
            .dbname("postgres");
        config
    }
}
