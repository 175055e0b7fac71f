//! The whole path: from signing in to a third party's access, and every switch that stops it.

use std::time::Duration;

use countersign_domain::OrganizationCommand;
use serde_json::json;

use crate::support::{Access, Answer, Tenant, World};

/// Access is given, and every check holds.
async fn assert_access(world: &World, tenant: &Tenant, access: &Access) {
    let answer = world.access_test(&tenant.slug, &access.token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["active"], true);
    assert!(answer.body["checks"].as_array().unwrap().iter().all(|check| check["outcome"] == "passed"));
    assert!(answer.body.get("failed").is_none());
}

/// No access is given, and the diagnosis says why: what comes before the check passed, what comes after was not
/// reached.
async fn assert_denied(world: &World, tenant: &Tenant, access: &Access, check: &str, message: &str) -> Answer {
    let answer = world.access_test(&tenant.slug, &access.token).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(answer.body["active"], false);
    assert_eq!(answer.body["failed"]["check"], check);
    assert_eq!(answer.body["failed"]["message"], message);
    assert!(!answer.body["failed"]["advice"].as_str().unwrap().is_empty());
    let checks = answer.body["checks"].as_array().unwrap();
    let at = checks.iter().position(|result| result["check"] == check).unwrap();
    for (index, result) in checks.iter().enumerate() {
        let expected = match index.cmp(&at) {
            std::cmp::Ordering::Less => "passed",
            std::cmp::Ordering::Equal => "failed",
            std::cmp::Ordering::Greater => "not_reached",
        };
        assert_eq!(result["outcome"], expected, "{result}");
    }
    let issuer = format!("{}/t/{}", world.server.base_url(), tenant.slug);
    assert_eq!(
        answer.header("www-authenticate"),
        format!("Bearer realm=\"{issuer}\", error=\"invalid_token\", error_description=\"{message}\"")
    );
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn every_switch_stops_the_token_at_the_next_request_and_restores_it() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let third_party = format!("/third-parties/{}", access.third_party);
    let token = format!("{third_party}/tokens/{}", access.token_id);
    assert_access(&world, &tenant, &access).await;

    world.patch(&tenant, &token, &json!({ "active": false })).await;
    assert_denied(&world, &tenant, &access, "token-active", "The token is not Active").await;
    world.patch(&tenant, &token, &json!({ "active": true })).await;
    assert_access(&world, &tenant, &access).await;

    world.patch(&tenant, &third_party, &json!({ "enabled": false })).await;
    assert_denied(&world, &tenant, &access, "third-party-enabled", "The third party is not Enabled").await;
    world.patch(&tenant, &third_party, &json!({ "enabled": true })).await;
    assert_access(&world, &tenant, &access).await;

    world.operator(&tenant, OrganizationCommand::Suspend).await;
    assert_denied(&world, &tenant, &access, "organization-active", "The organization is suspended").await;
    let refused = world.patch(&tenant, &token, &json!({ "active": false })).await;
    assert_eq!((refused.status, &refused.body["type"]), (403, &json!("/problems/organization-suspended")));
    assert_eq!(world.get(&tenant, &third_party).await.status, 200, "reading stays possible");
    world.operator(&tenant, OrganizationCommand::Resume).await;
    assert_access(&world, &tenant, &access).await;

    assert_eq!(world.delete(&tenant, &token).await.status, 204);
    assert_denied(&world, &tenant, &access, "token-active", "The token was revoked").await;
    let refused = world.patch(&tenant, &token, &json!({ "active": true })).await;
    assert_eq!((refused.status, &refused.body["type"]), (409, &json!("/problems/refused")));
    assert_eq!(world.delete(&tenant, &token).await.status, 204, "revoking again changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_adding_a_token_enabling_and_the_callback_url_never_matters() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let name = format!("Globex {order:?}");
        let added = world.post(&tenant, "/third-parties", &json!({ "name": name })).await;
        let path = format!("/third-parties/{}", added.body["id"].as_str().unwrap());
        let mut token = String::new();
        for step in order {
            let answer = match step {
                0 => world.post(&tenant, &format!("{path}/tokens"), &json!({})).await,
                1 => world.patch(&tenant, &path, &json!({ "enabled": true })).await,
                _ => world.patch(&tenant, &path, &json!({ "callback_url": "https://globex.example/back" })).await,
            };
            assert!(answer.status < 300, "{order:?}: {}", answer.body);
            if step == 0 {
                token = answer.body["token"].as_str().unwrap().to_owned();
            }
        }
        assert_eq!(world.access_test(&tenant.slug, &token).await.status, 200, "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_the_third_party_ends_its_tokens() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Umbrella").await;
    let third_party = format!("/third-parties/{}", access.third_party);
    assert_eq!(world.delete(&tenant, &third_party).await.status, 204);
    assert_denied(&world, &tenant, &access, "third-party-enabled", "The third party was deleted").await;
    assert_eq!(world.get(&tenant, &third_party).await.status, 404);
    assert_eq!(world.delete(&tenant, &third_party).await.status, 404);
    assert_eq!(world.post(&tenant, &format!("{third_party}/tokens"), &json!({})).await.status, 404);
    // The name is free again, and the old token does not come back with it.
    let again = world.access(&tenant, "Umbrella").await;
    assert_access(&world, &tenant, &again).await;
    assert_denied(&world, &tenant, &access, "third-party-enabled", "The third party was deleted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_expires_by_itself() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let mut access = world.access(&tenant, "Hooli").await;
    let expires_at = countersign_persistence::clock::now() + jiff::SignedDuration::from_secs(2);
    let path = format!("/third-parties/{}/tokens", access.third_party);
    let issued = world.post(&tenant, &path, &json!({ "expires_at": expires_at.to_string() })).await;
    access.token = issued.body["token"].as_str().unwrap().to_owned();
    assert_access(&world, &tenant, &access).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let message = format!("The token expired on {expires_at}");
    let answer = assert_denied(&world, &tenant, &access, "not-expired", &message).await;
    assert_eq!(answer.body["expires_at"], expires_at.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admins_test_gives_the_same_diagnosis_without_counting_as_a_use() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let path = format!("/third-parties/{}", access.third_party);
    let test = json!({ "token": access.token });
    let passed = world.post(&tenant, &format!("{path}/access-test"), &test).await;
    assert_eq!((passed.status, &passed.body["active"]), (200, &json!(true)));
    world.patch(&tenant, &path, &json!({ "enabled": false })).await;
    let failed = world.post(&tenant, &format!("{path}/access-test"), &test).await;
    assert_eq!((failed.status, &failed.body["failed"]["check"]), (200, &json!("third-party-enabled")));
    assert!(!failed.body.to_string().contains(&access.token));
    world.store.close().await;
    let token = world.get(&tenant, &format!("{path}/tokens/{}", access.token_id)).await;
    assert_eq!(token.body["uses"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_is_counted_with_its_source() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    for _ in 0..3 {
        assert_access(&world, &tenant, &access).await;
    }
    world.store.close().await;
    let path = format!("/third-parties/{}/tokens/{}", access.third_party, access.token_id);
    let token = world.get(&tenant, &path).await.body;
    assert_eq!((&token["uses"], &token["last_source"]), (&json!(3), &json!("127.0.0.1")));
    assert!(token["last_used_at"].is_string());
}
