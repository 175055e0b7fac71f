//! OAuth clients by the API, and what their settings and secrets mean at the token endpoint.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Tenant, World, text};

async fn token(world: &World, tenant: &Tenant, client_id: &str, secret: &str) -> Answer {
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug));
    world.send(request.basic_auth(client_id, Some(secret)).form(&[("grant_type", "client_credentials")])).await
}

async fn add(world: &World, tenant: &Tenant, body: &Value) -> Answer {
    let added = world.post(tenant, "/clients", body).await;
    assert_eq!(added.status, 201, "{}", added.body);
    added
}

fn fields(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 422, "{}", answer.body);
    answer.body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_registered_with_what_it_may_do_and_shown_without_its_secret() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let body = json!({
        "client_id": "partner", "redirect_uris": ["https://partner.example/callback"], "scopes": ["read", "write"],
        "grant_types": ["client_credentials"], "expires_in": 600, "pkce_required": false, "may_introspect": true,
    });
    let added = add(&world, &tenant, &body).await;
    let secret = text(&added.body, "client_secret");
    assert!(secret.starts_with("cs_sk_"));
    let path = format!("/clients/{}", text(&added.body, "id"));
    let shown = world.get(&tenant, &path).await;
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&shown.body[name], value, "{name}");
    }
    assert_eq!((&shown.body["type"], &shown.body["active"]), (&json!("confidential"), &json!(true)));
    assert!(!shown.body.to_string().contains(&secret));
    let issued = token(&world, &tenant, "partner", &secret).await;
    assert_eq!((&issued.body["expires_in"], &issued.body["scope"]), (&json!(600), &json!("read write")));

    let changed = world.patch(&tenant, &path, &json!({ "scopes": ["read"], "expires_in": null })).await;
    assert_eq!((changed.status, &changed.body["expires_in"]), (200, &Value::Null), "{}", changed.body);
    let issued = token(&world, &tenant, "partner", &secret).await;
    assert_eq!((&issued.body["expires_in"], &issued.body["scope"]), (&json!(3600), &json!("read")));
    let events = world.journal(tenant.id).await.len();
    world.patch(&tenant, &path, &json!({ "scopes": ["read"] })).await;
    assert_eq!(world.journal(tenant.id).await.len(), events, "nothing changed");
    let code_alone = json!({ "grant_types": ["authorization_code"] });
    world.patch(&tenant, &path, &code_alone).await;
    let refused = token(&world, &tenant, "partner", &secret).await;
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("unauthorized_client")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_acceptable_is_said_beside_its_field() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let cases = [
        (json!({ "redirect_uris": ["http://partner.example/"] }), "redirect_uris"),
        (json!({ "redirect_uris": ["https://partner.example/?code=1"] }), "redirect_uris"),
        (json!({ "scopes": ["a b"] }), "scopes"),
        (json!({ "grant_types": ["password"] }), "grant_types"),
        (json!({ "grant_types": [] }), "grant_types"),
        (json!({ "grant_types": ["refresh_token"] }), "grant_types"),
        (json!({ "type": "secret" }), "type"),
        (json!({ "type": "public", "client_secret": "chosen by a person" }), "client_secret"),
        (json!({ "type": "public", "grant_types": ["client_credentials"] }), "grant_types"),
        (json!({ "type": "public", "pkce_required": false }), "pkce_required"),
        (json!({ "type": "public", "may_introspect": true }), "may_introspect"),
        (json!({ "client_id": "é" }), "client_id"),
        (json!({ "client_secret": "too short" }), "client_secret"),
        (json!({ "client_secret": "cs_sk_looks_like_ours" }), "client_secret"),
        (json!({ "third_party": "nobody" }), "third_party"),
        (json!({ "third_party": tenant.id }), "third_party"),
        (json!({ "expires_in": 59 }), "expires_in"),
        (json!({ "expires_in": 4_000_000_000_u32 }), "expires_in"),
    ];
    let events = world.journal(tenant.id).await.len();
    for (body, field) in cases {
        assert_eq!(fields(&world.post(&tenant, "/clients", &body).await), [field], "{body}");
    }
    assert_eq!(world.journal(tenant.id).await.len(), events);
    add(&world, &tenant, &json!({ "client_id": "partner" })).await;
    let taken = world.post(&tenant, "/clients", &json!({ "client_id": "partner" })).await;
    assert_eq!((taken.status, &taken.body["errors"][0]["field"]), (409, &json!("client_id")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_writable_is_not_changed() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let path = format!("/clients/{}", text(&add(&world, &tenant, &json!({ "client_id": "partner" })).await.body, "id"));
    let before = world.get(&tenant, &path).await.body;
    let events = world.journal(tenant.id).await.len();
    for name in [
        "id",
        "client_id",
        "client_secret",
        "type",
        "third_party",
        "registered_at",
        "redirect_uri",
        "code_created_at",
        "access_token",
        "token_created_at",
        "passthru_user",
    ] {
        let refused = world.patch(&tenant, &path, &json!({ "active": false, name: "forged" })).await;
        assert_eq!(refused.status, 400, "{name}: {}", refused.body);
    }
    assert_eq!(world.get(&tenant, &path).await.body, before);
    assert_eq!(world.journal(tenant.id).await.len(), events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_replaced_with_an_overlap() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let added = add(&world, &tenant, &json!({ "client_id": "partner" })).await;
    let (path, old) = (format!("/clients/{}/secrets", text(&added.body, "id")), text(&added.body, "client_secret"));
    let past = json!({ "retire_others_at": "2020-01-01T00:00:00Z" });
    assert_eq!(fields(&world.post(&tenant, &path, &past).await), ["retire_others_at"]);
    let past = json!({ "expires_at": "2020-01-01T00:00:00Z" });
    assert_eq!(fields(&world.post(&tenant, &path, &past).await), ["expires_at"]);
    assert_eq!(fields(&world.post(&tenant, &path, &json!({ "client_secret": "short" })).await), ["client_secret"]);
    let later = countersign_persistence::clock::now() + SignedDuration::from_hours(24);
    let replaced = world.post(&tenant, &path, &json!({ "retire_others_at": later.to_string() })).await;
    assert_eq!(replaced.status, 201, "{}", replaced.body);
    let new = text(&replaced.body, "client_secret");
    let secrets = replaced.body["client"]["secrets"].as_array().unwrap();
    assert_eq!((secrets.len(), &secrets[1]["expires_at"]), (2, &Value::Null));
    assert!(secrets[0]["expires_at"].is_string());
    for secret in [&old, &new] {
        assert_eq!(token(&world, &tenant, "partner", secret).await.status, 200);
    }
    let third = world.post(&tenant, &path, &json!({})).await;
    assert_eq!(third.status, 409, "{}", third.body);
    let removed = world.delete(&tenant, &format!("{path}/{}", text(&secrets[0], "id"))).await;
    assert_eq!(removed.status, 204);
    assert_eq!(token(&world, &tenant, "partner", &old).await.status, 401);
    assert_eq!(token(&world, &tenant, "partner", &new).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_secret_works_and_is_never_shown() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let chosen = "what they have used since 2014 + %41";
    let added = add(&world, &tenant, &json!({ "client_id": "old partner", "client_secret": chosen })).await;
    assert_eq!(added.body["client_secret"], Value::Null);
    for _ in 0..2 {
        assert_eq!(token(&world, &tenant, "old partner", chosen).await.status, 200);
    }
    assert_eq!(token(&world, &tenant, "old partner", "what they have used since 2015 + %41").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_has_no_secret_and_can_get_none() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let added = add(&world, &tenant, &json!({ "client_id": "app", "type": "public" })).await;
    assert_eq!((&added.body["client_secret"], &added.body["secrets"]), (&Value::Null, &json!([])));
    assert_eq!(added.body["grant_types"], json!(["authorization_code", "refresh_token"]));
    let events = world.journal(tenant.id).await.len();
    let path = format!("/clients/{}", text(&added.body, "id"));
    for body in [json!({}), json!({ "client_secret": "chosen by a person" })] {
        assert_eq!(world.post(&tenant, &format!("{path}/secrets"), &body).await.status, 409, "{body}");
    }
    for (body, field) in [
        (json!({ "grant_types": ["client_credentials"] }), "grant_types"),
        (json!({ "pkce_required": false }), "pkce_required"),
        (json!({ "may_introspect": true }), "may_introspect"),
    ] {
        assert_eq!(fields(&world.patch(&tenant, &path, &body).await), [field]);
    }
    assert_eq!(world.journal(tenant.id).await.len(), events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_a_third_party_names_it_and_depends_on_it() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let third_party = text(&world.post(&tenant, "/third-parties", &json!({ "name": "Brightside" })).await.body, "id");
    let added = add(&world, &tenant, &json!({ "client_id": "second", "third_party": third_party })).await;
    assert_eq!(
        (&added.body["third_party"], &added.body["third_party_name"]),
        (&json!(third_party), &json!("Brightside"))
    );
    let secret = text(&added.body, "client_secret");
    assert_eq!(token(&world, &tenant, "second", &secret).await.status, 401, "the third party is not Enabled");
    world.patch(&tenant, &format!("/third-parties/{third_party}"), &json!({ "enabled": true })).await;
    assert_eq!(token(&world, &tenant, "second", &secret).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_is_out_and_its_tokens_never_come_back() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let added = add(&world, &tenant, &json!({ "client_id": "partner" })).await;
    let (id, secret) = (text(&added.body, "id"), text(&added.body, "client_secret"));
    let access = text(&token(&world, &tenant, "partner", &secret).await.body, "access_token");
    let path = format!("/clients/{id}");
    for (active, status) in [(false, 401), (true, 200)] {
        world.patch(&tenant, &path, &json!({ "active": active })).await;
        assert_eq!(world.access_test(&tenant.slug, &access).await.status, status);
        assert_eq!(token(&world, &tenant, "partner", &secret).await.status, status);
    }
    assert_eq!(world.delete(&tenant, &path).await.status, 204);
    assert_eq!(world.get(&tenant, &path).await.status, 404);
    assert_eq!(token(&world, &tenant, "partner", &secret).await.status, 401);
    let again = add(&world, &tenant, &json!({ "client_id": "partner" })).await;
    assert_eq!(token(&world, &tenant, "partner", &secret).await.status, 401);
    assert_eq!(token(&world, &tenant, "partner", &text(&again.body, "client_secret")).await.status, 200);
    assert_eq!(world.access_test(&tenant.slug, &access).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_clients_of_a_third_party_end_with_it() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let third_party = text(&world.post(&tenant, "/third-parties", &json!({ "name": "Brightside" })).await.body, "id");
    let second = add(&world, &tenant, &json!({ "third_party": third_party })).await;
    let alone = add(&world, &tenant, &json!({})).await;
    assert_eq!(world.delete(&tenant, &format!("/third-parties/{third_party}")).await.status, 204);
    assert_eq!(world.get(&tenant, &format!("/clients/{}", text(&second.body, "id"))).await.status, 404);
    let left = world.get(&tenant, "/clients").await;
    assert_eq!((&left.body["total"], &left.body["items"][0]["id"]), (&json!(1), &alone.body["id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_listed_searched_and_paged() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let third_party = world.post(&tenant, "/third-parties", &json!({ "name": "Brightside" })).await;
    for name in ["b", "A", "c"] {
        add(&world, &tenant, &json!({ "client_id": format!("{name}-app") })).await;
    }
    let ids = async |query: &str| {
        let page = world.get(&tenant, &format!("/clients{query}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let items = page.body["items"].as_array().unwrap().iter().map(|item| text(item, "client_id"));
        (items.collect::<Vec<_>>(), page.body["total"].as_u64().unwrap(), page.body["page"].as_u64().unwrap())
    };
    assert_eq!(ids("?q=APP").await, (vec!["A-app".into(), "b-app".into(), "c-app".into()], 3, 1));
    assert_eq!(ids("?q=app&order=desc&page_size=2").await, (vec!["c-app".into(), "b-app".into()], 3, 1));
    assert_eq!(ids("?q=app&page_size=2&page=9").await, (vec!["c-app".into()], 3, 2));
    assert_eq!(ids("?q=bright").await.0, [text(&third_party.body, "client_id")]);
    assert_eq!(ids("?q=nothing&page=3").await, (Vec::new(), 0, 1));
    let b = world.get(&tenant, "/clients?client_id=B-").await.body["items"][0].clone();
    let change = json!({ "active": false, "expires_in": 600 });
    assert_eq!(world.patch(&tenant, &format!("/clients/{}", text(&b, "id")), &change).await.status, 200);
    for query in [
        "active=false",
        "expires_in=600&client_id=b-",
        "sort=active&page_size=1",
        "sort=expires_in&page_size=1",
        "q=b-app&code_created_at=never&token_created_at=NEV&passthru_user=none",
    ] {
        assert_eq!(ids(&format!("?{query}")).await.0, ["b-app"], "{query}");
    }
    assert!(ids("?active=true&client_id=b-").await.0.is_empty());
    assert!(ids("?code_created_at=2026").await.0.is_empty());
    let bad = world.get(&tenant, "/clients?sort=colour&order=up&active=x").await;
    assert_eq!(fields(&bad), ["sort", "order", "active"]);
}
