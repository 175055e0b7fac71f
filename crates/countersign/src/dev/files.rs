//! What `dev` keeps in its data directory beside the private PostgreSQL.

use std::fs::{DirBuilder, canonicalize};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use countersign_persistence::clock;
use countersign_persistence::private_postgres::DatabaseUrls;
use countersign_persistence::sealing::MasterKeyRing;
use toml::{Table, Value};

use crate::error::CommandError;
use crate::operator::read_master_keys;
use crate::private_file;

/// The files of `dev`, each readable by its owner only.
pub struct Files {
    directory: PathBuf,
}

impl Files {
    /// The files of a data directory.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Creates the data directory, where no private PostgreSQL does.
    pub fn create_directory(&self) -> Result<(), CommandError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(CommandError::file("create", &self.directory))
    }

    fn master_key(&self) -> PathBuf {
        self.directory.join("master.key")
    }

    fn serve_password_file(&self) -> PathBuf {
        self.directory.join("serve.password")
    }

    /// The password of the role of serve on a server that was given, made at the first start.
    pub fn serve_password(&self) -> Result<String, CommandError> {
        let file = self.serve_password_file();
        if !file.exists() {
            let mut random = [0; 16];
            clock::fill_random(&mut random);
            private_file::write(&file, &format!("{:032x}", u128::from_be_bytes(random)))?;
        }
        std::fs::read_to_string(&file).map_err(CommandError::file("read", &file))
    }

    /// The logins and secrets of the demo organizations.
    pub fn demo(&self) -> PathBuf {
        self.directory.join("demo.json")
    }

    /// A configuration for the other commands.
    pub fn configuration(&self) -> PathBuf {
        self.directory.join("countersign.toml")
    }

    /// Removes all of them.
    pub fn remove_all(&self) -> Result<(), CommandError> {
        [self.master_key(), self.demo(), self.configuration(), self.serve_password_file()]
            .iter()
            .try_for_each(|file| private_file::remove(file))
    }

    /// The master key, made at the first start. Another one would open nothing of what is there.
    pub fn master_keys(&self) -> Result<MasterKeyRing, CommandError> {
        let file = self.master_key();
        if !file.exists() {
            if self.demo().exists() {
                return Err(CommandError::MasterKeyLost(file));
            }
            private_file::write(&file, &MasterKeyRing::generate())?;
        }
        read_master_keys(&file)
    }

    /// Writes a configuration by which the other commands reach this database.
    pub fn write_configuration(&self, base_url: &str, urls: &DatabaseUrls) -> Result<(), CommandError> {
        let master_key = self.master_key();
        // Other commands may be called from anywhere.
        let master_key = canonicalize(&master_key).map_err(CommandError::file("find", &master_key))?;
        let text = |text: &str| Value::String(text.to_owned());
        let section = |values: &[(&str, Value)]| {
            Value::Table(values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
        };
        let master_key = text(&master_key.to_string_lossy());
        let mut table = Table::new();
        table.insert("server".to_owned(), section(&[("base_url", text(base_url))]));
        let database = [("url", text(&urls.serve)), ("owner_url", text(&urls.owner))];
        table.insert("database".to_owned(), section(&database));
        table.insert("sealing".to_owned(), section(&[("master_key_file", master_key)]));
        let head = "# Written by `countersign dev` at every start, for the other commands.\n";
        private_file::write(&self.configuration(), &format!("{head}{table}"))
    }
}
