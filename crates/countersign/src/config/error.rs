//! What can be wrong with a configuration, in words for the person who wrote it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/default.toml`.
    Default,
    /// The file that was given.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// Why the configuration is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration file {path} can't be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{path}, line {line}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// What is wrong there. Without the line itself, which may hold a secret.
        message: String,
    },
    /// The file has a key that there is not.
    #[error("{path}: there is no key {key}; did you mean {nearest}?")]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key as written.
        key: String,
        /// The known key most like it.
        nearest: String,
    },
    /// A variable begins like ours, but is none.
    #[error("there is no variable {name}; did you mean {nearest}?")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The known variable most like it.
        nearest: String,
    },
    /// A value is not what the key needs.
    #[error("{key} ({origin}): {problem}")]
    WrongValue {
        /// The key.
        key: String,
        /// Where the value was written.
        origin: Origin,
        /// What is expected.
        problem: String,
    },
    /// Something that the command needs is not set.
    #[error("{key} is not set: set it in the configuration file, or as {}", variable(key))]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// No master key is set.
    #[error("no master key is set: set sealing.master_key_file (COUNTERSIGN_SEALING_MASTER_KEY_FILE)")]
    NoMasterKey,
    /// Both ways of handing the master key over are used.
    #[error("sealing.master_key and sealing.master_key_file are both set: remove one")]
    TwoMasterKeys,
    /// `config/default.toml` and the program differ. A test keeps this from happening.
    #[error("the built-in defaults are not usable")]
    Defaults(#[source] toml::de::Error),
}

/// The variable of a key: one rule for all.
pub(super) fn variable(key: &str) -> String {
    format!("{}{}", super::load::PREFIX, key.replace('.', "_").to_uppercase())
}
