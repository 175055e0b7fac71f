//! The passwords of the private server's roles.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::PrivatePostgresError;
use super::data_dir::private_file;

/// One password for each role that logs in. They are hexadecimal, so neither SQL nor a URL has to quote them.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Credentials {
    pub(super) superuser: String,
    pub(super) owner: String,
    pub(super) serve: String,
}

impl Credentials {
    /// The passwords kept at `path`, or `None` when there is no such file.
    pub(super) fn load(path: &Path) -> Result<Option<Self>, PrivatePostgresError> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|source| PrivatePostgresError::CredentialsDamaged { path: path.to_owned(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PrivatePostgresError::io("read", path)(error)),
        }
    }

    /// New passwords, kept at `path` from now on.
    pub(super) fn create(path: &Path) -> Result<Self, PrivatePostgresError> {
        let credentials = Self { superuser: password()?, owner: password()?, serve: password()? };
        let write = || {
            // Renamed when complete, so that an interruption leaves no half file.
            let new = path.with_extension("new");
            let mut file = private_file().write(true).truncate(true).open(&new)?;
            serde_json::to_writer_pretty(&file, &credentials)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
        };
        write().map_err(PrivatePostgresError::io("write", path))?;
        Ok(credentials)
    }
}

fn password() -> Result<String, PrivatePostgresError> {
    let mut bytes = [0; 24];
    #[expect(clippy::disallowed_methods, reason = "passwords of a server that exists before any Services do")]
    getrandom::fill(&mut bytes).map_err(PrivatePostgresError::Random)?;
    Ok(hex::encode(bytes))
}
