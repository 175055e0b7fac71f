//! The configuration: `config/default.toml`, overridden by a file, overridden by variables.

mod error;
mod load;
mod mask;
mod nearest;
#[cfg(test)]
mod tests;
mod values;

use std::net::{IpAddr, SocketAddr};

use countersign_persistence::StoreOptions;
use countersign_persistence::directory::DirectoryOptions;
use countersign_persistence::journal::JournalOptions;
use serde::Deserialize;

pub use error::ConfigError;
pub use load::{Loaded, load};
pub use values::{Confidential, LogFilter, LogFormat};

use values::{list, number, optional, written};

/// The manual of the configuration, and its defaults.
pub const DEFAULT: &str = include_str!("../../../../config/default.toml");

/// Everything that can be configured. What each key means stands in `config/default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub server: Server,
    pub database: Database,
    pub journal: Journal,
    pub directory: Directory,
    pub sealing: Sealing,
    pub logging: Logging,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    #[serde(deserialize_with = "written")]
    pub listen: SocketAddr,
    #[serde(deserialize_with = "optional")]
    pub base_url: Option<values::BaseUrl>,
    #[serde(deserialize_with = "optional")]
    pub metrics_listen: Option<SocketAddr>,
    #[serde(deserialize_with = "number::<_, 0, 1024>")]
    pub workers: usize,
    #[serde(deserialize_with = "list")]
    pub trusted_proxies: Vec<IpAddr>,
    #[serde(deserialize_with = "number::<_, 0, 30>")]
    pub shutdown_seconds: usize,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: Confidential,
    pub owner_url: Confidential,
    #[serde(deserialize_with = "number::<_, 1, 1000>")]
    pub pool_size: usize,
}

/// `[journal]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    #[serde(deserialize_with = "number::<_, 1, 64>")]
    pub lanes: usize,
    #[serde(deserialize_with = "number::<_, 1, 10_000>")]
    pub batch: usize,
    #[serde(deserialize_with = "number::<_, 1, 1_000_000>")]
    pub waiting: usize,
}

/// `[directory]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    #[serde(deserialize_with = "number::<_, 1, 100_000_000>")]
    pub tokens: usize,
    #[serde(deserialize_with = "number::<_, 1, 100_000_000>")]
    pub others: usize,
}

/// `[sealing]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealing {
    #[serde(deserialize_with = "optional")]
    pub master_key_file: Option<std::path::PathBuf>,
    pub master_key: Confidential,
}

/// `[logging]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logging {
    #[serde(deserialize_with = "written")]
    pub level: LogFilter,
    #[serde(deserialize_with = "written")]
    pub format: LogFormat,
}

impl Configuration {
    /// The address under which people reach this installation.
    pub fn base_url(&self) -> String {
        match &self.server.base_url {
            Some(url) => url.as_str().to_owned(),
            None => format!("http://{}", self.server.listen),
        }
    }

    /// How the store uses the database.
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            pool_size: self.database.pool_size,
            journal: JournalOptions {
                lanes: self.journal.lanes,
                batch: self.journal.batch,
                waiting: self.journal.waiting,
            },
            directory: DirectoryOptions { tokens: self.directory.tokens, others: self.directory.others },
        }
    }

    /// The address of the database, as `serve` reaches it.
    pub fn database_url(&self) -> Result<&str, ConfigError> {
        self.database.url.given().ok_or(ConfigError::Missing { key: "database.url" })
    }

    /// The address of the database, as its owner reaches it.
    pub fn owner_url(&self) -> Result<&str, ConfigError> {
        self.database.owner_url.given().ok_or(ConfigError::Missing { key: "database.owner_url" })
    }

    /// The number of threads that answer requests.
    pub fn workers(&self) -> usize {
        match self.server.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }
}
