//! The server process.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::sleep;
use tokio_postgres::{Client, Config};

use super::PrivatePostgresError;
use super::account::Account;
use super::cluster::Postmaster;
use super::data_dir::DataDir;
use super::database::connect;
use super::process;

const POLL: Duration = Duration::from_millis(5);
/// Replaying the log after a crash can take long.
const UNTIL_READY: Duration = Duration::from_mins(5);
/// A fast shutdown ends with a checkpoint.
const UNTIL_STOPPED: Duration = Duration::from_mins(1);
const UNTIL_ABORTED: Duration = Duration::from_secs(5);
/// A drop may happen on a thread of an async runtime, so it doesn't wait for long.
const UNTIL_STOPPED_ON_DROP: Duration = Duration::from_secs(5);

const SETTINGS: &[&str] = &[
    "cluster_name=countersign",
    "listen_addresses=",
    "port=5432",
    "max_connections=200",
    "shared_buffers=128MB",
    "max_wal_size=2GB",
    "timezone=UTC",
    // What Countersign promises about its journal; not to be changed by a postgresql.conf or ALTER SYSTEM.
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "logging_collector=off",
    "log_destination=stderr",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] %q%u@%d ",
];

/// A running server; dropping it stops it.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    log_start: u64,
}

impl Server {
    pub(super) fn launch(
        bin_dir: &Path,
        account: &Account,
        data_dir: &DataDir,
        socket_dir: &Path,
    ) -> Result<Self, PrivatePostgresError> {
        let (log, log_start) = data_dir.open_log()?;
        let log_twin = log.try_clone().map_err(PrivatePostgresError::io("open", &data_dir.log()))?;
        let program = bin_dir.join("postgres");
        let mut command = Command::new(&program);
        command.arg("-D").arg(data_dir.cluster());
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.arg("-c").arg(unix_socket_directories(socket_dir));
        command.stdin(Stdio::null()).stdout(log).stderr(log_twin);
        let child = process::spawn(command, account).map_err(PrivatePostgresError::io("run", &program))?;
        Ok(Self { child, log_start })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Connects as soon as the server says that it is ready. Asking by connecting before would fill its log with refusals.
    pub(super) async fn wait_until_ready(
        &mut self,
        config: &Config,
        data_dir: &DataDir,
    ) -> Result<Client, PrivatePostgresError> {
        let started = Instant::now();
        let cluster = data_dir.cluster();
        while !Postmaster::read(&cluster).is_some_and(|server| server.pid == self.pid() && server.state == "ready") {
            if let Some(status) = self.ended()? {
                return Err(PrivatePostgresError::EndedEarly { status, log: data_dir.log_since(self.log_start) });
            }
            if started.elapsed() > UNTIL_READY {
                let log = data_dir.log_since(self.log_start);
                return Err(PrivatePostgresError::NotReady { seconds: UNTIL_READY.as_secs(), log });
            }
            sleep(POLL).await;
        }
        Ok(connect(config).await?)
    }

    /// Fast shutdown: open transactions are rolled back, a checkpoint is written. If that hangs, an immediate one.
    pub(super) async fn stop(&mut self) -> Result<(), PrivatePostgresError> {
        for (signal, patience) in [(Signal::SIGINT, UNTIL_STOPPED), (Signal::SIGQUIT, UNTIL_ABORTED)] {
            let signalled = Instant::now();
            self.signal(signal)?;
            while signalled.elapsed() < patience {
                if self.ended()?.is_some() {
                    return Ok(());
                }
                sleep(POLL).await;
            }
        }
        Err(PrivatePostgresError::NotStopped(self.pid()))
    }

    /// SIGKILL, as a crash would.
    pub(super) async fn kill(&mut self) -> Result<(), PrivatePostgresError> {
        self.signal(Signal::SIGKILL)?;
        while self.ended()?.is_none() {
            sleep(POLL).await;
        }
        Ok(())
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>, PrivatePostgresError> {
        self.child.try_wait().map_err(PrivatePostgresError::io("wait for", Path::new("postgres")))
    }

    fn signal(&self, signal: Signal) -> Result<(), PrivatePostgresError> {
        match kill(Pid::from_raw(self.child.id().cast_signed()), signal) {
            // Ended by itself already.
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(PrivatePostgresError::io("signal", Path::new("postgres"))(io::Error::from(errno))),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let dropped = Instant::now();
        // Asked first: the number of a process that was waited for may be another's by now.
        if !matches!(self.ended(), Ok(None)) || self.signal(Signal::SIGINT).is_err() {
            return;
        }
        while matches!(self.ended(), Ok(None)) && dropped.elapsed() < UNTIL_STOPPED_ON_DROP {
            thread::sleep(POLL);
        }
    }
}

/// The setting is a list: only quoted may a path contain a comma or a space.
fn unix_socket_directories(directory: &Path) -> OsString {
    let mut setting = b"unix_socket_directories=\"".to_vec();
    for byte in directory.as_os_str().as_bytes() {
        if *byte == b'"' {
            setting.push(b'"');
        }
        setting.push(*byte);
    }
    setting.push(b'"');
    OsString::from_vec(setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_directory_is_one_list_element() {
        let setting = unix_socket_directories(Path::new("/srv/a, \"b\"/socket"));
        assert_eq!(setting, r#"unix_socket_directories="/srv/a, ""b""/socket""#);
    }
}
