//! The demo organizations as they are handed out: logins, clients and a token, the same at every start.

use countersign_domain::{Digest, OrganizationId, Role, Secret, SecretKind};
use countersign_persistence::clock::fill_random;
use serde::{Deserialize, Serialize};

use super::files::Files;
use crate::error::CommandError;
use crate::{password, private_file};

/// Where the demo clients expect their authorization responses.
const REDIRECT_URI: &str = "http://127.0.0.1:9999/callback";
/// What the demo clients may ask for.
const SCOPES: [&str; 2] = ["records:read", "records:write"];

/// All that has to be remembered of the demo data. The database has only digests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Demo {
    /// Acme and Globex.
    pub organizations: Vec<DemoOrganization>,
    /// Who runs this installation; `None` before the first start that made one.
    #[serde(default)]
    pub operator: Option<DemoOperator>,
}

/// An operator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoOperator {
    /// The operators' organization in the database.
    pub id: OrganizationId,
    /// By what the operator signs in.
    #[serde(flatten)]
    pub login: Login,
}

/// A demo organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoOrganization {
    /// Which one it is in the database, once it was created there.
    pub id: Option<OrganizationId>,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// A member of each role.
    #[serde(flatten)]
    pub logins: Logins,
    /// A client that can keep a secret.
    pub client: DemoClient,
    /// A client that can't.
    pub public_client: DemoPublicClient,
    /// The manual token of the third party.
    pub token: String,
}

/// A member of each role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Logins {
    pub owner: Login,
    pub admin: Login,
    pub developer: Login,
    pub auditor: Login,
}

/// By what a member signs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    pub email: String,
    pub password: String,
}

/// A confidential client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoClient {
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    pub scopes: Vec<String>,
}

/// A public client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoPublicClient {
    pub client_id: String,
    pub redirect_uri: String,
}

impl Demo {
    /// What was remembered, or something new that is remembered from now on. Remembered before the database has it: an
    /// interrupted start is made up for by the next, with the same logins.
    pub fn load_or_create(files: &Files) -> Result<Self, CommandError> {
        let file = files.demo();
        if let Some(text) = private_file::read(&file)? {
            return serde_json::from_str(&text).map_err(|error| CommandError::DamagedFile(file, error));
        }
        let organizations = [("acme", "Acme Ltd"), ("globex", "Globex Corporation")].map(new).into();
        let demo = Self { organizations, operator: None };
        demo.save(files)?;
        Ok(demo)
    }

    /// Remembers it.
    pub fn save(&self, files: &Files) -> Result<(), CommandError> {
        let file = files.demo();
        let text =
            serde_json::to_string_pretty(self).map_err(|error| CommandError::DamagedFile(file.clone(), error))?;
        private_file::write(&file, &format!("{text}\n"))
    }
}

impl Logins {
    /// Each with its role and what the person is called.
    pub fn with_roles(&self) -> [(Role, &'static str, &Login); 4] {
        [
            (Role::Owner, "Olivia Owner", &self.owner),
            (Role::Admin, "Adam Admin", &self.admin),
            (Role::Developer, "Dana Developer", &self.developer),
            (Role::Auditor, "Aiden Auditor", &self.auditor),
        ]
    }
}

fn new((slug, name): (&str, &str)) -> DemoOrganization {
    let login =
        |role: Role| Login { email: format!("{}@{slug}.example", role.as_str()), password: password::generate() };
    DemoOrganization {
        id: None,
        slug: slug.to_owned(),
        name: name.to_owned(),
        logins: Logins {
            owner: login(Role::Owner),
            admin: login(Role::Admin),
            developer: login(Role::Developer),
            auditor: login(Role::Auditor),
        },
        client: DemoClient {
            client_id: format!("{slug}-backend"),
            client_secret: secret(SecretKind::ClientSecret),
            redirect_uri: REDIRECT_URI.to_owned(),
            scopes: SCOPES.map(str::to_owned).into(),
        },
        public_client: DemoPublicClient { client_id: format!("{slug}-app"), redirect_uri: REDIRECT_URI.to_owned() },
        token: secret(SecretKind::ManualToken),
    }
}

fn secret(kind: SecretKind) -> String {
    let mut entropy = [0; 32];
    fill_random(&mut entropy);
    Secret::from_entropy(kind, entropy).expose().to_owned()
}

/// What is stored of a secret, and by which people tell it apart.
pub fn digest_and_last_four(secret: &str) -> (Digest, String) {
    let last_four = secret.chars().skip(secret.chars().count().saturating_sub(4)).collect();
    (Digest::of(secret), last_four)
}
