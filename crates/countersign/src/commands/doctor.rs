//! `countersign doctor`: looks at everything that `serve` needs, and says what to do about what it finds.

use std::fmt::Display;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use countersign_persistence::health::{self, Finding};
use countersign_persistence::migrate::{self, MigrationError};
use countersign_persistence::private_postgres::default_data_dir;
use countersign_persistence::sealing::MasterKeyRing;
use countersign_persistence::{Store, StoreError};
use nix::sys::statvfs::statvfs;

use crate::config::{Configuration, Loaded};
use crate::error::CommandError;
use crate::logging::{self, Audience};
use crate::operator::master_keys;
use crate::output;

const LEAST_FREE_MIB: u64 = 1024;

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    good: usize,
    problems: usize,
}

impl Findings {
    fn ok(&mut self, subject: &str, what: impl Display) {
        self.good += 1;
        output::line(format_args!("ok       {subject:14}{what}"));
    }

    fn add(&mut self, found: Finding) {
        match found.advice {
            None => self.ok(found.subject, found.what),
            Some(advice) => self.problem(found.subject, found.what, advice),
        }
    }

    fn problem(&mut self, subject: &str, what: impl Display, advice: impl Display) {
        self.problems += 1;
        output::line(format_args!("problem  {subject:14}{what}"));
        output::line(format_args!("         {:14}→ {advice}", ""));
    }
}

/// Looks at everything; the exit code says whether all is well.
pub async fn run(loaded: Result<Loaded, CommandError>, data_dir: Option<PathBuf>) -> ExitCode {
    let mut findings = Findings::default();
    match loaded {
        Ok(loaded) => {
            logging::start(Audience::Asker, &loaded.configuration.logging);
            match &loaded.file {
                Some(file) => findings.ok("configuration", file.display()),
                None => findings.ok("configuration", "defaults and variables, no file"),
            }
            look_at_address(&mut findings, &loaded.configuration);
            let ring = look_at_master_key(&mut findings, &loaded.configuration);
            look_at_database(&mut findings, &loaded.configuration, ring).await;
        }
        Err(error) => findings.problem(
            "configuration",
            output::with_causes(&error),
            "`countersign config --default` explains every key",
        ),
    }
    look_at_disk(&mut findings, data_dir);
    match findings.problems {
        0 => {
            output::line(format_args!("\nall is well ({} checks)", findings.good));
            ExitCode::SUCCESS
        }
        problems => {
            output::line(format_args!("\n{problems} of {} checks found a problem", findings.good + problems));
            ExitCode::FAILURE
        }
    }
}

fn look_at_address(findings: &mut Findings, configuration: &Configuration) {
    let address = configuration.base_url();
    let is_local = configuration.server.listen.ip().is_loopback();
    match &configuration.server.base_url {
        None if is_local => findings.ok("address", format_args!("{address}, from this machine only")),
        None => findings.problem(
            "address",
            format_args!("serve listens on {} without a server.base_url", configuration.server.listen),
            "set server.base_url to the address that people and clients use",
        ),
        Some(url) if url.as_str().starts_with("https://") || url.is_loopback() => findings.ok("address", address),
        Some(_) => findings.problem(
            "address",
            format_args!("{address} is not https: cookies and tokens can be read on the way"),
            "put a proxy with TLS in front, and set server.base_url to its https address",
        ),
    }
}

fn look_at_master_key(findings: &mut Findings, configuration: &Configuration) -> Option<MasterKeyRing> {
    match master_keys(configuration) {
        Ok(ring) => {
            match configuration.sealing.master_key_file.as_deref() {
                Some(file) if is_readable_by_all(file) => findings.problem(
                    "master key",
                    format_args!("every user of this machine can read {}", file.display()),
                    format_args!("chmod o= {}", file.display()),
                ),
                Some(file) => findings.ok("master key", file.display()),
                None => findings.ok("master key", "given as a value"),
            }
            Some(ring)
        }
        Err(error) => {
            findings.problem(
                "master key",
                output::with_causes(&error),
                "restore the key; for a new installation: \
                 (umask 077; echo \"key-1 $(openssl rand -hex 32)\" > master.key)",
            );
            None
        }
    }
}

fn is_readable_by_all(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

async fn look_at_database(findings: &mut Findings, configuration: &Configuration, ring: Option<MasterKeyRing>) {
    let url = match configuration.database_url() {
        Ok(url) => url,
        Err(error) => return findings.problem("database", error, "create a database and a role, then set its address"),
    };
    let checked = migrate::check(url).await;
    if let Err(error @ MigrationError::Database(_)) = &checked {
        let what = output::with_causes(error);
        return findings.problem("database", what, "is PostgreSQL running, and are address, role and password right?");
    }
    let keys_fit = ring.is_some();
    // What is looked at without the master key has nothing sealed in it, so any key does.
    let ring = ring.map_or_else(|| MasterKeyRing::parse(&MasterKeyRing::generate()), Ok);
    let store = match ring.map_err(StoreError::from).map(|ring| Store::open(url, ring, &configuration.store_options()))
    {
        Ok(Ok(store)) => store,
        Ok(Err(error)) => return findings.problem("database", error, "correct database.url"),
        Err(error) => return findings.problem("database", error, "correct sealing.master_key_file"),
    };
    look_at_server(findings, &store).await;
    if look_at_version(findings, checked) && keys_fit {
        findings.add(health::look_at_sealed_values(&store).await);
    }
    store.close().await;
}

async fn look_at_server(findings: &mut Findings, store: &Store) {
    for found in health::look_at_server(&health::server_facts(store).await) {
        findings.add(found);
    }
}

/// Whether the database is at this program's version.
fn look_at_version(findings: &mut Findings, checked: Result<(), MigrationError>) -> bool {
    let newest = health::newest_migration();
    let rights = "serve may do what it must, and no more";
    match checked {
        Ok(()) => {
            findings.ok("version", newest);
            findings.ok("role", rights);
            true
        }
        Err(error @ MigrationError::NotAMember) => {
            findings.problem("role", error, "as the owner of the database: GRANT countersign_app TO <that role>");
            false
        }
        Err(error @ MigrationError::TooManyRights(_)) => {
            findings.ok("version", newest);
            let advice =
                "CREATE ROLE … LOGIN NOSUPERUSER NOBYPASSRLS IN ROLE countersign_app, and use it in database.url";
            findings.problem("role", error, advice);
            true
        }
        Err(error) => {
            let advice = match &error {
                MigrationError::Older { .. } => "back the database up, then run `countersign migrate`",
                MigrationError::Newer { .. } => {
                    "install the program that the database was migrated with, or a newer one"
                }
                _ => "restore the database that belongs to this program",
            };
            findings.problem("version", error, advice);
            false
        }
    }
}

fn look_at_disk(findings: &mut Findings, data_dir: Option<PathBuf>) {
    let directory = match data_dir {
        Some(directory) => directory,
        None if default_data_dir().is_dir() => default_data_dir(),
        None => return,
    };
    let space = match statvfs(&directory) {
        Ok(space) => space,
        Err(errno) => {
            let what = format!("{} can't be looked at: {}", directory.display(), errno.desc());
            return findings.problem("disk", what, "create the directory, or name another with --data-dir");
        }
    };
    #[allow(clippy::useless_conversion, reason = "32 bits wide on macOS")]
    let free = u64::from(space.blocks_available()).saturating_mul(u64::from(space.fragment_size())) >> 20;
    let what = format!("{free} MiB free at {}", directory.display());
    if free < LEAST_FREE_MIB {
        findings.problem("disk", what, "PostgreSQL stops when the disk is full: make room");
    } else {
        findings.ok("disk", what);
    }
}
