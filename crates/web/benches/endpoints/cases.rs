//! What is measured: requests made beforehand, and who answers them.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::values::ClientIdentifier;
use countersign_domain::{Client, ClientCommand, OrganizationId, Secret, SecretKind};
use countersign_persistence::{ChangeError, Store, UnitOfWork, testing};
use countersign_web::{WebOptions, password, serve};

use crate::client::Measured;
use crate::floor;
use crate::peer::Peer;

pub const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const WORKERS: usize = 2;
const LIVE_TOKENS: usize = 1_000;
const CHOSEN_SECRET: &str = "a secret that a person chose";
const ASK: &str = "grant_type=client_credentials";

pub struct Case {
    pub name: String,
    pub address: SocketAddr,
    pub requests: Arc<Vec<Vec<u8>>>,
    pub rounds: Vec<Measured>,
}

impl Case {
    fn new(name: impl Into<String>, address: SocketAddr, requests: Vec<Vec<u8>>) -> Self {
        Self { name: name.into(), address, requests: Arc::new(requests), rounds: Vec::new() }
    }
}

/// The identifier and the secret of a client.
pub type Credentials<'a> = (&'a str, &'a str);

/// A server of ours with an organization and clients with secrets of both kinds.
pub struct Ours {
    address: SocketAddr,
    organization: OrganizationId,
    generated: String,
}

impl Ours {
    pub fn credentials(&self) -> Credentials<'_> {
        ("generated", &self.generated)
    }
}

pub async fn serve_ours(store: &Store) -> Ours {
    let options = WebOptions {
        listen: LOOPBACK,
        metrics_listen: None,
        base_url: None,
        workers: WORKERS,
        development: false,
        trusted_proxies: Vec::new(),
    };
    let server = serve(store.clone(), options).await.unwrap();
    let address = server.base_url().strip_prefix("http://").unwrap().parse().unwrap();
    // The server runs until the process ends.
    std::mem::forget(server);
    let organization = testing::create_organization(store, "bench").await.unwrap();
    let generated = register(store, organization, "generated", None).await;
    register(store, organization, "chosen", Some(password::hash(CHOSEN_SECRET).unwrap())).await;
    Ours { address, organization, generated }
}

/// Our endpoints, and the bare handlers beside them.
pub async fn of_ours(ours: &Ours, store: &Store, database: &str) -> Vec<Case> {
    let (address, credentials) = (ours.address, ours.credentials());
    let (token, introspect) = ("/t/bench/oauth2/token", "/t/bench/oauth2/introspect");
    let tokens = live_tokens(address, token, credentials).await;
    let introspections = |path| tokens.iter().map(|token| introspection(path, credentials, token)).collect::<Vec<_>>();
    let bearers = |path| tokens.iter().map(|token| get(path, &format!("Bearer {token}"))).collect::<Vec<_>>();

    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let bare = listener.local_addr().unwrap();
    let request = reqwest::Client::new().post(format!("http://{address}{introspect}"));
    let request = request.basic_auth(credentials.0, Some(credentials.1)).form(&[("token", &tokens[0])]);
    let same_bytes = request.send().await.unwrap().text().await.unwrap();
    floor::serve(listener, WORKERS, same_bytes, database, store, ours.organization).await;

    vec![
        Case::new("bare insert", bare, vec![form("/insert", credentials, ASK)]),
        Case::new("client_credentials", address, vec![form(token, credentials, ASK)]),
        Case::new("client_credentials, chosen secret", address, vec![form(token, ("chosen", CHOSEN_SECRET), ASK)]),
        Case::new("bare answer", bare, introspections("/answer")),
        Case::new("introspection", address, introspections(introspect)),
        Case::new("access-test", address, bearers("/t/bench/access-test")),
        Case::new("forward-auth", address, bearers("/t/bench/forward-auth")),
    ]
}

/// The same requests to a peer: only the paths differ, and the tokens, which are its own.
pub async fn of_peer(peer: &Peer, credentials: Credentials<'_>) -> [Case; 2] {
    let tokens = live_tokens(peer.address, "/token", credentials).await;
    let introspections = tokens.iter().map(|token| introspection("/token/introspection", credentials, token));
    let name = |case| format!("{}: {case}", peer.name);
    [
        Case::new(name("client_credentials"), peer.address, vec![form("/token", credentials, ASK)]),
        Case::new(name("introspection"), peer.address, introspections.collect()),
    ]
}

async fn live_tokens(address: SocketAddr, path: &str, (id, secret): Credentials<'_>) -> Vec<String> {
    let http = reqwest::Client::new();
    let mut tokens = Vec::new();
    for _ in 0..LIVE_TOKENS {
        let request = http.post(format!("http://{address}{path}")).basic_auth(id, Some(secret));
        let answer = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
        let body: serde_json::Value = answer.json().await.unwrap();
        tokens.push(body["access_token"].as_str().unwrap().to_owned());
    }
    tokens
}

async fn register(store: &Store, organization: OrganizationId, client_id: &str, chosen: Option<String>) -> String {
    let work = async |unit: &UnitOfWork| {
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

fn introspection(path: &str, credentials: Credentials<'_>, token: &str) -> Vec<u8> {
    form(path, credentials, &format!("token={token}"))
}

fn form(path: &str, (id, secret): Credentials<'_>, body: &str) -> Vec<u8> {
    let basic = STANDARD.encode(format!("{id}:{secret}"));
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Basic {basic}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn get(path: &str, authorization: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: {authorization}\r\n\r\n").into_bytes()
}
