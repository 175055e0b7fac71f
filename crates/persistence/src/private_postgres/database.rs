//! Databases and roles inside the private server, and their URLs.

use std::path::Path;

use tokio_postgres::{Client, Config, NoTls};

use super::PrivatePostgresError;
use super::credentials::Credentials;

/// The database of the product.
pub(super) const DATABASE: &str = "countersign";
const OWNER: &str = "countersign_owner";
const SERVE: &str = "countersign_serve";
/// PostgreSQL cuts longer names.
const LONGEST_NAME: usize = 63;

/// How to connect to one database in each of the two roles. The URLs contain the passwords.
#[derive(Clone)]
pub struct DatabaseUrls {
    /// The owner of the database, for migrations: not a superuser, may create roles.
    pub owner: String,
    /// The login of a serving process: it may do what the migrations grant it, and row-level security binds it.
    pub serve: String,
}

impl DatabaseUrls {
    pub(super) fn new(socket_dir: &Path, credentials: &Credentials, database: &str) -> Self {
        let host = percent_encode(socket_dir.as_os_str().as_encoded_bytes());
        let url = |role: &str, password: &str| format!("postgres://{role}:{password}@{host}:5432/{database}");
        Self { owner: url(OWNER, &credentials.owner), serve: url(SERVE, &credentials.serve) }
    }
}

/// Opens a connection that closes with its client.
pub(super) async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Creates what is missing of the two roles and the product's database.
pub(super) async fn ensure_defaults(client: &Client, credentials: &Credentials) -> Result<(), PrivatePostgresError> {
    ensure_role(client, OWNER, "CREATEROLE", &credentials.owner).await?;
    ensure_role(client, SERVE, "NOCREATEROLE", &credentials.serve).await?;
    ensure_database(client, DATABASE).await
}

async fn ensure_role(
    client: &Client,
    role: &str,
    attributes: &str,
    password: &str,
) -> Result<(), PrivatePostgresError> {
    if client.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&role]).await?.is_none() {
        let statement =
            format!("CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOBYPASSRLS {attributes} PASSWORD '{password}'");
        client.batch_execute(&statement).await?;
    }
    Ok(())
}

/// Creates the database unless it is there.
pub(super) async fn ensure_database(client: &Client, name: &str) -> Result<(), PrivatePostgresError> {
    if !is_plain(name) {
        return Err(PrivatePostgresError::DatabaseName(name.to_owned()));
    }
    if client.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&name]).await?.is_none() {
        client.batch_execute(&format!("CREATE DATABASE {name} OWNER {OWNER}")).await?;
    }
    Ok(())
}

/// Whether a name means the same in SQL and in a URL, without quotes.
fn is_plain(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn percent_encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;

    #[test]
    fn a_url_leads_back_to_the_socket() {
        let credentials = Credentials { superuser: "aa".into(), owner: "bb".into(), serve: "cc".into() };
        let directory = Path::new("/srv/counter sign, 100%/ü@:?#");
        let urls = DatabaseUrls::new(directory, &credentials, "countersign");
        for (url, user, password) in [(urls.owner, OWNER, b"bb"), (urls.serve, SERVE, b"cc")] {
            let config: Config = url.parse().unwrap();
            assert_eq!(config.get_hosts(), [Host::Unix(directory.into())]);
            assert_eq!((config.get_user(), config.get_dbname()), (Some(user), Some("countersign")));
            assert_eq!(config.get_password(), Some(&password[..]));
        }
    }

    #[test]
    fn only_plain_names_are_accepted() {
        assert!(is_plain("flows_12"));
        for name in ["", "1st", "Flows", "a-b", "a\"b", "ä", &"a".repeat(64)] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
