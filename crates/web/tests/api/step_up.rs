//! What reveals or replaces secrets, or changes members, takes a fresh proof of who it is.

use countersign_domain::Role;
use countersign_persistence::testing;
use countersign_web::step_up::OPERATIONS;
use reqwest::Method;
use serde_json::{Value, json};

use crate::isolation::{routes, secret_id};
use crate::support::{Answer, PASSWORD, Tenant, World};

async fn confirm(world: &World, session: &str, body: &Value) -> Answer {
    let path = "/api/v1/sessions/current/confirmation";
    world.send(world.request(Method::POST, path).bearer_auth(session).json(body)).await
}

async fn organization(world: &World, tenant: &Tenant) -> u16 {
    world.get(tenant, "/organization").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_of_the_table_waits_for_it_and_no_other() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let mut walked = 0;
    for route in routes() {
        let name = format!("{} {}", route.method, route.path);
        let path = route.path.strip_prefix("/api/v1/orgs/{org}").unwrap();
        let takes_proof = OPERATIONS.contains(&(route.method.as_str(), path));
        walked += usize::from(takes_proof);
        let access = world.access_for(&tenant, &route.path, &name.replace(['{', '}'], "")).await;
        let secret = secret_id(&world, &tenant, &access).await;
        let send = async || {
            let path = route.path_to(&tenant.slug, &access, &secret);
            let request = world.request(route.method.clone(), &path).bearer_auth(&tenant.session);
            match route.body(&access) {
                Some(body) => world.send(request.json(&body)).await,
                None => world.send(request).await,
            }
        };
        testing::age_confirmations(&world.store, tenant.id).await;
        let before = world.journal(tenant.id).await;
        let answer = send().await;
        if takes_proof {
            assert_eq!(answer.status, 403, "{name}: {}", answer.body);
            assert_eq!(answer.body["type"], "/problems/confirmation-required", "{name}");
            assert_eq!(world.journal(tenant.id).await, before, "{name}: nothing may be done before the proof");
            assert_eq!(confirm(&world, &tenant.session, &json!({ "password": PASSWORD })).await.status, 200);
            let answer = send().await;
            assert!((200..300).contains(&answer.status), "{name}: {}", answer.body);
            // Who has no sessions and no codes loses none.
            let nothing_to_end = ["end-sessions", "reset-sign-in-codes"].iter().any(|last| path.ends_with(last));
            assert_eq!(world.journal(tenant.id).await.len() > before.len(), !nothing_to_end, "{name}");
        } else {
            assert!((200..300).contains(&answer.status), "{name}: {}", answer.body);
            assert_eq!(confirm(&world, &tenant.session, &json!({ "password": PASSWORD })).await.status, 200);
        }
    }
    assert_eq!(walked, OPERATIONS.len(), "the table names operations that there are not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_counts_where_the_password_fits() {
    let world = World::start().await;
    let (one, other) = (world.tenant().await, world.tenant().await);
    let email = format!("both@{}.example", one.slug);
    for tenant in [&one, &other] {
        world.member(tenant.id, &email, Role::Admin).await;
    }
    let session = world.sign_in(&email).await;
    for tenant in [&one, &other] {
        testing::age_confirmations(&world.store, tenant.id).await;
    }
    let add = async |tenant: &Tenant, name: &str| {
        let path = format!("/api/v1/orgs/{}/third-parties", tenant.slug);
        let request = world.request(Method::POST, &path).bearer_auth(&session).json(&json!({ "name": name }));
        world.send(request).await.status
    };
    assert_eq!((add(&one, "Initech").await, add(&other, "Initech").await), (403, 403));
    let wrong = confirm(&world, &session, &json!({ "password": "not this one at all" })).await;
    assert_eq!((wrong.status, &wrong.body["errors"][0]["field"]), (422, &json!("password")), "{}", wrong.body);
    let missing = confirm(&world, &session, &json!({ "code": "123456" })).await;
    assert_eq!((missing.status, &missing.body["errors"][0]["field"]), (422, &json!("password")));
    assert_eq!(add(&one, "Initech").await, 403);
    let right = confirm(&world, &session, &json!({ "password": PASSWORD })).await;
    assert_eq!(right.status, 200, "{}", right.body);
    assert_eq!(right.body["organizations"].as_array().unwrap().len(), 2);
    assert!(right.body["confirmed_until"].is_string());
    assert_eq!((add(&one, "Initech").await, add(&other, "Initech").await), (201, 201));
    // Another session of the same member has proved nothing.
    assert_eq!(organization(&world, &one).await, 200);
    assert_eq!(world.post(&one, "/third-parties", &json!({ "name": "Globex" })).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_proofs_are_locked_out_as_sign_ins_are() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    testing::age_confirmations(&world.store, tenant.id).await;
    for _ in 0..6 {
        assert_eq!(confirm(&world, &tenant.session, &json!({ "password": "wrong" })).await.status, 422);
    }
    let locked = confirm(&world, &tenant.session, &json!({ "password": PASSWORD })).await;
    assert_eq!((locked.status, &locked.body["type"]), (429, &json!("/problems/throttled")));
    let sign_in = json!({ "email": tenant.email, "password": PASSWORD });
    let sign_in = world.send(world.request(Method::POST, "/api/v1/sessions").json(&sign_in)).await;
    assert_eq!(sign_in.status, 429);
    assert_eq!(world.post(&tenant, "/third-parties", &json!({ "name": "Initech" })).await.status, 403);
    let stranger = format!("cs_ss_{}", "0".repeat(49));
    assert_eq!(confirm(&world, &stranger, &json!({ "password": PASSWORD })).await.status, 401);
}
