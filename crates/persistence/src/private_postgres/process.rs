//! Child processes that end with this one, even when it is killed.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::account::Account;

struct Request {
    command: Command,
    answer: Sender<io::Result<Child>>,
}

/// Starts a process as `account` and in a process group of its own, so that Ctrl-C in a terminal reaches only us and
/// we stop it when we are done. On Linux it gets SIGINT when this process ends, however it ends.
pub(super) fn spawn(mut command: Command, account: &Account) -> io::Result<Child> {
    account.apply(&mut command);
    for variable in ["PGDATA", "PGPORT", "PGOPTIONS", "LANG", "LANGUAGE"] {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C").current_dir("/").process_group(0);
    #[cfg(target_os = "linux")]
    interrupt_with_parent(&mut command);
    let (answer, answered) = mpsc::channel();
    spawner()?.send(Request { command, answer }).map_err(io::Error::other)?;
    answered.recv().map_err(io::Error::other)?
}

/// The thread that starts all children. Linux sends the parent-death signal when the *thread* that started the child
/// ends, so this one lives as long as the process; a thread of an async runtime may not.
fn spawner() -> io::Result<Sender<Request>> {
    static SPAWNER: Mutex<Option<Sender<Request>>> = Mutex::new(None);
    let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = &*spawner {
        return Ok(sender.clone());
    }
    let (sender, requests) = mpsc::channel::<Request>();
    thread::Builder::new().name("postgres-spawner".to_owned()).spawn(move || {
        for Request { mut command, answer } in requests {
            // The asker may have gone; a child without an asker is stopped by nobody, so it is not left running.
            if let Err(mpsc::SendError(Ok(mut child))) = answer.send(command.spawn()) {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    })?;
    *spawner = Some(sender.clone());
    Ok(sender)
}

#[cfg(target_os = "linux")]
fn interrupt_with_parent(command: &mut Command) {
    use nix::errno::Errno;
    use nix::sys::prctl::set_pdeathsig;
    use nix::sys::signal::Signal;
    use nix::unistd::{getpid, getppid};

    let parent = getpid();
    let in_child = move || {
        set_pdeathsig(Signal::SIGINT)?;
        // The parent may have ended before the signal was asked for.
        if getppid() == parent { Ok(()) } else { Err(Errno::ECANCELED.into()) }
    };
    #[expect(unsafe_code, reason = "only the child itself can ask for its parent-death signal")]
    // SAFETY: between fork and exec the closure makes two system calls and touches neither memory of the heap nor locks.
    // It runs after the change of user, which would clear the signal.
    unsafe {
        command.pre_exec(in_child);
    }
}
