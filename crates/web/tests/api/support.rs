//! A server, organizations and members to test with, and a client that checks what every answer must keep to.

use std::sync::LazyLock;

use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::values::{ClientIdentifier, EmailAddress, PersonName, RedirectUri, Scope};
use countersign_domain::{
    Client, ClientCommand, MemberId, OrganizationCommand, OrganizationId, Role, Secret, SecretKind,
};
use countersign_persistence::private_postgres::DatabaseUrls;
use countersign_persistence::{ChangeError, Store, sign_in, testing};
use countersign_web::{RunningServer, WebOptions, serve};
use reqwest::header::CACHE_CONTROL;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub const PASSWORD: &str = "correct horse battery staple";

/// A verifier of [`PASSWORD`] that costs nothing: what Argon2id costs is not what is tested here.
pub static VERIFIER: LazyLock<String> = LazyLock::new(|| cheap_verifier(PASSWORD));

/// A verifier that costs nothing.
pub fn cheap_verifier(text: &str) -> String {
    let config = argon2::Config { mem_cost: 16, time_cost: 1, lanes: 1, ..argon2::Config::default() };
    argon2::hash_encoded(text.as_bytes(), b"not-random-salt!", &config).unwrap()
}

/// A running server with its store.
pub struct World {
    pub server: RunningServer,
    pub store: Store,
    pub http: reqwest::Client,
}

/// An organization in which [`Self::session`] is of an owner.
pub struct Tenant {
    pub id: OrganizationId,
    pub slug: String,
    pub email: String,
    pub session: String,
}

/// A third party with all that was shown when it was made.
pub struct Access {
    pub third_party: String,
    /// The record of the client.
    pub client: String,
    pub client_id: String,
    pub client_secret: String,
    /// A member; one that exists, where one was asked for.
    pub member: String,
    pub token_id: String,
    pub token: String,
    /// Something that was asked for; none until a test asks.
    pub job: String,
}

/// The status and the JSON body of an answer.
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// A header's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl World {
    /// Registers a confidential client that may `read` and `write`; answers its secret.
    pub async fn register(&self, tenant: &Tenant, client_id: &str, redirect_uris: &[&str]) -> String {
        self.store
            .change(&testing::operator(tenant.id), async |unit| {
                let register = ClientCommand::Register {
                    identifier: ClientIdentifier::parse(client_id).unwrap(),
                    client_type: ClientType::Confidential,
                    third_party: None,
                    scopes: ["read", "write"].map(|scope| Scope::parse(scope).unwrap()).into(),
                    redirect_uris: redirect_uris.iter().map(|uri| RedirectUri::parse(uri).unwrap()).collect(),
                };
                let client = unit.create::<Client>(register).await?;
                let secret = Secret::generate(SecretKind::ClientSecret, unit.services());
                let proof = SecretProof::Generated { digest: secret.digest(), last_four: secret.last_four() };
                unit.execute::<Client>(client, ClientCommand::AddSecret { proof, expires_at: None }).await?;
                Ok::<_, ChangeError>(secret.expose().to_owned())
            })
            .await
            .unwrap()
    }

    /// A server on the database that the tests share.
    pub async fn start() -> Self {
        Self::start_on(testing::database().await).await
    }

    /// A server on a database of its own.
    pub async fn start_on(database: &DatabaseUrls) -> Self {
        let store = testing::store(database);
        let any_port = "127.0.0.1:0".parse().unwrap();
        let options = WebOptions {
            listen: any_port,
            metrics_listen: Some(any_port),
            base_url: None,
            workers: 2,
            development: false,
            trusted_proxies: Vec::new(),
        };
        let server = serve(store.clone(), options).await.unwrap();
        Self { server, store, http: reqwest::Client::new() }
    }

    /// An organization with an owner who has signed in.
    pub async fn tenant(&self) -> Tenant {
        let slug = format!("org-{}", testing::random_id().simple());
        let id = testing::create_organization(&self.store, &slug).await.unwrap();
        let email = format!("owner@{slug}.example");
        self.member(id, &email, Role::Owner).await;
        let session = self.sign_in(&email).await;
        Tenant { id, slug, email, session }
    }

    /// A member who signs in by [`PASSWORD`].
    pub async fn member(&self, organization: OrganizationId, email: &str, role: Role) -> MemberId {
        let (email, name) = (EmailAddress::parse(email).unwrap(), PersonName::parse("Ada Example").unwrap());
        let context = testing::operator(organization);
        sign_in::add_member(&self.store, &context, email, name, role, Some(VERIFIER.clone())).await.unwrap()
    }

    /// The bearer token of a new session.
    pub async fn sign_in(&self, email: &str) -> String {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.send(self.request(Method::POST, "/api/v1/sessions").json(&body)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["session_token"].as_str().unwrap().to_owned()
    }

    /// A third party that is Enabled and has a token.
    pub async fn access(&self, tenant: &Tenant, name: &str) -> Access {
        let added = self.post(tenant, "/third-parties", &json!({ "name": name })).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let third_party = text(&added.body, "id");
        let path = format!("/third-parties/{third_party}");
        let issued = self.post(tenant, &format!("{path}/tokens"), &json!({})).await;
        assert_eq!(issued.status, 201, "{}", issued.body);
        let enabled = self.patch(tenant, &path, &json!({ "enabled": true })).await;
        assert_eq!(enabled.status, 200, "{}", enabled.body);
        let client_id = text(&added.body, "client_id");
        let client = self.store.directory().client_by_identifier(tenant.id, &client_id).await.unwrap().unwrap();
        Access {
            third_party,
            client: client.id.to_string(),
            client_id,
            client_secret: text(&added.body, "client_secret"),
            member: testing::random_id().to_string(),
            token_id: text(&issued.body, "id"),
            token: text(&issued.body, "token"),
            job: testing::random_id().to_string(),
        }
    }

    /// Exports the timeline; answers the job once it is done.
    pub async fn finished_job(&self, tenant: &Tenant) -> String {
        let asked = self.post(tenant, "/audit/exports", &json!({ "format": "ndjson" })).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        let job = text(&asked.body, "id");
        loop {
            let answer = self.get(tenant, &format!("/jobs/{job}")).await;
            match answer.body["state"].as_str() {
                Some("queued" | "running") => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                state => {
                    assert_eq!(state, Some("done"), "{}", answer.body);
                    return job;
                }
            }
        }
    }

    /// What a route of this path needs to succeed.
    pub async fn access_for(&self, tenant: &Tenant, path: &str, name: &str) -> Access {
        let access = self.access_and_member(tenant, name).await;
        let job = if path.contains("{job}") { self.finished_job(tenant).await } else { access.job };
        Access { job, ..access }
    }

    /// The same with a member beside it.
    pub async fn access_and_member(&self, tenant: &Tenant, name: &str) -> Access {
        let access = self.access(tenant, name).await;
        let email = format!("{}@{}.example", access.token_id, tenant.slug);
        Access { member: self.member(tenant.id, &email, Role::Auditor).await.to_string(), ..access }
    }

    /// A request to this server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.server.base_url()))
    }

    /// Sends a request and reads its answer as JSON, whatever the status.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Self::read(request.send().await.unwrap()).await
    }

    async fn read(response: Response) -> Answer {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        assert_eq!(headers.get(CACHE_CONTROL).map(|value| value.to_str().unwrap()), Some("no-store"), "{text}");
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Answer { status, body, headers }
    }

    /// `GET` below `/api/v1/orgs/{org}`.
    pub async fn get(&self, tenant: &Tenant, path: &str) -> Answer {
        self.call(tenant, Method::GET, path, None).await
    }

    /// `POST` below `/api/v1/orgs/{org}`.
    pub async fn post(&self, tenant: &Tenant, path: &str, body: &Value) -> Answer {
        self.call(tenant, Method::POST, path, Some(body)).await
    }

    /// `PATCH` below `/api/v1/orgs/{org}`.
    pub async fn patch(&self, tenant: &Tenant, path: &str, body: &Value) -> Answer {
        self.call(tenant, Method::PATCH, path, Some(body)).await
    }

    /// `DELETE` below `/api/v1/orgs/{org}`.
    pub async fn delete(&self, tenant: &Tenant, path: &str) -> Answer {
        self.call(tenant, Method::DELETE, path, None).await
    }

    async fn call(&self, tenant: &Tenant, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, &format!("/api/v1/orgs/{}{path}", tenant.slug)).bearer_auth(&tenant.session);
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// The third party's own test of its access.
    pub async fn access_test(&self, slug: &str, token: &str) -> Answer {
        self.send(self.request(Method::GET, &format!("/t/{slug}/access-test")).bearer_auth(token)).await
    }

    /// Suspends or resumes.
    pub async fn operator(&self, tenant: &Tenant, command: OrganizationCommand) {
        testing::command_organization(&self.store, tenant.id, command).await.unwrap();
    }

    /// The types of the events in an organization's journal, oldest first.
    pub async fn journal(&self, organization: OrganizationId) -> Vec<String> {
        let sql = "SELECT event_type FROM events ORDER BY position";
        let rows = self.store.pool().read(organization, sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// A field of a JSON document, which must be text.
pub fn text(body: &Value, field: &str) -> String {
    assert!(body[field].is_string(), "no {field} in {body}");
    body[field].as_str().unwrap_or_default().to_owned()
}
