//! The private PostgreSQL server, for real: each test starts its own.

use std::error::Error;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign_persistence::private_postgres::{Options, PrivatePostgres, PrivatePostgresError};
use tokio::time::{sleep, timeout};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Tells the copy of this test program that is to be killed where to start its server.
const CHILD_DATA_DIR: &str = "COUNTERSIGN_TEST_CHILD_DATA_DIR";

/// Removed at the end of its test. In the system's temporary directory, which the server's user can reach.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("countersign-test-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o711))?;
        Ok(Self(path))
    }

    /// Whatever the path has in it must pass through command lines, settings and URLs.
    fn data(&self) -> PathBuf {
        self.0.join("a, \"b\" ü%")
    }

    fn options(&self) -> Options {
        Options::new(self.data())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn connect(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn show(client: &Client, setting: &str) -> Outcome<String> {
    Ok(client.query_one("SELECT current_setting($1)", &[&setting]).await?.try_get(0)?)
}

fn is_alive(pid: u32) -> bool {
    // A zombie has ended, too; its parent may be slow to wait for it.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) -> Outcome {
    let started = Instant::now();
    while !condition() {
        if started.elapsed() > Duration::from_secs(20) {
            return Err(format!("not within 20 s: {what}").into());
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_first_start_gives_a_durable_server_with_roles_of_little_power() -> Outcome {
    let directory = Directory::new("first")?;
    let started = Instant::now();
    let postgres = PrivatePostgres::start(directory.options()).await?;
    println!("first start: {:?}", started.elapsed());

    let owner = connect(&postgres.owner_url()).await?;
    for (setting, expected) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("password_encryption", "scram-sha-256"),
    ] {
        assert_eq!(show(&owner, setting).await?, expected, "{setting}");
    }
    assert_eq!(owner.query_one("SELECT lower('ÄÖ')", &[]).await?.try_get::<_, String>(0)?, "äö");
    owner.batch_execute("CREATE SCHEMA own; CREATE TABLE own.t (n int); CREATE ROLE countersign_app NOLOGIN").await?;
    owner
        .batch_execute("GRANT countersign_app TO countersign_serve; GRANT USAGE ON SCHEMA own TO countersign_app")
        .await?;

    let serve = connect(&postgres.serve_url()).await?;
    for refused in ["SELECT * FROM own.t", "CREATE SCHEMA mine", "CREATE ROLE other", "CREATE DATABASE other"] {
        assert!(serve.batch_execute(refused).await.is_err(), "{refused}");
    }
    let powerful = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'countersign_%' AND (rolsuper OR rolbypassrls OR rolcreatedb)";
    assert_eq!(owner.query_one(powerful, &[]).await?.try_get::<_, i64>(0)?, 0);

    let wrong_password = postgres.serve_url().replacen("countersign_serve:", "countersign_serve:0", 1);
    assert!(connect(&wrong_password).await.is_err());

    let data = directory.data();
    assert_eq!(fs::metadata(data.join("credentials.json"))?.mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(data.join("private-postgres"))?.mode() & 0o777, 0o700);
    assert_ne!(fs::metadata(data.join("private-postgres"))?.uid(), 0, "PostgreSQL does not run as root");
    Ok(())
}

#[tokio::test]
async fn more_databases_have_the_same_roles_and_other_data() -> Outcome {
    let directory = Directory::new("databases")?;
    let postgres = PrivatePostgres::start(directory.options()).await?;
    let (one, two) = tokio::join!(postgres.create_database("one"), postgres.create_database("two"));
    let (one, two) = (one?, two?);
    assert_eq!(postgres.create_database("one").await?.owner, one.owner);
    assert_eq!(postgres.database("two").serve, two.serve);
    let first = connect(&one.owner).await?;
    first.batch_execute("CREATE SCHEMA only_here").await?;
    connect(&two.owner).await?.batch_execute("CREATE SCHEMA only_here").await?;
    connect(&two.serve).await?.batch_execute("SELECT").await?;
    let refused = postgres.create_database("two; DROP DATABASE one").await.err();
    assert!(matches!(refused, Some(PrivatePostgresError::DatabaseName(_))));
    Ok(())
}

#[tokio::test]
async fn data_and_urls_survive_until_a_fresh_start() -> Outcome {
    let directory = Directory::new("restart")?;
    let mut postgres = PrivatePostgres::start(directory.options()).await?;
    let url = postgres.owner_url();
    connect(&url).await?.batch_execute("CREATE SCHEMA own; CREATE TABLE own.kept (n int)").await?;
    let pid = postgres.pid().ok_or("no pid")?;
    postgres.stop().await?;
    assert!(!is_alive(pid));
    assert_eq!(postgres.pid(), None);
    assert!(connect(&url).await.is_err());

    let started = Instant::now();
    postgres.restart().await?;
    println!("restart: {:?}", started.elapsed());
    connect(&url).await?.batch_execute("SELECT * FROM own.kept").await?;

    drop(postgres);
    let started = Instant::now();
    let postgres = PrivatePostgres::start(directory.options()).await?;
    println!("second start: {:?}", started.elapsed());
    assert_eq!(postgres.owner_url(), url);
    connect(&url).await?.batch_execute("SELECT * FROM own.kept").await?;

    drop(postgres);
    let postgres = PrivatePostgres::start(directory.options().fresh()).await?;
    assert_ne!(postgres.owner_url(), url, "a fresh server has new passwords");
    let client = connect(&postgres.owner_url()).await?;
    assert!(client.batch_execute("SELECT * FROM own.kept").await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_killed_server_recovers_even_while_a_backend_is_busy() -> Outcome {
    let directory = Directory::new("crash")?;
    let mut postgres = PrivatePostgres::start(directory.options()).await?;
    let client = connect(&postgres.owner_url()).await?;
    client
        .batch_execute("CREATE SCHEMA own; CREATE TABLE own.kept AS SELECT n FROM generate_series(1, 1000) n")
        .await?;
    let busy = connect(&postgres.owner_url()).await?;
    let busy =
        tokio::spawn(async move { busy.batch_execute("SELECT count(*) FROM generate_series(1, 5000000)").await });
    sleep(Duration::from_millis(200)).await;

    let killed = postgres.pid().ok_or("no pid")?;
    postgres.kill_server().await?;
    assert!(!is_alive(killed));
    let started = Instant::now();
    postgres.restart().await?;
    println!("recovery: {:?}", started.elapsed());
    assert_ne!(postgres.pid(), Some(killed));
    let client = connect(&postgres.owner_url()).await?;
    assert_eq!(client.query_one("SELECT count(*) FROM own.kept", &[]).await?.try_get::<_, i64>(0)?, 1000);
    busy.abort();

    let pid_file = directory.data().join("private-postgres/postmaster.pid");
    let content = fs::read_to_string(&pid_file)?;
    postgres.kill_server().await?;
    drop(postgres);
    assert!(pid_file.exists(), "a killed server leaves its file");
    // After a reboot its number may belong to anyone.
    let mut stranger = Command::new("sleep").arg("300").spawn()?;
    let (_, rest) = content.split_once('\n').ok_or("one line")?;
    fs::write(&pid_file, format!("{}\n{rest}", stranger.id()))?;
    let started = PrivatePostgres::start(directory.options()).await;
    stranger.kill()?;
    stranger.wait()?;
    started?;
    Ok(())
}

#[tokio::test]
async fn a_data_directory_in_use_names_the_process() -> Outcome {
    let directory = Directory::new("in-use")?;
    let postgres = PrivatePostgres::start(directory.options()).await?;
    let refused = PrivatePostgres::start(directory.options()).await.err();
    assert!(
        matches!(refused, Some(PrivatePostgresError::InUse { pid, .. }) if pid == std::process::id()),
        "{refused:?}"
    );

    // A server that no Countersign holds the lock for.
    fs::remove_file(directory.data().join("countersign.lock"))?;
    let refused = PrivatePostgres::start(directory.options().fresh()).await.err();
    assert!(
        matches!(refused, Some(PrivatePostgresError::InUse { pid, .. }) if Some(pid) == postgres.pid()),
        "{refused:?}"
    );
    connect(&postgres.owner_url()).await?;
    Ok(())
}

#[tokio::test]
async fn lost_passwords_and_unreachable_directories_are_explained() -> Outcome {
    let directory = Directory::new("explained")?;
    drop(PrivatePostgres::start(directory.options()).await?);
    fs::remove_file(directory.data().join("credentials.json"))?;
    let refused = PrivatePostgres::start(directory.options()).await.err();
    assert!(matches!(refused, Some(PrivatePostgresError::CredentialsLost(_))), "{refused:?}");

    if fs::metadata(&directory.0)?.uid() == 0 {
        fs::set_permissions(&directory.0, Permissions::from_mode(0o700))?;
        let refused = PrivatePostgres::start(directory.options().fresh()).await.err();
        let message = refused.ok_or("started")?.to_string();
        assert!(message.contains(&format!("may not enter {}", directory.0.display())), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_will_do() -> Outcome {
    let directory = Directory::new("long")?;
    let mut postgres = PrivatePostgres::start(Options::new(directory.0.join("long".repeat(40)))).await?;
    let url = postgres.serve_url();
    connect(&url).await?.batch_execute("SELECT").await?;
    postgres.restart().await?;
    connect(&url).await?.batch_execute("SELECT").await?;

    let config: tokio_postgres::Config = url.parse()?;
    let [Host::Unix(socket_dir)] = config.get_hosts() else { return Err("not a socket".into()) };
    assert!(socket_dir.starts_with("/tmp"));
    assert_eq!(fs::metadata(socket_dir)?.mode() & 0o777, 0o700);
    drop(postgres);
    fs::remove_dir(socket_dir)?;
    Ok(())
}

/// Not a test of its own: started by the next one as a process to be killed.
#[tokio::test]
async fn child_that_holds_a_server() -> Outcome {
    let Some(data_dir) = std::env::var_os(CHILD_DATA_DIR) else { return Ok(()) };
    let postgres = PrivatePostgres::start(Options::new(&data_dir)).await?;
    fs::write(Path::new(&data_dir).join("started"), postgres.pid().ok_or("no pid")?.to_string())?;
    sleep(Duration::from_mins(1)).await;
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_server_ends_cleanly_when_we_are_killed() -> Outcome {
    let directory = Directory::new("parent")?;
    let data_dir = directory.data();
    let started_file = data_dir.join("started");
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "child_that_holds_a_server"])
        .env(CHILD_DATA_DIR, &data_dir)
        .stdout(Stdio::null())
        .spawn()?;
    until("the child starts a server", || fs::read_to_string(&started_file).is_ok_and(|pid| !pid.is_empty())).await?;
    let server: u32 = fs::read_to_string(&started_file)?.parse()?;
    assert!(is_alive(server));

    child.kill()?;
    child.wait()?;
    let killed = Instant::now();
    // At once: the new server waits for the old one's shutdown.
    let postgres = timeout(Duration::from_secs(20), PrivatePostgres::start(directory.options())).await??;
    println!("start after kill -9: {:?}", killed.elapsed());
    assert!(!is_alive(server));
    connect(&postgres.owner_url()).await?;
    let log = fs::read_to_string(data_dir.join("postgres.log"))?;
    assert!(log.contains("database system is shut down") && !log.contains("was interrupted"), "{log}");
    Ok(())
}
