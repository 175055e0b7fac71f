//! How fast the OAuth endpoints are, beside bare handlers and a peer on the same machine: see `docs/performance.md`.

// The futures of a unit of work nest deeply.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench fails by panicking and answers on the terminal"
)]

mod cases;
mod client;
mod floor;
mod peer;
mod report;

use std::time::Duration;

use countersign_persistence::private_postgres::{Options, PrivatePostgres};
use countersign_persistence::{migrate, testing};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
cargo bench -p countersign-web --bench endpoints -- [--rounds N] [--seconds S] [--only TEXT] [--without-peers]

  --rounds N        how often each case is measured; the median counts (3)
  --seconds S       how long each measurement takes (3)
  --only TEXT       only the cases whose name contains the text
  --without-peers   only what is written in Rust; the peers need Node.js";

const WARM_UP: Duration = Duration::from_secs(1);

struct Settings {
    rounds: usize,
    duration: Duration,
    only: String,
    peers: bool,
}

impl Settings {
    /// `None` when the arguments ask for help, or for something unknown.
    fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut settings = Self { rounds: 3, duration: Duration::from_secs(3), only: String::new(), peers: true };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // What cargo itself adds.
                "--bench" => {}
                "--rounds" => settings.rounds = arguments.next()?.parse().ok()?,
                "--seconds" => settings.duration = Duration::try_from_secs_f64(arguments.next()?.parse().ok()?).ok()?,
                "--only" => settings.only = arguments.next()?,
                "--without-peers" => settings.peers = false,
                _ => return None,
            }
        }
        Some(settings)
    }
}

#[tokio::main]
async fn main() {
    let Some(settings) = Settings::read(std::env::args().skip(1)) else {
        println!("{USAGE}");
        return;
    };
    let data_dir = testing::data_dir("bench-endpoints");
    let postgres = PrivatePostgres::start(Options::new(&data_dir).fresh()).await.unwrap();
    let database = postgres.database("countersign");
    migrate::migrate(&database.owner).await.unwrap();
    let store = testing::store(&database);
    let ours = cases::serve_ours(&store).await;
    let mut peers = Vec::new();
    if settings.peers {
        match peer::runtime() {
            Ok(version) => {
                println!("oidc-provider runs on Node.js {version}.\n");
                peers = peer::start(&postgres, ours.credentials()).await;
            }
            Err(missing) => eprintln!("Without peers: {missing}."),
        }
    }
    let mut cases = cases::of_ours(&ours, &store, &database.serve).await;
    for peer in &peers {
        cases.extend(cases::of_peer(peer, ours.credentials()).await);
    }
    cases.retain(|case| case.name.contains(&settings.only));
    // The first second of each case is not measured: what is verified slowly is verified once, and Node.js compiles what
    // it runs often.
    for case in &cases {
        client::run(case.address, &case.requests, WARM_UP).await;
    }
    // Every round measures every case, so that whatever slows the machine slows all of them.
    for _ in 0..settings.rounds {
        for case in &mut cases {
            case.rounds.push(client::run(case.address, &case.requests, settings.duration).await);
        }
    }
    println!("{}\n{}", report::table(&cases), report::ratios(&cases));
    drop(peers);
    store.close().await;
    drop(postgres);
    let _ = std::fs::remove_dir_all(data_dir);
    // The servers are of no use any more, and nobody waits for them.
    std::process::exit(0);
}
