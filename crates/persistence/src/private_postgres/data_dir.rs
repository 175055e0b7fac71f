//! The files of a private server, and the lock that keeps a second Countersign away from them.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use super::PrivatePostgresError;
use super::account::Account;

/// The address of a socket holds 104 bytes on macOS and 108 on Linux, with the final NUL.
const LONGEST_SOCKET_PATH: usize = 103;
/// Unlike anything that a distribution puts into a directory given by mistake.
const CLUSTER_NAME: &str = "private-postgres";
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// A longer log starts again with the next server.
const LOG_LIMIT: u64 = 16 << 20;

/// A data directory that no other process uses while this value lives.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the directory if need be, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, PrivatePostgresError> {
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(PrivatePostgresError::io("create", path))?;
            // The account that root drops to has to pass through.
            let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
            fs::set_permissions(path, Permissions::from_mode(mode))
                .map_err(PrivatePostgresError::io("set the permissions of", path))?;
        }
        let path = fs::canonicalize(path).map_err(PrivatePostgresError::io("find", path))?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// The PostgreSQL cluster.
    pub(super) fn cluster(&self) -> PathBuf {
        self.path.join(CLUSTER_NAME)
    }

    /// Removes clusters whose creation was interrupted, as far as possible: what stays does no harm.
    pub(super) fn remove_incomplete(&self) {
        let incomplete = format!("{CLUSTER_NAME}.new-");
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(incomplete.as_bytes()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// The passwords of its roles.
    pub(super) fn credentials(&self) -> PathBuf {
        self.path.join("credentials.json")
    }

    /// What the server says.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// Opens the log to add to, and tells where the next line goes.
    pub(super) fn open_log(&self) -> Result<(File, u64), PrivatePostgresError> {
        let path = self.log();
        let open = || {
            let log = private_file().append(true).open(&path)?;
            if log.metadata()?.len() > LOG_LIMIT {
                log.set_len(0)?;
            }
            let end = log.metadata()?.len();
            Ok((log, end))
        };
        open().map_err(PrivatePostgresError::io("open", &path))
    }

    /// What was logged from `start` on, at most the last 4 KiB.
    pub(super) fn log_since(&self, start: u64) -> String {
        let read = || {
            let mut log = File::open(self.log())?;
            let end = log.metadata()?.len();
            log.seek(SeekFrom::Start(start.max(end.saturating_sub(4096))))?;
            let mut text = Vec::new();
            log.read_to_end(&mut text)?;
            Ok::<_, io::Error>(String::from_utf8_lossy(&text).trim_end().to_owned())
        };
        read().unwrap_or_else(|error| format!("({} cannot be read: {error})", self.log().display()))
    }

    /// Removes the cluster and all that belongs to it.
    pub(super) fn clear(&self) -> Result<(), PrivatePostgresError> {
        let cluster = self.cluster();
        ignore_absence(fs::remove_dir_all(&cluster)).map_err(PrivatePostgresError::io("remove", &cluster))?;
        for file in [self.credentials(), self.log()] {
            remove_file(&file)?;
        }
        Ok(())
    }

    /// An empty directory for the server's socket: here, or in `/tmp` when the path would be too long for a socket.
    pub(super) fn socket_dir(&self, account: &Account) -> Result<PathBuf, PrivatePostgresError> {
        let directory = socket_dir_for(&self.path);
        if let Err(error) = DirBuilder::new().mode(0o700).create(&directory) {
            let found =
                fs::symlink_metadata(&directory).map_err(|_| PrivatePostgresError::io("create", &directory)(error))?;
            let ours = [account.uid(), geteuid().as_raw()].contains(&found.uid()) && found.mode() & 0o777 == 0o700;
            // In /tmp anyone may have been there first.
            if !found.is_dir() || !(ours || directory.starts_with(&self.path)) {
                return Err(PrivatePostgresError::ForeignSocketDir(directory));
            }
            for file in [SOCKET_NAME.to_owned(), format!("{SOCKET_NAME}.lock")] {
                remove_file(&directory.join(file))?;
            }
        }
        account.own(&directory)?;
        account.check_reach(&directory)?;
        Ok(directory)
    }

    /// The error that says who uses this directory.
    pub(super) fn in_use(&self, pid: u32) -> PrivatePostgresError {
        PrivatePostgresError::InUse { data_dir: self.path.clone(), pid }
    }
}

/// Where Countersign keeps its data unless told otherwise: `/var/lib/countersign` as root, else
/// `$XDG_DATA_HOME/countersign` or `~/.local/share/countersign`.
pub fn default_data_dir() -> PathBuf {
    if geteuid().is_root() {
        return PathBuf::from("/var/lib/countersign");
    }
    user_data_dir(env::var_os("XDG_DATA_HOME").map(PathBuf::from), env::home_dir())
}

fn user_data_dir(data_home: Option<PathBuf>, home: Option<PathBuf>) -> PathBuf {
    data_home
        // The XDG specification: a relative path is to be ignored.
        .filter(|directory| directory.is_absolute())
        .unwrap_or_else(|| home.unwrap_or_else(|| PathBuf::from(".")).join(".local/share"))
        .join("countersign")
}

/// The operating system releases the lock when the process ends, however it ends.
fn lock(data_dir: &Path) -> Result<File, PrivatePostgresError> {
    let path = data_dir.join("countersign.lock");
    let mut file = private_file()
        .read(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .map_err(PrivatePostgresError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).ok().and_then(|pid| pid.trim().parse().ok()).unwrap_or_default();
            return Err(PrivatePostgresError::InUse { data_dir: data_dir.to_owned(), pid: holder });
        }
        Err(fs::TryLockError::Error(error)) => return Err(PrivatePostgresError::io("lock", &path)(error)),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(PrivatePostgresError::io("write", &path))?;
    Ok(file)
}

fn socket_dir_for(data_dir: &Path) -> PathBuf {
    let inside = data_dir.join("socket");
    if inside.join(SOCKET_NAME).as_os_str().len() <= LONGEST_SOCKET_PATH {
        return inside;
    }
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    Path::new("/tmp").join(format!("countersign-{}", hex::encode(&digest[..8])))
}

/// Options for a file that only its owner may read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

/// Removes a file that may not be there.
pub(super) fn remove_file(path: &Path) -> Result<(), PrivatePostgresError> {
    ignore_absence(fs::remove_file(path)).map_err(PrivatePostgresError::io("remove", path))
}

fn ignore_absence(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_follows_xdg() {
        let home = Some(PathBuf::from("/home/ada"));
        assert_eq!(user_data_dir(Some("/data".into()), home.clone()), Path::new("/data/countersign"));
        assert_eq!(user_data_dir(Some("data".into()), home.clone()), Path::new("/home/ada/.local/share/countersign"));
        assert_eq!(user_data_dir(None, home), Path::new("/home/ada/.local/share/countersign"));
    }

    #[test]
    fn a_long_path_gets_a_short_socket_of_its_own() {
        let longest = format!("/{}", "d".repeat(LONGEST_SOCKET_PATH - "//socket/".len() - SOCKET_NAME.len()));
        assert_eq!(socket_dir_for(Path::new(&longest)), Path::new(&longest).join("socket"));
        assert_eq!(socket_dir_for(Path::new(&longest)).join(SOCKET_NAME).as_os_str().len(), LONGEST_SOCKET_PATH);

        let too_long = socket_dir_for(Path::new(&format!("{longest}d")));
        assert!(too_long.starts_with("/tmp") && too_long.as_os_str().len() < 40, "{}", too_long.display());
        assert_ne!(too_long, socket_dir_for(Path::new(&format!("{longest}e"))));
    }
}
