//! Signing in and out by API.

use countersign_domain::{Digest, OrganizationCommand, Role};
use countersign_persistence::sign_in::{NewSecondFactor, enable_totp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, World};

async fn try_sign_in(world: &World, body: Value) -> Answer {
    world.send(world.request(Method::POST, "/api/v1/sessions").json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_and_ends_on_the_record() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    assert_eq!(world.get(&tenant, "/organization").await.status, 200);
    let end = || world.request(Method::DELETE, "/api/v1/sessions/current").bearer_auth(&tenant.session);
    assert_eq!(world.send(end()).await.status, 204);
    let after = world.get(&tenant, "/organization").await;
    assert_eq!((after.status, &after.body["type"]), (401, &json!("/problems/unauthenticated")));
    assert!(after.header("www-authenticate").starts_with("Bearer"));
    assert_eq!(world.send(end()).await.status, 401);
    let journal = world.journal(tenant.id).await;
    assert_eq!(journal[journal.len() - 2..], ["MemberSignedIn", "MemberSessionEnded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_is_valid_in_every_organization_where_the_password_fits() {
    let world = World::start().await;
    let (one, other) = (world.tenant().await, world.tenant().await);
    let email = format!("both@{}.example", one.slug);
    world.member(one.id, &email, Role::Admin).await;
    world.member(other.id, &email, Role::Auditor).await;
    let both = try_sign_in(&world, json!({ "email": email.to_uppercase(), "password": PASSWORD })).await;
    assert_eq!(both.status, 201, "{}", both.body);
    let mut roles = both.body["organizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|organization| organization["role"].as_str().unwrap())
        .collect::<Vec<_>>();
    roles.sort_unstable();
    assert_eq!(roles, ["admin", "auditor"]);
    let only = json!({ "email": email, "password": PASSWORD, "organization": other.slug });
    let only = try_sign_in(&world, only).await;
    assert_eq!(only.body["organizations"].as_array().unwrap().len(), 1);
    let session = only.body["session_token"].as_str().unwrap();
    let path = |slug: &str| format!("/api/v1/orgs/{slug}/organization");
    assert_eq!(world.send(world.request(Method::GET, &path(&other.slug)).bearer_auth(session)).await.status, 200);
    assert_eq!(world.send(world.request(Method::GET, &path(&one.slug)).bearer_auth(session)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn known_and_unknown_addresses_are_refused_and_locked_out_alike() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for email in [tenant.email.clone(), format!("nobody@{}.example", tenant.slug)] {
        for _ in 0..6 {
            let answer = try_sign_in(&world, json!({ "email": email, "password": "wrong" })).await;
            assert_eq!((answer.status, &answer.body["type"]), (401, &json!("/problems/wrong-password")));
        }
        let answer = try_sign_in(&world, json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!((answer.status, &answer.body["type"]), (429, &json!("/problems/throttled")));
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=31).contains(&seconds), "{seconds}");
    }
    // What was only counted so far goes on the record when the server stops: one event a cause and minute.
    world.server.handle().stop().await;
    let journal = world.journal(tenant.id).await;
    let failed = journal.iter().filter(|event| *event == "MemberSignInFailed").count();
    assert!((2..=4).contains(&failed), "{journal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_elsewhere_is_no_failure_there() {
    let world = World::start().await;
    let (here, there) = (world.tenant().await, world.tenant().await);
    let email = format!("two@{}.example", here.slug);
    world.member(here.id, &email, Role::Admin).await;
    let other = world.member(there.id, &email, Role::Admin).await;
    let context = countersign_persistence::testing::operator(there.id);
    let phc = crate::support::cheap_verifier("another password entirely");
    countersign_persistence::sign_in::set_password(&world.store, &context, other, phc).await.unwrap();
    for _ in 0..8 {
        let answer = try_sign_in(&world, json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.body["organizations"].as_array().unwrap().len(), 1);
    }
    let answer = try_sign_in(&world, json!({ "email": email, "password": "another password entirely" })).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["organizations"][0]["slug"], there.slug);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_where_it_was_switched_on() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let email = format!("careful@{}.example", tenant.slug);
    let member = world.member(tenant.id, &email, Role::Admin).await;
    let second_factor = NewSecondFactor {
        secret: vec![7; 20],
        used_step: 0,
        recovery_codes: vec![Digest::of("0123456789ABCDEF"), Digest::of("FEDCBA9876543210")],
    };
    let context = countersign_persistence::testing::operator(tenant.id);
    enable_totp(&world.store, &context, member, second_factor).await.unwrap();

    let body = |code: Value| json!({ "email": email, "password": PASSWORD, "code": code });
    let needed = try_sign_in(&world, json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!((needed.status, &needed.body["type"]), (401, &json!("/problems/code-needed")));
    assert!(needed.body["detail"].as_str().unwrap().contains("send `code`"), "{}", needed.body);
    let malformed = try_sign_in(&world, body(json!("12345"))).await;
    assert_eq!((malformed.status, &malformed.body["errors"][0]["field"]), (422, &json!("code")));
    let wrong = try_sign_in(&world, body(json!("0000-0000-0000-0000"))).await;
    assert_eq!((wrong.status, &wrong.body["type"]), (401, &json!("/problems/wrong-code")));
    assert!(!wrong.body.to_string().contains("0000-0000"), "{}", wrong.body);
    let without_password = json!({ "email": email, "password": "wrong", "code": "0123-4567-89AB-CDEF" });
    let refused = try_sign_in(&world, without_password).await;
    assert_eq!((refused.status, &refused.body["type"]), (401, &json!("/problems/wrong-password")));
    let signed_in = try_sign_in(&world, body(json!("0123-4567-89AB-CDEF"))).await;
    assert_eq!(signed_in.status, 201, "{}", signed_in.body);
    let used = try_sign_in(&world, body(json!("0123-4567-89AB-CDEF"))).await;
    assert_eq!((used.status, &used.body["type"]), (401, &json!("/problems/wrong-code")));
    // Whoever has none switched on may send one all the same.
    let unasked = json!({ "email": tenant.email, "password": PASSWORD, "code": "123456" });
    assert_eq!(try_sign_in(&world, unasked).await.status, 201);
    let failed = async || countersign_persistence::sign_in::candidates(&world.store, &email).await.unwrap()[0].failures;
    assert_eq!(failed().await, 1, "only since the last success");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_organization_can_be_signed_in_to() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    world.operator(&tenant, OrganizationCommand::Suspend).await;
    world.sign_in(&tenant.email).await;
    assert_eq!(world.get(&tenant, "/organization").await.body["suspended"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_session_in_the_header_opens_the_api() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let path = format!("/api/v1/orgs/{}/organization", tenant.slug);
    let get = || world.request(Method::GET, &path);
    for request in [
        get(),
        get().bearer_auth(&access.token),
        get().bearer_auth("cs_ss_nonsense"),
        get().basic_auth(&tenant.session, None::<&str>),
        get().header("cookie", format!("countersign={}", tenant.session)),
    ] {
        assert_eq!(world.send(request).await.status, 401);
    }
}
