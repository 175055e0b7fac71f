//! API keys: clients whose access tokens open the API, within their scopes.

use countersign_domain::{ApiScope, OrganizationCommand, Right, Rights, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::isolation::{Route, routes, secret_id};
use crate::support::{Access, Answer, Tenant, World, text};

/// An API key with what was shown when it was made.
struct Key {
    id: String,
    client_id: String,
    secret: String,
}

impl Key {
    async fn new(world: &World, tenant: &Tenant, scopes: &[&str]) -> Self {
        let body = json!({ "api_access": true, "scopes": scopes });
        let added = world.post(tenant, "/clients", &body).await;
        assert_eq!(added.status, 201, "{}", added.body);
        assert_eq!(added.body["grant_types"], json!(["client_credentials"]));
        Self::of(&added.body)
    }

    fn of(added: &Value) -> Self {
        Self { id: text(added, "id"), client_id: text(added, "client_id"), secret: text(added, "client_secret") }
    }

    async fn token(&self, world: &World, tenant: &Tenant) -> String {
        let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug));
        let form = [("grant_type", "client_credentials")];
        let answer = world.send(request.basic_auth(&self.client_id, Some(&self.secret)).form(&form)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        text(&answer.body, "access_token")
    }
}

async fn get(world: &World, slug: &str, path: &str, token: &str) -> Answer {
    world.send(world.request(Method::GET, &format!("/api/v1/orgs/{slug}{path}")).bearer_auth(token)).await
}

async fn call(world: &World, tenant: &Tenant, route: &Route, access: &Access, token: &str) -> Answer {
    let secret = secret_id(world, tenant, access).await;
    let path = route.path_to(&tenant.slug, access, &secret);
    let request = world.request(route.method.clone(), &path).bearer_auth(token);
    world.send(if let Some(body) = route.body(access) { request.json(&body) } else { request }).await
}

/// Who did what was put on the record after a position.
async fn actors(world: &World, tenant: &Tenant, after: usize) -> Vec<String> {
    let sql = "SELECT coalesce(actor_id::text, '') FROM events WHERE position > $1 ORDER BY position";
    let rows = world.store.pool().read(tenant.id, sql, &[&i64::try_from(after).unwrap()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_may_do_what_its_scopes_say_and_nothing_else() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for scope in ApiScope::ALL {
        let rights = Rights::of_scopes(&[scope.as_str().to_owned()]);
        let key = Key::new(&world, &tenant, &[scope.as_str()]).await;
        let token = key.token(&world, &tenant).await;
        for route in routes() {
            // Fresh for every route: some of them end what they are given.
            let name = format!("For {} {} {}", scope.as_str(), route.method, route.path).replace(['{', '}'], "");
            let access = world.access_for(&tenant, &route.path, &name).await;
            let before = world.journal(tenant.id).await.len();
            let answer = call(&world, &tenant, &route, &access, &token).await;
            let right = Right::ALL.into_iter().find(|right| format!("{right:?}") == route.right).unwrap();
            let name = format!("{name}: {}", answer.body);
            assert!(route.statuses.contains(&answer.status), "undocumented status {}: {name}", answer.status);
            let made = actors(&world, &tenant, before).await;
            if rights.allow(right) {
                assert!((200..300).contains(&answer.status), "{name}");
                assert!(made.iter().all(|actor| *actor == key.id), "{name}: {made:?}");
                // The token of the route is Active already, the member has neither sessions nor codes, and that a job is
                // over is not on the record.
                let no_changes = ["/access-test", "{token}", "/end-sessions", "/reset-sign-in-codes", "/jobs/{job}"];
                let is_revocation = route.method == Method::DELETE && route.path.ends_with("{token}");
                let is_no_change = !is_revocation && no_changes.iter().any(|end| route.path.ends_with(end));
                let changes = route.method != Method::GET && !is_no_change;
                assert_eq!(!made.is_empty(), changes, "{name}: {made:?}");
                continue;
            }
            assert_eq!((answer.status, made.len()), (403, 0), "{name}");
            let challenge = answer.header("www-authenticate");
            match ApiScope::giving(right) {
                Some(missing) => {
                    assert_eq!(answer.body["type"], "/problems/insufficient-scope", "{name}");
                    let expected = format!("error=\"insufficient_scope\", scope=\"{}\"", missing.as_str());
                    assert!(challenge.ends_with(&expected), "{name}: {challenge}");
                }
                None => assert_eq!(answer.body["type"], "/problems/members-only", "{name}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_its_own_organization_alone() {
    let world = World::start().await;
    let (ours, theirs) = (world.tenant().await, world.tenant().await);
    let all = ApiScope::ALL.map(ApiScope::as_str);
    let token = Key::new(&world, &ours, &all).await.token(&world, &ours).await;
    let our_access = world.access(&ours, "Initech").await;
    let before = world.journal(theirs.id).await;
    for route in routes() {
        let secret = secret_id(&world, &ours, &our_access).await;
        let mut answers = Vec::new();
        for slug in [theirs.slug.as_str(), "nobody"] {
            let path = route.path_to(slug, &our_access, &secret);
            let request = world.request(route.method.clone(), &path).bearer_auth(&token);
            let mut answer =
                world.send(if let Some(body) = route.body(&our_access) { request.json(&body) } else { request }).await;
            assert_eq!((answer.status, &answer.body["type"]), (401, &json!("/problems/invalid-token")), "{path}");
            assert!(answer.header("www-authenticate").ends_with("error=\"invalid_token\""), "{path}");
            answer.body.as_object_mut().unwrap().remove("request_id");
            answers.push(answer.body);
        }
        assert_eq!(answers[0], answers[1], "{} {}", route.method, route.path);
    }
    assert_eq!(world.journal(theirs.id).await, before);
    // Their things are not in ours.
    let their_access = world.access(&theirs, "Initech").await;
    let path = format!("/third-parties/{}", their_access.third_party);
    assert_eq!(get(&world, &ours.slug, &path, &token).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_of_ordinary_clients_open_nothing_whatever_they_are_called() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let body = json!({ "scopes": ["audit:read", "settings:manage"] });
    let added = world.post(&tenant, "/clients", &body).await;
    assert_eq!((added.status, &added.body["api_access"]), (201, &json!(false)), "{}", added.body);
    let client = Key::of(&added.body);
    let token = client.token(&world, &tenant).await;
    let refused = get(&world, &tenant.slug, "/audit", &token).await;
    assert_eq!((refused.status, &refused.body["type"]), (401, &json!("/problems/invalid-token")));
    // As an API key it has the scopes that it was given as one, and its older tokens no more than those.
    let path = format!("/clients/{}", client.id);
    let api_key = json!({ "api_access": true, "scopes": ["audit:read"] });
    let changed = world.patch(&tenant, &path, &api_key).await;
    assert_eq!((changed.status, &changed.body["api_access"]), (200, &json!(true)), "{}", changed.body);
    assert_eq!(get(&world, &tenant.slug, "/audit", &token).await.status, 200);
    assert_eq!(get(&world, &tenant.slug, "/settings", &token).await.status, 403);
    assert_eq!(world.patch(&tenant, &path, &json!({ "api_access": false })).await.status, 200);
    assert_eq!(get(&world, &tenant.slug, "/audit", &token).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_key_got_for_itself_opens_the_api() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let key = json!({ "api_access": true, "scopes": ["third-parties:read"], "grant_types": ["client_credentials"] });
    assert_eq!(world.patch(&tenant, &format!("/clients/{}", access.client), &key).await.status, 200);
    assert_eq!(get(&world, &tenant.slug, "/third-parties", &access.token).await.status, 401, "a manual token");
    let key = Key { id: access.client, client_id: access.client_id, secret: access.client_secret };
    let token = key.token(&world, &tenant).await;
    assert_eq!(get(&world, &tenant.slug, "/third-parties", &token).await.status, 200);
    let mistyped = format!("{}x", &token[..token.len() - 1]);
    for other in [mistyped.as_str(), key.secret.as_str(), "nonsense", ""] {
        assert_eq!(get(&world, &tenant.slug, "/third-parties", other).await.status, 401, "{other}");
    }
    // Pages know sessions alone.
    for request in [
        world.request(Method::GET, &format!("/o/{}/third-parties", tenant.slug)).bearer_auth(&token),
        world
            .request(Method::GET, &format!("/o/{}/third-parties", tenant.slug))
            .header("cookie", format!("countersign={token}")),
    ] {
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = browser.execute(request.build().unwrap()).await.unwrap();
        assert_eq!(answer.status(), 303);
        assert!(answer.headers()["location"].to_str().unwrap().starts_with("/login"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_from_a_key_is_taken_from_the_next_call() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let body = json!({
        "api_access": true, "scopes": ["third-parties:manage", "audit:read"], "third_party": access.third_party
    });
    let added = world.post(&tenant, "/clients", &body).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let key = Key::of(&added.body);
    let token = key.token(&world, &tenant).await;
    let (client, third_party) = (format!("/clients/{}", key.id), format!("/third-parties/{}", access.third_party));
    let reads = async || get(&world, &tenant.slug, "/third-parties", &token).await.status;
    assert_eq!(reads().await, 200);
    for (path, off, on) in [
        (&client, json!({ "active": false }), json!({ "active": true })),
        (&third_party, json!({ "enabled": false }), json!({ "enabled": true })),
    ] {
        assert_eq!(world.patch(&tenant, path, &off).await.status, 200);
        assert_eq!(reads().await, 401, "{off}");
        assert_eq!(world.patch(&tenant, path, &on).await.status, 200);
        assert_eq!(reads().await, 200, "{on}");
    }
    world.operator(&tenant, OrganizationCommand::Suspend).await;
    assert_eq!(reads().await, 401);
    world.operator(&tenant, OrganizationCommand::Resume).await;
    // Managing includes reading; without it the token, whose scope it was, may still what is left.
    let left = json!({ "scopes": ["third-parties:read"] });
    assert_eq!(world.patch(&tenant, &client, &left).await.status, 200);
    assert_eq!(reads().await, 200);
    let add = world.request(Method::POST, &format!("/api/v1/orgs/{}/third-parties", tenant.slug));
    let refused = world.send(add.bearer_auth(&token).json(&json!({ "name": "Globex" }))).await;
    assert_eq!(refused.body["type"], "/problems/insufficient-scope");
    assert_eq!(get(&world, &tenant.slug, "/audit", &token).await.status, 403);
    assert_eq!(world.delete(&tenant, &client).await.status, 204);
    assert_eq!(reads().await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_by_rights_through_a_key() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let owners = Key::new(&world, &tenant, &["members:manage", "audit:read"]).await;
    // The client of a third party, whose secrets are given on the third party's address too.
    let of_third_party = json!({
        "api_access": true, "scopes": ["settings:manage"], "grant_types": ["client_credentials"]
    });
    assert_eq!(world.patch(&tenant, &format!("/clients/{}", access.client), &of_third_party).await.status, 200);
    let email = format!("admin@{}.example", tenant.slug);
    world.member(tenant.id, &email, Role::Admin).await;
    let admin = Tenant { session: world.sign_in(&email).await, slug: tenant.slug.clone(), email, id: tenant.id };
    let managing = Key::new(&world, &tenant, &["third-parties:manage"]).await.token(&world, &tenant).await;
    let by_key = Tenant { session: managing, slug: tenant.slug.clone(), email: String::new(), id: tenant.id };
    let before = world.journal(tenant.id).await;
    for (caller, beyond) in [(&admin, "members:manage"), (&by_key, "audit:read")] {
        let new = json!({ "api_access": true, "scopes": ["third-parties:read", beyond] });
        let added = world.post(caller, "/clients", &new).await;
        assert_eq!((added.status, &added.body["type"]), (403, &json!("/problems/beyond-own-rights")), "{}", added.body);
        assert_eq!(added.body["errors"][0]["field"], "scopes");
        for path in
            [format!("/clients/{}/secrets", owners.id), format!("/third-parties/{}/secrets", access.third_party)]
        {
            let secret = world.post(caller, &path, &json!({})).await;
            assert_eq!((secret.status, &secret.body["type"]), (403, &json!("/problems/beyond-own-rights")), "{path}");
        }
        let wider = json!({ "scopes": ["members:manage", "audit:read", "settings:manage"] });
        let changed = world.patch(caller, &format!("/clients/{}", owners.id), &wider).await;
        assert_eq!(changed.status, 403, "{}", changed.body);
    }
    assert_eq!(world.journal(tenant.id).await, before, "a refused request left something on the record");
    // Within their own rights they can, and take from what an owner gave.
    let admins = Key::new(&world, &admin, &["third-parties:manage", "audit:read", "settings:read"]).await;
    assert_eq!(world.post(&admin, &format!("/clients/{}/secrets", admins.id), &json!({})).await.status, 201);
    Key::new(&world, &by_key, &["third-parties:read"]).await;
    let narrower = json!({ "scopes": ["members:manage"] });
    assert_eq!(world.patch(&admin, &format!("/clients/{}", owners.id), &narrower).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_api_key_is_refused_by_field() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for (change, field) in [
        (json!({ "scopes": ["records:read"] }), "scopes"),
        (json!({ "scopes": [] }), "scopes"),
        (json!({ "type": "public" }), "api_access"),
        (json!({ "grant_types": ["authorization_code", "client_credentials"] }), "grant_types"),
    ] {
        let mut body = json!({ "api_access": true, "scopes": ["audit:read"] });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = world.post(&tenant, "/clients", &body).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!(field)), "{}", refused.body);
    }
    assert_eq!(world.get(&tenant, "/clients").await.body["total"], 0);
}
