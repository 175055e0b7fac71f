//! Bad input is answered in words, never with a failure of ours, and leaves nothing on the record.

use reqwest::Method;
use serde_json::{Value, json};

use crate::isolation::routes;
use crate::support::{Access, Answer, Tenant, World};

const JSON: &str = "application/json";

struct Bad {
    world: World,
    tenant: Tenant,
    access: Access,
}

impl Bad {
    async fn start() -> Self {
        let world = World::start().await;
        let tenant = world.tenant().await;
        let access = world.access(&tenant, "Initech").await;
        Self { world, tenant, access }
    }

    /// The path of a route, below `/api`.
    fn write_routes(&self) -> Vec<(Method, String)> {
        let mut write = routes()
            .into_iter()
            .filter(|route| route.body(&self.access).is_some())
            .map(|route| (route.method.clone(), route.path_to(&self.tenant.slug, &self.access, "")))
            .collect::<Vec<_>>();
        write.push((Method::POST, "/api/v1/sessions".to_owned()));
        write
    }

    async fn send(&self, method: &Method, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let request = self.world.request(method.clone(), path).bearer_auth(&self.tenant.session);
        self.world.send(request.header("content-type", content_type).body(body)).await
    }

    /// Problem details with the status.
    fn assert_problem(answer: &Answer, statuses: &[u16], case: &str) {
        assert!(statuses.contains(&answer.status), "{case}: {} {}", answer.status, answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{case}");
        assert_eq!(answer.body["status"], answer.status, "{case}");
        for field in ["type", "title", "detail", "request_id"] {
            assert!(!answer.body[field].as_str().unwrap().is_empty(), "{case}: {field}");
        }
        assert_eq!(answer.header("x-request-id"), answer.body["request_id"], "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_what_the_route_reads_are_refused() {
    let bad = Bad::start().await;
    let journal = bad.world.journal(bad.tenant.id).await;
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let huge_string = format!("{{\"name\": \"{}\"}}", "x".repeat(300_000)).into_bytes();
    for (method, path) in bad.write_routes() {
        for (body, statuses) in [
            (&b""[..], &[400][..]),
            (b"{", &[400]),
            (b"null", &[400]),
            (b"[]", &[400]),
            (b"\"text\"", &[400]),
            (b"7", &[400]),
            (b"{} {}", &[400]),
            (b"{\"nonsense\": 1}", &[400]),
            (b"{\"name\": 1e999}", &[400]),
            (b"{\"name\": {\"a\": [1]}}", &[400]),
            (b"{\"active\": \"yes\", \"enabled\": 1, \"expires_at\": 7, \"token\": 1, \"email\": 1}", &[400]),
            (b"{\"version\": -1}", &[400]),
            (b"{\"version\": 123456789012345678901234567890}", &[400]),
            (b"\xff\xfe\x00", &[400]),
            (b"{\"name\": \"\xff\"}", &[400]),
            (b"{\"name\": \"\\ud800\"}", &[400]),
            (&deep, &[400]),
            (&huge_string, &[413]),
        ] {
            let case = format!("{method} {path} {}", String::from_utf8_lossy(&body[..body.len().min(60)]));
            let answer = bad.send(&method, &path, JSON, body.to_vec()).await;
            Bad::assert_problem(&answer, statuses, &case);
        }
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            let answer = bad.send(&method, &path, content_type, b"{}".to_vec()).await;
            Bad::assert_problem(&answer, &[415], &format!("{method} {path} {content_type:?}"));
        }
    }
    assert_eq!(bad.world.journal(bad.tenant.id).await, journal, "bad input left something on the record");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_are_not_acceptable_are_named_by_field() {
    let bad = Bad::start().await;
    let journal = bad.world.journal(bad.tenant.id).await;
    let third_parties = "/third-parties".to_owned();
    let third_party = format!("/third-parties/{}", bad.access.third_party);
    let tokens = format!("{third_party}/tokens");
    let long = "x".repeat(5000);
    let texts = [("empty", ""), ("blank", "  "), ("NUL", "a\u{0}b"), ("control", "a\u{7}b"), ("long", &long)];
    let mut cases: Vec<(Method, &str, Value, &str)> = Vec::new();
    for (_, text) in texts {
        for (method, path) in [(Method::POST, &third_parties), (Method::PATCH, &third_party)] {
            cases.push((method.clone(), path, json!({ "name": text }), "name"));
            for field in ["contact_name", "contact_email", "requirements", "mode", "callback_url"] {
                cases.push((method.clone(), path, json!({ "name": "Fine", field: text }), field));
            }
        }
        cases.push((Method::POST, &tokens, json!({ "expires_at": text }), "expires_at"));
    }
    for (field, text) in [
        ("name", "two\nlines"),
        ("contact_email", "nobody"),
        ("contact_email", "a@b@c"),
        ("contact_email", "🦀"),
        ("mode", "Manual"),
        ("callback_url", "http://partner.example/back"),
        ("callback_url", "javascript:alert(1)"),
        ("callback_url", "https://partner.example/*"),
        ("callback_url", "🦀"),
    ] {
        let mut body = json!({ "name": "Fine" });
        body[field] = text.into();
        cases.push((Method::POST, &third_parties, body.clone(), field));
        cases.push((Method::PATCH, &third_party, body, field));
    }
    for text in [
        "tomorrow",
        "2027-01-31",
        "2027-02-30T00:00:00Z",
        "2020-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "-009999-01-02T00:00:00Z",
        "9999-12-30T00:00:00Z",
        "99999-01-01T00:00:00Z",
        "🦀",
    ] {
        cases.push((Method::POST, &tokens, json!({ "expires_at": text }), "expires_at"));
    }
    for (method, path, body, field) in cases {
        let case = format!("{method} {path} {field}");
        let whole = format!("/api/v1/orgs/{}{path}", bad.tenant.slug);
        let answer = bad.send(&method, &whole, JSON, body.to_string().into_bytes()).await;
        Bad::assert_problem(&answer, &[422], &case);
        assert_eq!(answer.body["type"], "/problems/invalid-fields", "{case}");
        let errors = answer.body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{case}: {errors:?}");
        assert_eq!(errors[0]["field"], field, "{case}");
        assert!(!errors[0]["message"].as_str().unwrap().is_empty(), "{case}");
    }
    assert_eq!(bad.world.journal(bad.tenant.id).await, journal, "bad input left something on the record");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_fields_that_need_another_look_are_named_at_once() {
    let bad = Bad::start().await;
    let body = json!({ "name": "", "contact_email": "x", "callback_url": "x", "mode": "x" });
    let answer = bad.world.post(&bad.tenant, "/third-parties", &body).await;
    let fields = answer.body["errors"].as_array().unwrap().iter().map(|error| error["field"].clone());
    assert_eq!(fields.collect::<Vec<_>>(), ["name", "contact_email", "mode", "callback_url"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_read_strictly() {
    let bad = Bad::start().await;
    for (path, status) in [
        ("third-parties?page=0", 422),
        ("third-parties?page=x", 422),
        ("third-parties?page=99999999999999999999", 422),
        ("third-parties?page_size=0", 422),
        ("third-parties?page_size=201", 422),
        ("third-parties?sort=colour", 422),
        ("third-parties?order=up", 422),
        ("third-parties?enabled=yes", 422),
        ("third-parties?mode=Manual", 422),
        ("third-parties?next_expiry=%00&last_used=%25", 200),
        ("clients?sort=colour", 422),
        ("clients?active=1", 422),
        ("clients?code_created_at=%00&token_created_at=%F0%9F%A6%80&expires_in=%5C&passthru_user=_", 200),
        ("third-parties?nonsense=1", 400),
        ("third-parties?page=1&page=2", 400),
        ("third-parties?q=%00&page=4294967295", 200),
        ("third-parties?q=%F0%9F%A6%80%25_%5C", 200),
        ("audit?before=1&after=1", 422),
        ("audit?before=x", 422),
        ("audit?before=-1", 422),
        ("audit?before=18446744073709551615", 200),
        ("audit?after=18446744073709551615", 200),
        ("audit?limit=0", 422),
        ("audit?limit=1001", 422),
        ("audit?from=yesterday", 422),
        ("audit?from=-009999-01-02T00:00:00Z", 422),
        ("audit?until=9999-12-30T00:00:00Z", 200),
        ("audit?third_party=x", 422),
        ("audit?nonsense=1", 400),
        ("audit?q=%00&actor=%00&event=%00", 200),
        ("audit?q=%F0%9F%A6%80", 200),
        ("organization?nonsense=1", 200),
    ] {
        let answer = bad.world.get(&bad.tenant, &format!("/{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        if status >= 400 {
            Bad::assert_problem(&answer, &[status], path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_methods_are_problems_too() {
    let bad = Bad::start().await;
    for path in ["/api", "/api/", "/api/v2", "/api/v1/nothing", "/api/v1/orgs", "/api/v1/orgs/x/nothing"] {
        let answer = bad.send(&Method::GET, path, JSON, Vec::new()).await;
        Bad::assert_problem(&answer, &[404], path);
    }
    for (method, path, allowed) in [
        (Method::PUT, format!("/api/v1/orgs/{}/third-parties", bad.tenant.slug), "GET, POST"),
        (Method::GET, "/api/v1/sessions".to_owned(), "POST"),
        (Method::POST, "/api/openapi.json".to_owned(), "GET"),
    ] {
        let answer = bad.send(&method, &path, JSON, Vec::new()).await;
        Bad::assert_problem(&answer, &[405], &path);
        assert_eq!(answer.header("allow"), allowed);
    }
}
