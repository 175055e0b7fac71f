//! How fast the OAuth endpoints are, beside bare handlers on the same machine: see `docs/performance.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench fails by panicking and answers on the terminal"
)]

mod client;
mod floor;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::Measured;
use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::values::ClientIdentifier;
use countersign_domain::{Client, ClientCommand, Secret, SecretKind};
use countersign_persistence::private_postgres::{Options, PrivatePostgres};
use countersign_persistence::{ChangeError, Store, migrate, testing};
use countersign_web::{WebOptions, password, serve};

const USAGE: &str = "\
cargo bench -p countersign-web --bench endpoints -- [--rounds N] [--seconds S] [--only TEXT]

  --rounds N    how often each case is measured; the median counts (3)
  --seconds S   how long each measurement takes (3)
  --only TEXT   only the cases whose name contains the text";

const WORKERS: usize = 2;
const LIVE_TOKENS: usize = 1_000;
const CHOSEN_SECRET: &str = "a secret that a person chose";

struct Case {
    name: &'static str,
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    rounds: Vec<Measured>,
}

#[tokio::main]
async fn main() {
    let (mut rounds, mut duration, mut only) = (3, Duration::from_secs(3), String::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect(USAGE);
        match argument.as_str() {
            // What cargo itself adds.
            "--bench" => {}
            "--rounds" => rounds = value().parse().unwrap(),
            "--seconds" => duration = Duration::try_from_secs_f64(value().parse().unwrap()).unwrap(),
            "--only" => only = value(),
            _ => {
                println!("{USAGE}");
                return;
            }
        }
    }
    let data_dir = testing::data_dir("bench-endpoints");
    let postgres = PrivatePostgres::start(Options::new(&data_dir).fresh()).await.unwrap();
    let database = postgres.database("countersign");
    migrate::migrate(&database.owner).await.unwrap();
    let store = testing::store(&database);
    let mut cases = cases(&store, &database.serve).await;
    cases.retain(|case| case.name.contains(&only));
    // What is verified slowly is verified once: the first call of each case is not measured.
    for case in &cases {
        client::run(case.address, &Arc::new(vec![case.requests[0].clone()]), Duration::from_millis(100)).await;
    }
    // Every round measures every case, so that whatever slows the machine slows all of them.
    for _ in 0..rounds {
        for case in &mut cases {
            case.rounds.push(client::run(case.address, &case.requests, duration).await);
        }
    }
    report(&cases);
    store.close().await;
    drop(postgres);
    let _ = std::fs::remove_dir_all(data_dir);
    // The servers are of no use any more, and nobody waits for them.
    std::process::exit(0);
}

/// A server of ours with an organization, a client with secrets of both kinds, and live tokens; the bare one beside it.
async fn cases(store: &Store, database: &str) -> Vec<Case> {
    let any_port: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let options = WebOptions {
        listen: any_port,
        metrics_listen: None,
        base_url: None,
        workers: WORKERS,
        development: false,
        trusted_proxies: Vec::new(),
    };
    let server = serve(store.clone(), options).await.unwrap();
    let ours: SocketAddr = server.base_url().strip_prefix("http://").unwrap().parse().unwrap();
    // The server runs until the process ends.
    std::mem::forget(server);
    let organization = testing::create_organization(store, "bench").await.unwrap();
    let generated = register(store, organization, "generated", None).await;
    register(store, organization, "chosen", Some(password::hash(CHOSEN_SECRET).unwrap())).await;

    let ask = |client_id: &str, secret: &str| {
        form("/t/bench/oauth2/token", Some((client_id, secret)), "grant_type=client_credentials")
    };
    let http = reqwest::Client::new();
    let mut tokens = Vec::new();
    for _ in 0..LIVE_TOKENS {
        let request =
            http.post(format!("http://{ours}/t/bench/oauth2/token")).basic_auth("generated", Some(&generated));
        let answer = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
        let body: serde_json::Value = answer.json().await.unwrap();
        tokens.push(body["access_token"].as_str().unwrap().to_owned());
    }
    let introspect = |token: &String| {
        let credentials = Some(("generated", generated.as_str()));
        form("/t/bench/oauth2/introspect", credentials, &format!("token={token}"))
    };
    let bearer = |path: &str| tokens.iter().map(|token| get(path, &format!("Bearer {token}"))).collect::<Vec<_>>();

    let listener = TcpListener::bind(any_port).unwrap();
    let bare = listener.local_addr().unwrap();
    let request =
        http.post(format!("http://{ours}/t/bench/oauth2/introspect")).basic_auth("generated", Some(&generated));
    let same_bytes = request.form(&[("token", &tokens[0])]).send().await.unwrap().text().await.unwrap();
    floor::serve(listener, WORKERS, same_bytes, database, store, organization).await;

    let case = |name, address, requests| Case { name, address, requests: Arc::new(requests), rounds: Vec::new() };
    vec![
        case(
            "bare insert",
            bare,
            vec![form("/insert", Some(("generated", &generated)), "grant_type=client_credentials")],
        ),
        case("client_credentials", ours, vec![ask("generated", &generated)]),
        case("client_credentials, chosen secret", ours, vec![ask("chosen", CHOSEN_SECRET)]),
        case(
            "bare answer",
            bare,
            tokens
                .iter()
                .map(|token| form("/answer", Some(("generated", &generated)), &format!("token={token}")))
                .collect(),
        ),
        case("introspection", ours, tokens.iter().map(introspect).collect()),
        case("access-test", ours, bearer("/t/bench/access-test")),
        case("forward-auth", ours, bearer("/t/bench/forward-auth")),
    ]
}

async fn register(
    store: &Store,
    organization: countersign_domain::OrganizationId,
    client_id: &str,
    chosen: Option<String>,
) -> String {
    let work = async |unit: &countersign_persistence::UnitOfWork| {
        let register = ClientCommand::Register {
            identifier: ClientIdentifier::parse(client_id).unwrap(),
            client_type: ClientType::Confidential,
            third_party: None,
            scopes: Vec::new(),
            redirect_uris: Vec::new(),
        };
        let client = unit.create::<Client>(register).await?;
        let secret = Secret::generate(SecretKind::ClientSecret, unit.services());
        let proof = match &chosen {
            Some(phc) => SecretProof::Chosen { verifier: unit.store_verifier(phc.clone(), None) },
            None => SecretProof::Generated { digest: secret.digest(), last_four: secret.last_four() },
        };
        unit.execute::<Client>(client, ClientCommand::AddSecret { proof, expires_at: None }).await?;
        Ok::<_, ChangeError>(secret.expose().to_owned())
    };
    store.change(&testing::operator(organization), work).await.unwrap()
}

fn form(path: &str, credentials: Option<(&str, &str)>, body: &str) -> Vec<u8> {
    let basic = credentials.map(|(id, secret)| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
    let authorization = basic.map(|value| format!("authorization: {value}\r\n")).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\n{authorization}content-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn get(path: &str, authorization: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: {authorization}\r\n\r\n").into_bytes()
}

fn report(cases: &[Case]) {
    println!("| requests/s, {} connections | median of rounds | median answer |", client::CONNECTIONS);
    println!("|---|---:|---:|");
    for case in cases {
        let (rate, answer) = median(case);
        println!("| {} | {rate:.0} | {:.2} ms |", case.name, answer.as_secs_f64() * 1000.0);
    }
    let rate = |name: &str| cases.iter().find(|case| case.name == name).map(|case| median(case).0);
    println!();
    for (of, to) in [
        ("client_credentials", "bare insert"),
        ("client_credentials, chosen secret", "client_credentials"),
        ("introspection", "bare answer"),
        ("access-test", "introspection"),
        ("forward-auth", "introspection"),
    ] {
        if let (Some(one), Some(other)) = (rate(of), rate(to)) {
            println!("{of} : {to} = {:.2}", one / other);
        }
    }
}

fn median(case: &Case) -> (f64, Duration) {
    let mut rounds = case.rounds.clone();
    rounds.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    let middle = rounds[rounds.len() / 2];
    (middle.per_second, middle.median)
}
