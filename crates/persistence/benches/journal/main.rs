//! How fast the journal is, beside what PostgreSQL itself can do on this machine: see `docs/performance.md`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench fails by panicking and answers on the terminal")]

mod floor;
mod load;
mod report;

use std::time::Duration;

use countersign_persistence::private_postgres::{DatabaseUrls, Options, PrivatePostgres};
use countersign_persistence::{migrate, testing};

use load::Tenants;
use report::{Measured, Report};

const USAGE: &str = "\
cargo bench -p countersign-persistence --bench journal -- [--rounds N] [--seconds S] [--only TEXT]

  --rounds N    how often each case is measured; the median counts (3)
  --seconds S   how long each measurement takes (2)
  --only TEXT   only the cases whose name contains the text
  --database U  measure the empty database with this URL, as its owner, rather than a private server";

const CALLERS: [usize; 4] = [1, 16, 64, 256];
const ORGANIZATIONS: usize = 1_000;

struct Settings {
    rounds: usize,
    duration: Duration,
    only: String,
    database: Option<String>,
}

impl Settings {
    /// `None` when the arguments ask for help, or for something unknown.
    fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut settings = Self { rounds: 3, duration: Duration::from_secs(2), only: String::new(), database: None };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // What cargo itself adds.
                "--bench" => {}
                "--rounds" => settings.rounds = arguments.next()?.parse().ok()?,
                "--seconds" => settings.duration = Duration::try_from_secs_f64(arguments.next()?.parse().ok()?).ok()?,
                "--only" => settings.only = arguments.next()?,
                "--database" => settings.database = Some(arguments.next()?),
                _ => return None,
            }
        }
        Some(settings)
    }
}

#[derive(Clone, Copy)]
enum Case {
    Journal { callers: usize, tenants: Tenants },
    PostgreSql { connections: usize, rows: usize },
}

impl Case {
    fn all() -> Vec<Self> {
        let journal = [Tenants::One, Tenants::Many]
            .into_iter()
            .flat_map(|tenants| CALLERS.map(|callers| Self::Journal { callers, tenants }));
        // 32 rows are about what 64 callers fill a batch with: who is answered by one batch comes back during the next.
        let floors = [(1, 1), (1, 32), (1, 128), (2, 128)];
        let floors = floors.map(|(connections, rows)| Self::PostgreSql { connections, rows });
        floors.into_iter().chain(journal).collect()
    }

    fn name(self) -> String {
        match self {
            Self::Journal { callers, tenants } => {
                let organizations = match tenants {
                    Tenants::One => "1 organization".to_owned(),
                    Tenants::Many => format!("{ORGANIZATIONS} organizations"),
                };
                format!("journal, {organizations}, {callers} callers")
            }
            Self::PostgreSql { connections, rows } => {
                format!("PostgreSQL alone, {rows}-row transactions, {connections} connection(s)")
            }
        }
    }
}

#[tokio::main]
async fn main() {
    let Some(settings) = Settings::read(std::env::args().skip(1)) else {
        println!("{USAGE}");
        return;
    };
    let data_dir = testing::data_dir("bench");
    let (private, database) = if let Some(url) = settings.database.clone() {
        (None, DatabaseUrls { owner: url.clone(), serve: url })
    } else {
        let postgres = PrivatePostgres::start(Options::new(&data_dir).fresh()).await.unwrap();
        let database = postgres.database("countersign");
        (Some(postgres), database)
    };
    migrate::migrate(&database.owner).await.unwrap();
    let store = testing::store(&database);
    let organizations = load::organizations(&store, ORGANIZATIONS).await;
    let template = floor::Template::read(&store, organizations[0]).await;

    let cases = Case::all().into_iter().filter(|case| case.name().contains(&settings.only)).collect::<Vec<_>>();
    let mut report = Report::new(cases.iter().map(|case| case.name()).collect());
    // Every round measures every case, so that whatever slows the machine or the growing tables slows all of them.
    for _ in 0..settings.rounds {
        for (number, case) in cases.iter().enumerate() {
            let measured = match *case {
                Case::Journal { callers, tenants } => {
                    load::run(&store, tenants.of(&organizations), callers, settings.duration).await
                }
                Case::PostgreSql { connections, rows } => {
                    floor::run(&database.serve, &template, connections, rows, settings.duration).await
                }
            };
            report.add(number, measured);
        }
    }
    println!("{}", report.table());
    for (claim, figure) in report.ratios() {
        println!("{claim}: {figure:.2}");
    }
    store.close().await;
    drop(private);
    let _ = std::fs::remove_dir_all(data_dir);
}

/// The median and the 99th percentile of what one operation took.
fn percentiles(mut latencies: Vec<Duration>) -> (Duration, Duration) {
    latencies.sort_unstable();
    let at = |share: usize| latencies.get((latencies.len() * share / 100).min(latencies.len().saturating_sub(1)));
    (at(50).copied().unwrap_or_default(), at(99).copied().unwrap_or_default())
}

fn measured(latencies: Vec<Duration>, rows: usize, elapsed: Duration) -> Measured {
    let count = u32::try_from(latencies.len() * rows).unwrap_or(u32::MAX);
    let (median, slow) = percentiles(latencies);
    Measured { per_second: f64::from(count) / elapsed.as_secs_f64(), median, slow }
}
