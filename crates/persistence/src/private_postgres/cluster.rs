//! The PostgreSQL cluster on disk: created once, and used by one server at a time.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::PrivatePostgresError;
use super::account::Account;
use super::data_dir::{DataDir, private_file, remove_file};
use super::process;

/// The role that `initdb` creates.
pub(super) const SUPERUSER: &str = "postgres";

/// A server whose Countersign was just killed has been told to stop, but may not have noticed yet.
const UNTIL_STOPPING: Duration = Duration::from_secs(5);
/// Its last checkpoint takes as long as the disk needs.
const UNTIL_STOPPED: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(5);

/// What a server writes about itself into `postmaster.pid`.
pub(super) struct Postmaster {
    pub(super) pid: u32,
    /// `starting`, `ready`, `stopping` and so on; empty until the server gets there.
    pub(super) state: String,
}

impl Postmaster {
    fn file(cluster: &Path) -> PathBuf {
        cluster.join("postmaster.pid")
    }

    /// The file's content, if there is one. A server removes it as the last thing before it ends.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        let content = fs::read_to_string(Self::file(cluster)).ok()?;
        let mut lines = content.lines().map(str::trim);
        let pid = lines.next()?.parse().ok()?;
        // The pid, the cluster, the time, the port, the socket, the address, the shared memory, the state.
        Some(Self { pid, state: lines.nth(6).unwrap_or_default().to_owned() })
    }

    fn is_alive(&self) -> bool {
        kill(Pid::from_raw(self.pid.cast_signed()), None) != Err(Errno::ESRCH)
    }
}

/// Waits for a server that a killed Countersign left behind, and clears the way if `postmaster.pid` is only a leftover.
pub(super) fn wait_for_predecessor(data_dir: &DataDir) -> Result<(), PrivatePostgresError> {
    let cluster = data_dir.cluster();
    let started = Instant::now();
    while let Some(predecessor) = Postmaster::read(&cluster).filter(Postmaster::is_alive) {
        if !is_server_of(&cluster, predecessor.pid) {
            // The number went to another process. PostgreSQL would take that one for its predecessor and refuse.
            return remove_file(&Postmaster::file(&cluster));
        }
        let patience = if predecessor.state == "stopping" { UNTIL_STOPPED } else { UNTIL_STOPPING };
        if started.elapsed() > patience {
            return Err(data_dir.in_use(predecessor.pid));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Whether the process is a PostgreSQL server that works in `cluster`; in doubt it is.
fn is_server_of(cluster: &Path, pid: u32) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    let named_postgres =
        fs::read_to_string(process.join("comm")).map_or(true, |name| matches!(name.trim(), "postgres" | "postmaster"));
    named_postgres && fs::read_link(process.join("cwd")).map_or(true, |directory| directory == cluster)
}

/// Creates the cluster with `initdb`. It appears under its name only when complete, so an interruption leaves none.
/// The name until then is new each time: the `initdb` of a Countersign just killed may still be removing its own.
pub(super) fn create(
    data_dir: &DataDir,
    bin_dir: &Path,
    account: &Account,
    superuser_password: &str,
) -> Result<(), PrivatePostgresError> {
    let cluster = data_dir.cluster();
    let new = cluster.with_extension(format!("new-{}", std::process::id()));
    let password_file = cluster.with_extension("password");
    data_dir.remove_incomplete();
    DirBuilder::new().mode(0o700).create(&new).map_err(PrivatePostgresError::io("create", &new))?;
    account.own(&new)?;
    account.check_reach(&new)?;

    private_file()
        .write(true)
        .truncate(true)
        .open(&password_file)
        .and_then(|mut file| file.write_all(superuser_password.as_bytes()))
        .map_err(PrivatePostgresError::io("write", &password_file))?;
    account.own(&password_file)?;
    let initialized = initdb(bin_dir, account, &new, &password_file);
    remove_file(&password_file)?;
    initialized?;

    fs::rename(&new, &cluster)
        .and_then(|()| cluster.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all()))
        .map_err(PrivatePostgresError::io("create", &cluster))
}

fn initdb(bin_dir: &Path, account: &Account, cluster: &Path, password_file: &Path) -> Result<(), PrivatePostgresError> {
    let program = bin_dir.join("initdb");
    let mut command = Command::new(&program);
    command
        .arg("--pgdata")
        .arg(cluster)
        .arg("--pwfile")
        .arg(password_file)
        .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--data-checksums", "--encoding", "UTF8"])
        // Sorted by bytes, and messages in English; but letters beyond ASCII have upper and lower case.
        .args(["--locale", "C", "--lc-ctype", if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" }])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = process::spawn(command, account)
        .and_then(std::process::Child::wait_with_output)
        .map_err(PrivatePostgresError::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    let output_text = [output.stdout, output.stderr].concat();
    Err(PrivatePostgresError::Initdb {
        status: output.status,
        output: String::from_utf8_lossy(&output_text).trim().to_owned(),
    })
}
