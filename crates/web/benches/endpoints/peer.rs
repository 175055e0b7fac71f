//! Another authorization server to compare with: oidc-provider on Node.js, see `benches/peers`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use countersign_persistence::private_postgres::PrivatePostgres;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::cases::Credentials;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers");
const UNTIL_SERVING: Duration = Duration::from_secs(30);

/// A running peer, with the client of the bench and no other. Dropping it ends it.
pub struct Peer {
    pub name: &'static str,
    pub address: SocketAddr,
    _process: Child,
}

/// The version of Node.js, or what is missing.
pub fn runtime() -> Result<String, &'static str> {
    let node = std::process::Command::new("node").arg("--version").output();
    let version = node.map_err(|_| "Node.js is not installed")?.stdout;
    if !Path::new(DIRECTORY).join("node_modules").exists() {
        return Err("their packages are missing; npm ci in crates/web/benches/peers installs them");
    }
    Ok(String::from_utf8_lossy(&version).trim().to_owned())
}

/// Starts each form of the peer, the durable one in a database of its own on our PostgreSQL server.
pub async fn start(postgres: &PrivatePostgres, credentials: Credentials<'_>) -> Vec<Peer> {
    let database = postgres.create_database("oidc_provider").await.unwrap().owner;
    let mut peers = Vec::new();
    for (name, form) in [("oidc-provider in memory", "memory"), ("oidc-provider on PostgreSQL", "postgresql")] {
        let mut process = Command::new("node")
            .args(["server.js", form])
            .current_dir(DIRECTORY)
            .envs([("NODE_ENV", "production"), ("DATABASE_URL", &database)])
            .envs([("CLIENT_ID", credentials.0), ("CLIENT_SECRET", credentials.1)])
            // It ends when its input does, even if this process has no time to kill it.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(UNTIL_SERVING, lines.next_line()).await.expect("the peer serves soon");
        let address = line.unwrap().expect("the peer serves").parse().unwrap();
        peers.push(Peer { name, address, _process: process });
    }
    peers
}
