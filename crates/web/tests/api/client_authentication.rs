//! The methods of client authentication (RFC 6749 section 2.3), and where each is taken.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Tenant, World, text};

/// A confidential client and a public one.
struct Setting {
    world: World,
    tenant: Tenant,
    secret: String,
}

impl Setting {
    async fn new() -> Self {
        let world = World::start().await;
        let tenant = world.tenant().await;
        let added = world.post(&tenant, "/clients", &json!({ "client_id": "backend" })).await;
        let public = json!({ "client_id": "native", "type": "public", "redirect_uris": ["http://127.0.0.1/callback"] });
        assert_eq!(world.post(&tenant, "/clients", &public).await.status, 201);
        Self { secret: text(&added.body, "client_secret"), world, tenant }
    }

    fn request(&self, endpoint: &str) -> RequestBuilder {
        self.world.request(Method::POST, &format!("/t/{}/oauth2/{endpoint}", self.tenant.slug))
    }

    async fn refused(&self, request: RequestBuilder) -> (u16, Value) {
        let answer = self.world.send(request).await;
        (answer.status, answer.body["error"].clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_says_who_it_is_in_whichever_way_and_is_let_in_where_that_is_enough() {
    let setting = Setting::new().await;
    let ways = |endpoint: &str| {
        [
            ("in the body", setting.request(endpoint).form(&[("client_id", "native"), ("token", "x")])),
            (
                "with an empty secret in the body",
                setting.request(endpoint).form(&[("client_id", "native"), ("client_secret", ""), ("token", "x")]),
            ),
            (
                "with an empty secret in the header",
                setting.request(endpoint).basic_auth("native", Some("")).form(&[("token", "x")]),
            ),
            (
                "form-encoded in the header",
                setting.request(endpoint).basic_auth("%6eative", Some("")).form(&[("token", "x")]),
            ),
        ]
    };
    for (way, request) in ways("revoke") {
        assert_eq!(setting.world.send(request).await.status, 200, "{way}");
    }
    for (way, request) in ways("token") {
        // It is known who asks: what is missing is another parameter.
        assert_eq!(setting.refused(request).await, (400, json!("invalid_request")), "{way}");
    }
    for (way, request) in ways("introspect") {
        assert_eq!(setting.refused(request).await, (401, json!("invalid_client")), "{way}");
    }
    let credentials = setting.request("token").form(&[("client_id", "native"), ("grant_type", "client_credentials")]);
    assert_eq!(setting.refused(credentials).await, (400, json!("unauthorized_client")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_use_its_own_method_is_refused() {
    let setting = Setting::new().await;
    let secret = setting.secret.as_str();
    for (case, request) in [
        ("a public client with a secret", setting.request("revoke").basic_auth("native", Some(secret))),
        ("a confidential client without one", setting.request("revoke").basic_auth("backend", Some(""))),
        ("nobody", setting.request("revoke").basic_auth("nobody", Some(""))),
        ("no name", setting.request("revoke").basic_auth("", Some(""))),
    ] {
        let answer = setting.refused(request.form(&[("token", "x")])).await;
        assert_eq!(answer, (401, json!("invalid_client")), "{case}");
    }
    for (case, form) in [
        ("a public client with a secret", &[("client_id", "native"), ("client_secret", secret)][..]),
        ("a confidential client without one", &[("client_id", "backend")]),
        ("nobody", &[("client_id", "nobody")]),
        ("a secret alone", &[("client_secret", secret)]),
    ] {
        let request = setting.request("revoke").form(&[form, &[("token", "x")]].concat());
        assert_eq!(setting.refused(request).await, (401, json!("invalid_client")), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_method_a_request() {
    let setting = Setting::new().await;
    let secret = setting.secret.as_str();
    let id = ("client_id", "backend");
    for (case, in_header, form) in [
        ("a secret in both", secret, &[id, ("client_secret", secret)][..]),
        ("a secret in both, named once", secret, &[("client_secret", secret)]),
        ("a secret in the body", "", &[id, ("client_secret", secret)]),
        ("another client in the body", secret, &[("client_id", "native")]),
    ] {
        let request = setting.request("introspect").basic_auth("backend", Some(in_header));
        let answer = setting.refused(request.form(&[form, &[("token", "x")]].concat())).await;
        assert_eq!(answer, (400, json!("invalid_request")), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_that_is_switched_off_is_out() {
    let setting = Setting::new().await;
    let found = setting.world.get(&setting.tenant, "/clients?q=native").await;
    let path = format!("/clients/{}", text(&found.body["items"][0], "id"));
    for (active, status) in [(false, 401), (true, 200)] {
        let changed = setting.world.patch(&setting.tenant, &path, &json!({ "active": active })).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let request = setting.request("revoke").form(&[("client_id", "native"), ("token", "x")]);
        assert_eq!(setting.world.send(request).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_lists_the_methods_of_each_endpoint() {
    let setting = Setting::new().await;
    let path = format!("/.well-known/oauth-authorization-server/t/{}", setting.tenant.slug);
    let metadata = setting.world.send(setting.world.request(Method::GET, &path)).await.body;
    let all = json!(["client_secret_basic", "client_secret_post", "none"]);
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], all);
    assert_eq!(metadata["revocation_endpoint_auth_methods_supported"], all);
    let confidential = json!(["client_secret_basic", "client_secret_post"]);
    assert_eq!(metadata["introspection_endpoint_auth_methods_supported"], confidential);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_each_secret_is_shown() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let added = world.post(&tenant, &format!("/clients/{}/secrets", access.client), &json!({})).await;
    let new = text(&added.body, "client_secret");
    let ask = async |secret: &str| {
        let request = world.request(Method::POST, &format!("/t/{}/oauth2/introspect", tenant.slug));
        world.send(request.basic_auth(&access.client_id, Some(secret)).form(&[("token", "x")])).await.status
    };
    assert_eq!((ask(&new).await, ask(&format!("{}x", access.client_secret)).await), (200, 401));
    // A secret that a person chose, verified and then remembered.
    let body = json!({ "client_id": "chosen", "client_secret": "what a person has chosen" });
    let chosen = text(&world.post(&tenant, "/clients", &body).await.body, "id");
    for _ in 0..2 {
        let request = world.request(Method::POST, &format!("/t/{}/oauth2/introspect", tenant.slug));
        let request = request.basic_auth("chosen", Some("what a person has chosen")).form(&[("token", "x")]);
        assert_eq!(world.send(request).await.status, 200);
    }
    world.store.close().await;
    for path in [format!("/clients/{}", access.client), format!("/third-parties/{}", access.third_party)] {
        let secrets = world.get(&tenant, &path).await.body["secrets"].clone();
        assert_eq!(secrets[0]["last_used_at"], Value::Null, "{path}");
        assert!(secrets[1]["last_used_at"].is_string(), "{path}: {secrets}");
    }
    let shown = world.get(&tenant, &format!("/clients/{chosen}")).await.body;
    assert!(shown["secrets"][0]["last_used_at"].is_string(), "{shown}");
}
