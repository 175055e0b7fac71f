use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why the private PostgreSQL server could not be started, used or stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePostgresError {
    /// No directory with `initdb` and `postgres` was found.
    #[error(
        "PostgreSQL is not installed: no directory with initdb and postgres was found. \
         Debian, Ubuntu: apt-get install postgresql. Fedora: dnf install postgresql-server. \
         macOS: brew install postgresql. Or set PG_BINDIR to the directory that holds them."
    )]
    NotInstalled,
    /// `PG_BINDIR` names a directory that cannot be used.
    #[error("PG_BINDIR is {0}, but there are no executables initdb and postgres in it")]
    UnusableBinDir(PathBuf),
    /// PostgreSQL refuses to run as root, and there is no other account to run it as.
    #[error("PostgreSQL does not run as root, and this system has no user postgres or nobody to run it as")]
    NoServerAccount,
    /// The account of the server cannot enter a directory on the way to what it needs.
    #[error(
        "user {account} runs PostgreSQL and must reach {target}, but may not enter {directory}: \
         choose a data directory elsewhere (as root: /var/lib/countersign), or allow it with chmod o+x {directory}"
    )]
    Unreachable {
        /// The user that runs the server.
        account: String,
        /// What the server needs.
        target: PathBuf,
        /// The directory that lacks the permission.
        directory: PathBuf,
    },
    /// Another process uses the data directory.
    #[error("the data directory {data_dir} is in use by process {pid}: stop it first, or choose another directory")]
    InUse {
        /// The data directory asked for.
        data_dir: PathBuf,
        /// The process to stop: another Countersign, or a PostgreSQL server started by hand.
        pid: u32,
    },
    /// The short directory for the socket exists, but does not belong to the server.
    #[error("{0} should be a directory that only the PostgreSQL server's user may use, but it is not: remove it")]
    ForeignSocketDir(PathBuf),
    /// The cluster is there, its passwords are not.
    #[error("the passwords of the database in {0} are lost: restore the file, or start with a fresh data directory")]
    CredentialsLost(PathBuf),
    /// The file with the passwords is not what was written.
    #[error("{path} is damaged")]
    CredentialsDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random(#[source] getrandom::Error),
    /// `initdb` did not create the cluster.
    #[error("initdb failed ({status}): {output}")]
    Initdb {
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        output: String,
    },
    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting ({status}); the end of its log:\n{log}")]
    EndedEarly {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The server runs, but took too long to accept connections.
    #[error("PostgreSQL did not accept connections within {seconds} s; the end of its log:\n{log}")]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// The server was told to stop and did not.
    #[error("PostgreSQL (process {0}) did not stop")]
    NotStopped(u32),
    /// A database name that would need quoting.
    #[error("{0:?} is not a usable database name: 1 to 63 of a-z, 0-9 and _, starting with a letter")]
    DatabaseName(String),
    /// The server refused a connection or a statement.
    #[error("the private PostgreSQL server refused")]
    Database(#[from] tokio_postgres::Error),
    /// The operating system refused something.
    #[error("cannot {action} {path}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl PrivatePostgresError {
    /// For `map_err`: says what was attempted on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
