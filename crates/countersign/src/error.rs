//! Why a command failed.

use std::io;
use std::path::{Path, PathBuf};

use countersign_domain::InvalidValue;
use countersign_persistence::migrate::MigrationError;
use countersign_persistence::pool::AddressError;
use countersign_persistence::private_postgres::PrivatePostgresError;
use countersign_persistence::projections::rebuild::RebuildError;
use countersign_persistence::sealing::SealingError;
use countersign_persistence::{ChangeError, StoreError};
use countersign_web::password::PasswordError;

use crate::config::ConfigError;

/// Why a command failed. The message says what to do where that is known.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error(transparent)]
    PrivatePostgres(#[from] PrivatePostgresError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Value(#[from] InvalidValue),
    #[error("the master key in {place}: {source}")]
    MasterKey { place: String, source: SealingError },
    #[error(
        "the master key {0} is gone, and the data can't be read without it: restore it, or begin anew with --fresh"
    )]
    MasterKeyLost(PathBuf),
    #[error("there is no organization {0}; `countersign org list` lists them")]
    UnknownOrganization(String),
    #[error("{0} is the installation's own host name: choose another one for the organization")]
    OwnHost(String),
    #[error("organization {slug} has no member {email}; `countersign member list {slug}` lists them")]
    UnknownMember { slug: String, email: String },
    #[error("the two passwords differ")]
    PasswordsDiffer,
    #[error("no password was given")]
    NoPassword,
    #[error("can't listen on {address}")]
    Listen { address: std::net::SocketAddr, source: io::Error },
    #[error("DATABASE_URL must be an address like postgres://owner:password@host:5432/database")]
    DatabaseAddress,
    #[error("--fresh removes the data of a private PostgreSQL only: empty the database of DATABASE_URL yourself")]
    FreshForeignDatabase,
    #[error(
        "the database has an organization {slug} that {data_dir} knows nothing of: \
         choose the data directory that it was made with, or begin anew with --fresh"
    )]
    ForeignOrganization { slug: String, data_dir: PathBuf },
    #[error("{0} is damaged: remove it, or begin anew with --fresh")]
    DamagedFile(PathBuf, #[source] serde_json::Error),
    #[error("can't {action} {path}")]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{0}")]
    System(&'static str, #[source] io::Error),
}

impl CommandError {
    /// For `map_err`: says what was attempted on which file.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
