//! A running `countersign dev`, and the other commands against it.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// A directory that the unprivileged user of the private PostgreSQL can reach; removed at the end.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("countersign-dev-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o711)).unwrap();
        Self(path)
    }

    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub fn ready_file(&self) -> PathBuf {
        self.0.join("ready.json")
    }

    /// The configuration that `dev` writes for the other commands.
    pub fn configuration(&self) -> PathBuf {
        self.data().join("countersign.toml")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program, without whatever the surroundings configure.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTERSIGN_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

/// A server process; killed when the test ends early.
pub struct Server {
    child: Child,
    pub started_in: Duration,
}

impl Server {
    /// Starts `dev` and waits until it says that it is ready.
    pub fn dev(directory: &Directory, more: &[&str]) -> (Self, Value) {
        let mut command = program();
        command.args(["dev", "--port", "0", "--data-dir"]).arg(directory.data()).args(more);
        Self::start(command, directory)
    }

    /// Runs a command that starts `dev`, and waits until it says that it is ready.
    pub fn start(mut command: Command, directory: &Directory) -> (Self, Value) {
        command.arg("--ready-file").arg(directory.ready_file()).stdout(Stdio::null());
        let started = Instant::now();
        let mut server = Self { child: command.spawn().unwrap(), started_in: Duration::ZERO };
        // The file of an earlier run is removed first, and this one appears as a whole.
        let before = fs::read_to_string(directory.ready_file()).unwrap_or_default();
        let ready = wait_for("the ready file", || {
            assert!(server.child.try_wait().unwrap().is_none(), "dev ended early");
            fs::read_to_string(directory.ready_file()).ok().filter(|text| *text != before)
        });
        server.started_in = started.elapsed();
        (server, serde_json::from_str(&ready).unwrap())
    }

    pub fn spawn(command: &mut Command) -> Self {
        Self { child: command.spawn().unwrap(), started_in: Duration::ZERO }
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Sends the signal and waits for the end.
    pub fn end(self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(mut self) -> ExitStatus {
        wait_for("the end", || self.child.try_wait().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(10));
    }
}

/// Runs a command with a configuration file and an input; answers what it said.
pub fn run_with_input(configuration: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = program();
    command.arg("--config").arg(configuration).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Runs a command that must succeed; answers its result.
pub fn succeed(configuration: &Path, arguments: &[&str]) -> String {
    let output = run_with_input(configuration, arguments, "");
    let (result, remarks) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {result}{remarks}");
    result
}

/// Runs a command that must fail; answers why it did.
pub fn fail(configuration: &Path, arguments: &[&str]) -> String {
    let output = run_with_input(configuration, arguments, "");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stdout) + &text(&output.stderr)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn mode(path: impl AsRef<OsStr>) -> u32 {
    fs::metadata(Path::new(&path)).unwrap().permissions().mode() & 0o777
}

/// The status and body of a GET request.
pub fn get(url: &str, bearer: Option<&str>) -> (u16, String) {
    let (address, path) = address_and_path(url);
    let authorization = bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}Connection: close\r\n\r\n").unwrap();
    answer(stream)
}

/// A request of which the end is still to be sent.
pub struct HalfRequest {
    stream: TcpStream,
    rest: String,
}

impl HalfRequest {
    /// Sends all but the last character of a form.
    pub fn post(url: &str, form: &str) -> Self {
        let (address, path) = address_and_path(url);
        let (begin, rest) = form.split_at(form.len() - 1);
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{begin}",
            form.len()
        )
        .unwrap();
        // Until the server has taken the connection: what waits in the queue of a closed socket is lost.
        sleep(Duration::from_millis(300));
        Self { stream, rest: rest.to_owned() }
    }

    /// Sends the end; answers status and body.
    pub fn finish(mut self) -> (u16, String) {
        self.stream.write_all(self.rest.as_bytes()).unwrap();
        answer(self.stream)
    }
}

fn address_and_path(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = text(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
