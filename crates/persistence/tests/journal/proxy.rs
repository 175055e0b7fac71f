//! A network that fails: stands between a store and its server, and loses what it is told to lose.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_persistence::testing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Which connections say nothing any more, in either direction, without being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    None,
    /// Those that listen for changes.
    Listeners,
    All,
}

/// What happens to the next COMMIT of the journal. In each case the connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// It arrives, its answer doesn't.
    LoseAnswer,
    /// It doesn't arrive.
    Lose,
    /// It arrives so long after the connection was lost.
    Late(Duration),
}

pub struct Proxy {
    directory: PathBuf,
    url: String,
    network: Arc<Network>,
    accepting: JoinHandle<()>,
}

struct Network {
    stall: watch::Sender<Stall>,
    fault: Mutex<Option<CommitFault>>,
}

/// What is known of a connection by what it said.
#[derive(Default)]
struct Link {
    listens: AtomicBool,
    appends: AtomicBool,
    cut: Notify,
}

impl Proxy {
    /// Stands before the server of a URL.
    pub fn start(url: &str) -> Self {
        let config: Config = url.parse().unwrap();
        let [Host::Unix(server)] = config.get_hosts() else { unreachable!("the server listens on a Unix socket") };
        let server = server.join(".s.PGSQL.5432");
        let directory = std::env::temp_dir().join(format!("cs-proxy-{}", testing::random_id().simple()));
        std::fs::create_dir(&directory).unwrap();
        let listener = UnixListener::bind(directory.join(".s.PGSQL.5432")).unwrap();
        let network = Arc::new(Network { stall: watch::Sender::new(Stall::None), fault: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, server, Arc::clone(&network)));
        let (credentials, rest) = url.split_once('@').unwrap();
        let (_, port_and_database) = rest.rsplit_once(':').unwrap();
        let host = directory.to_str().unwrap().replace('/', "%2F");
        let url = format!("{credentials}@{host}:{port_and_database}");
        Self { directory, url, network, accepting }
    }

    /// The URL by which a store goes through here.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn stall(&self, stall: Stall) {
        self.network.stall.send_replace(stall);
    }

    pub fn fail_next_commit(&self, fault: CommitFault) {
        *self.network.fault.lock().unwrap() = Some(fault);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

async fn accept(listener: UnixListener, server: impl AsRef<Path>, network: Arc<Network>) {
    while let Ok((client, _)) = listener.accept().await {
        // Without a server the connection is refused by being closed.
        let Ok(server) = UnixStream::connect(&server).await else { continue };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let link = Arc::new(Link::default());
        tokio::spawn(ask(from_client, to_server, Arc::clone(&link), Arc::clone(&network)));
        tokio::spawn(answer(from_server, to_client, link, Arc::clone(&network)));
    }
}

async fn ask(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, link: Arc<Link>, network: Arc<Network>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = client.read(&mut buffer).await {
        let said = &buffer[..length];
        let says = |text: &str| said.windows(text.len()).any(|window| window == text.as_bytes());
        link.listens.fetch_or(says("LISTEN"), Ordering::Relaxed);
        link.appends.fetch_or(says("countersign.batch"), Ordering::Relaxed);
        network.until_it_flows(&link).await;
        let commits = link.appends.load(Ordering::Relaxed) && says("COMMIT");
        let fault = if commits { network.fault.lock().unwrap().take() } else { None };
        if let Some(fault) = fault {
            link.cut.notify_one();
            drop(client);
            if let CommitFault::Late(delay) = fault {
                sleep(delay).await;
            }
            if fault != CommitFault::Lose {
                server.write_all(said).await.unwrap();
                // The server is to finish before it finds out that nobody listens.
                sleep(Duration::from_millis(300)).await;
            }
            return;
        }
        if server.write_all(said).await.is_err() {
            break;
        }
    }
    link.cut.notify_one();
}

async fn answer(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, link: Arc<Link>, network: Arc<Network>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = tokio::select! {
            () = link.cut.notified() => break,
            read = server.read(&mut buffer) => match read {
                Ok(length @ 1..) => length,
                _ => return,
            },
        };
        network.until_it_flows(&link).await;
        if client.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
    drop(client);
    while let Ok(1..) = server.read(&mut buffer).await {}
}

impl Network {
    async fn until_it_flows(&self, link: &Link) {
        let listens = || link.listens.load(Ordering::Relaxed);
        let flows = |stall: &Stall| match stall {
            Stall::None => true,
            Stall::Listeners => !listens(),
            Stall::All => false,
        };
        let _ = self.stall.subscribe().wait_for(flows).await;
    }
}
