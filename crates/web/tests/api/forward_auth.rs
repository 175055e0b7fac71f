//! What a reverse proxy is told about the token of a request, and what a real nginx makes of it.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use countersign_domain::OrganizationCommand;
use countersign_persistence::testing;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};

use crate::support::{Answer, Tenant, World, text};

const HEADERS: [&str; 6] = [
    "x-countersign-organization",
    "x-countersign-third-party",
    "x-countersign-client",
    "x-countersign-token",
    "x-countersign-scope",
    "x-countersign-kind",
];

/// An access token with the scopes, of a client that belongs to no third party.
async fn access_token(world: &World, tenant: &Tenant, client_id: &str, scopes: &[&str]) -> String {
    let client = world.post(tenant, "/clients", &json!({ "client_id": client_id, "scopes": scopes })).await;
    assert_eq!(client.status, 201, "{}", client.body);
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug));
    let request = request.basic_auth(client_id, Some(text(&client.body, "client_secret")));
    let issued = world.send(request.form(&[("grant_type", "client_credentials")])).await;
    text(&issued.body, "access_token")
}

async fn ask(world: &World, tenant: &Tenant, query: &str, token: &str) -> Answer {
    let path = format!("/t/{}/forward-auth{query}", tenant.slug);
    world.send(world.request(Method::GET, &path).bearer_auth(token)).await
}

fn realm(world: &World, tenant: &Tenant) -> String {
    format!("Bearer realm=\"{}/t/{}\"", world.server.base_url(), tenant.slug)
}

fn assert_tells_nothing(headers: &HeaderMap) {
    assert!(headers.keys().all(|name| !name.as_str().starts_with("x-countersign")), "{headers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_passes_and_its_bearer_is_named_in_headers() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    // The name of a person's choosing stays out of the headers.
    let access = world.access(&tenant, "Initech 🦀").await;
    let path = format!("/t/{}/forward-auth", tenant.slug);
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        let answer = world.send(world.request(method.parse().unwrap(), &path).bearer_auth(&access.token)).await;
        assert_eq!((answer.status, &answer.body), (200, &Value::Null), "{method}");
        let expected = [&tenant.slug, &access.third_party, &access.client_id, &access.token_id, "", "manual"];
        assert_eq!(HEADERS.map(|name| answer.header(name)), expected, "{method}");
        assert!(!answer.headers.contains_key("www-authenticate"));
    }
    world.store.close().await;
    let used = world.get(&tenant, &format!("/third-parties/{}/tokens/{}", access.third_party, access.token_id)).await;
    assert_eq!((&used.body["uses"], &used.body["last_source"]), (&json!(8), &json!("127.0.0.1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_a_third_party_has_no_such_header() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let token = access_token(&world, &tenant, "reader, with a comma", &["payslips:read", "payslips:write"]).await;
    let answer = ask(&world, &tenant, "", &token).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("x-countersign-third-party"));
    assert_eq!(answer.header("x-countersign-client"), "reader, with a comma");
    assert_eq!(answer.header("x-countersign-scope"), "payslips:read payslips:write");
    assert_eq!(answer.header("x-countersign-kind"), "access");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scope_that_is_asked_for_must_be_allowed() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let token = access_token(&world, &tenant, "reader", &["read", "write"]).await;
    for query in ["?scope=read", "?scope=write", "?scope=read%20write", "?scope=write+read", "?scope=read&scope=write"]
    {
        assert_eq!(ask(&world, &tenant, query, &token).await.status, 200, "{query}");
    }
    for query in ["?scope=admin", "?scope=read+admin", "?scope=admin+read", "?scope=read&scope=admin"] {
        let answer = ask(&world, &tenant, query, &token).await;
        assert_eq!((answer.status, &answer.body["error"]), (403, &json!("insufficient_scope")), "{query}");
        let challenge = answer.header("www-authenticate");
        assert!(
            challenge.starts_with(&realm(&world, &tenant)) && challenge.ends_with("scope=\"admin\""),
            "{challenge}"
        );
        assert_tells_nothing(&answer.headers);
    }
    // A requirement that can't be read must not count as none.
    for query in ["?scope", "?scope=", "?scope=+", "?scope=read++write", "?scope=%22", "?scopes=admin", "?Scope=admin"]
    {
        let answer = ask(&world, &tenant, query, &token).await;
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_request")), "{query}");
        assert_tells_nothing(&answer.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gives_no_access_is_challenged_and_told_nothing() {
    let world = World::start().await;
    let (tenant, elsewhere) = (world.tenant().await, world.tenant().await);
    let access = world.access(&tenant, "Initech").await;
    let theirs = world.access(&elsewhere, "Initech").await;
    assert_eq!(ask(&world, &elsewhere, "", &theirs.token).await.status, 200);
    for (token, description) in [
        (theirs.token.as_str(), "The token is well-formed, but this organization never issued it"),
        (access.client_secret.as_str(), "The token is well-formed, but this organization never issued it"),
        (&access.token[..20], "The token is mistyped or incomplete"),
        ("eyJhbGciOiJub25lIn0.e30.", "This is not a token of Countersign"),
    ] {
        let answer = ask(&world, &tenant, "", token).await;
        assert_eq!((answer.status, &answer.body["error"]), (401, &json!("invalid_token")));
        let challenge =
            format!("{}, error=\"invalid_token\", error_description=\"{description}\"", realm(&world, &tenant));
        assert_eq!(answer.header("www-authenticate"), challenge);
        assert_tells_nothing(&answer.headers);
    }
    world.operator(&tenant, OrganizationCommand::Suspend).await;
    let answer = ask(&world, &tenant, "", &access.token).await;
    assert_eq!((answer.status, &answer.body["error_description"]), (401, &json!("The organization is suspended")));
    assert_tells_nothing(&answer.headers);
    assert_eq!(world.send(world.request(Method::GET, "/t/nobody/forward-auth")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_authorization_header_of_the_request_itself_is_read() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let path = format!("/t/{}/forward-auth", tenant.slug);
    let bare = world.request(Method::GET, &path);
    let answer = world.send(bare.try_clone().unwrap()).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, realm(&world, &tenant).as_str()));
    for name in ["X-Original-URI", "X-Original-URL", "X-Forwarded-Uri", "Referer"] {
        let uri = format!("https://api.example.com/payslips?access_token={}", access.token);
        let answer = world.send(bare.try_clone().unwrap().header(name, uri)).await;
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, realm(&world, &tenant).as_str()),
            "{name}"
        );
    }
    let malformed = [
        bare.try_clone().unwrap().header(AUTHORIZATION, "Bearer"),
        bare.try_clone().unwrap().header(AUTHORIZATION, "Bearer a b"),
        bare.try_clone().unwrap().bearer_auth(&access.token).header(AUTHORIZATION, "Bearer b"),
        world.request(Method::GET, &format!("{path}?access_token={}", access.token)).bearer_auth(&access.token),
    ];
    for request in malformed {
        let answer = world.send(request).await;
        assert_eq!((answer.status, &answer.body["error"]), (401, &json!("invalid_request")));
        assert!(answer.header("www-authenticate").contains("error=\"invalid_request\""));
        assert!(!answer.body.to_string().contains(&access.token));
        assert_tells_nothing(&answer.headers);
    }
}

/// An API that answers every request with the headers that reached it.
struct Upstream {
    address: SocketAddr,
    handle: ServerHandle,
}

impl Upstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let app = || App::new().default_service(web::to(async |request: HttpRequest| Self::answer(&request)));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, handle }
    }

    fn answer(request: &HttpRequest) -> HttpResponse {
        let headers = request.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()));
        HttpResponse::Ok().json(headers.collect::<serde_json::Map<String, Value>>())
    }
}

/// The nginx of this test, which ends with it, whether the test passes or not.
struct Nginx {
    process: Child,
    directory: PathBuf,
    url: String,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Replaces what `deploy/forward-auth/nginx.conf` has for the reader to replace; it must be there.
fn with(configuration: &str, example: &str, ours: &str) -> String {
    assert!(configuration.contains(example), "{example} is not in nginx.conf");
    configuration.replace(example, ours)
}

impl Nginx {
    /// One process, so that ending it leaves none behind, which writes to nothing but its own directory.
    const MAIN: &str = "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
                        events { worker_connections 256; }\n\
                        http {\n\
                        access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
                        uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
                        include countersign.conf;\n\
                        }\n";

    async fn start(world: &World, tenant: &Tenant, upstream: &Upstream) -> Self {
        let mut nginx = None;
        // Somebody else may take the port between finding it free and taking it.
        for _ in 0..5 {
            if nginx.is_none() {
                nginx = Self::try_start(world, tenant, upstream).await;
            }
        }
        nginx.unwrap()
    }

    async fn try_start(world: &World, tenant: &Tenant, upstream: &Upstream) -> Option<Self> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/forward-auth/nginx.conf");
        let configuration = fs::read_to_string(example).unwrap();
        let countersign = world.server.base_url().strip_prefix("http://").unwrap();
        let configuration = with(&configuration, "127.0.0.1:8080", countersign);
        let configuration = with(&configuration, "127.0.0.1:9000", &upstream.address.to_string());
        let configuration = with(&configuration, "127.0.0.1:8000", &address.to_string());
        let configuration = with(&configuration, "/t/acme/", &format!("/t/{}/", tenant.slug));

        let directory = testing::data_dir(&format!("nginx-{}", address.port()));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("countersign.conf"), configuration).unwrap();
        fs::write(directory.join("nginx.conf"), Self::MAIN).unwrap();
        // Debian has nginx where only root looks for programs.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let started = Command::new("nginx")
            .env("PATH", path)
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(&directory)
            .stdin(Stdio::null())
            .spawn();
        assert!(started.is_ok(), "`make test` installs nginx: {started:?}");
        let mut nginx = Self { process: started.unwrap(), directory, url: format!("http://{address}") };
        for _ in 0..200 {
            if nginx.process.try_wait().unwrap().is_some() {
                return None;
            }
            if TcpStream::connect(address).is_ok() {
                return Some(nginx);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }

    /// Through nginx to the upstream.
    async fn get(&self, world: &World, path: &str, token: Option<&str>, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = world.http.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }
}

fn challenge(response: &reqwest::Response) -> Vec<&str> {
    response.headers().get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_lets_through_what_countersign_allows_and_nothing_else() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let upstream = Upstream::start();
    let nginx = Nginx::start(&world, &tenant, &upstream).await;
    let realm = realm(&world, &tenant);

    let refused = nginx.get(&world, "/anything", None, &[]).await;
    assert_eq!((refused.status().as_u16(), challenge(&refused)), (401, vec![realm.as_str()]));

    // With underscores too: to many an API they are the same headers.
    let underscored = HEADERS.map(|name| name.replace('-', "_"));
    let names = HEADERS.into_iter().chain(underscored.iter().map(String::as_str));
    let spoofed = names.map(|name| (name, "spoofed")).collect::<Vec<_>>();
    let passed = nginx.get(&world, "/anything?a=b", Some(&access.token), &spoofed).await;
    assert_eq!(passed.status(), 200);
    let seen = passed.json::<Value>().await.unwrap();
    let expected = [&tenant.slug, &access.third_party, &access.client_id, &access.token_id];
    for (name, value) in HEADERS.into_iter().zip(expected) {
        assert_eq!(seen[name], *value, "{name}");
    }
    assert_eq!(seen["x-countersign-kind"], "manual");
    assert!(!seen.to_string().contains("spoofed") && !seen.to_string().contains(&access.token), "{seen}");

    // A header that Countersign does not send is not the caller's to fill in.
    let token = access_token(&world, &tenant, "reader", &["payslips:read"]).await;
    let passed = nginx.get(&world, "/payslips/1", Some(&token), &spoofed).await;
    assert_eq!(passed.status(), 200);
    let seen = passed.json::<Value>().await.unwrap();
    assert_eq!(
        (&seen["x-countersign-client"], &seen["x-countersign-scope"]),
        (&json!("reader"), &json!("payslips:read"))
    );
    assert!(!seen.to_string().contains("spoofed") && seen.get("x-countersign-third-party").is_none(), "{seen}");

    let refused = nginx.get(&world, "/payslips/1", Some(&access.token), &[]).await;
    assert_eq!(refused.status(), 403);
    let challenges = challenge(&refused);
    assert!(challenges.len() == 1 && challenges[0].contains("insufficient_scope"), "{challenges:?}");

    // Nothing that a caller sends makes nginx take Countersign for broken, or gets at what is internal.
    let refused = nginx.get(&world, "/?access_token=x", None, &[("authorization", "Bearer a b")]).await;
    assert_eq!(refused.status(), 401);
    assert!(challenge(&refused)[0].contains("invalid_request"));
    for internal in ["/_countersign", "/_countersign/payslips"] {
        assert_eq!(nginx.get(&world, internal, Some(&access.token), &[]).await.status(), 404);
    }

    let body = "x".repeat(100_000);
    let posted = world.http.post(format!("{}/upload", nginx.url)).bearer_auth(&access.token).body(body);
    assert_eq!(posted.send().await.unwrap().status(), 200, "the body goes to the API, not to Countersign");

    let path = format!("/third-parties/{}/tokens/{}", access.third_party, access.token_id);
    world.patch(&tenant, &path, &json!({ "active": false })).await;
    let refused = nginx.get(&world, "/anything", Some(&access.token), &spoofed).await;
    assert_eq!(refused.status(), 401);
    let expected = format!("{realm}, error=\"invalid_token\", error_description=\"The token is not Active\"");
    assert_eq!(challenge(&refused), [expected.as_str()]);
    world.patch(&tenant, &path, &json!({ "active": true })).await;
    assert_eq!(nginx.get(&world, "/anything", Some(&access.token), &[]).await.status(), 200);
    upstream.handle.stop(false).await;
}
