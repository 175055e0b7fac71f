//! A database that goes away: no false answers, and everything is back with it.

use std::time::Duration;

use countersign_persistence::migrate;
use countersign_persistence::private_postgres::{Options, PrivatePostgres};
use countersign_persistence::testing;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, World};

async fn readiness(world: &World) -> Answer {
    world.send(world.request(Method::GET, "/readyz")).await
}

/// Asks until the answer has the status; a database needs a moment to come and go.
async fn eventually(world: &World, status: u16) -> Answer {
    let mut answer = readiness(world).await;
    for _ in 0..100 {
        if answer.status == status {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = readiness(world).await;
    }
    assert_eq!(answer.status, status, "{}", answer.body);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_nothing_is_answered_falsely_and_it_recovers_by_itself() {
    let options = Options::new(testing::data_dir("away")).fresh();
    let mut postgres = PrivatePostgres::start(options).await.unwrap();
    migrate::migrate(&postgres.owner_url()).await.unwrap();
    let urls = postgres.database("countersign");
    let world = World::start_on(&urls).await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    assert_eq!(readiness(&world).await.status, 200);
    assert_eq!(world.access_test(&tenant.slug, &access.token).await.status, 200);

    postgres.stop().await.unwrap();
    let answer = eventually(&world, 503).await;
    assert!(!answer.body["reason"].as_str().unwrap().is_empty());
    // For a second at most the cache may still be used; after that nobody knows whether the token still works.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.send(world.request(Method::GET, "/healthz")).await.status, 200);
    let introspect = world
        .request(Method::POST, &format!("/t/{}/oauth2/introspect", tenant.slug))
        .basic_auth(&access.client_id, Some(&access.client_secret))
        .form(&[("token", &access.token)]);
    let report = world
        .request(Method::POST, &format!("/t/{}/oauth2/revoke-leaked", tenant.slug))
        .form(&[("token", &access.token)]);
    let ask = world.request(Method::GET, &format!("/t/{}/forward-auth", tenant.slug)).bearer_auth(&access.token);
    let access_test = world.access_test(&tenant.slug, &access.token).await;
    for answer in [access_test, world.send(introspect).await, world.send(report).await, world.send(ask).await] {
        assert_eq!((answer.status, &answer.body["error"]), (503, &json!("temporarily_unavailable")));
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    }
    let path = format!("/third-parties/{}", access.third_party);
    for answer in [world.get(&tenant, &path).await, world.patch(&tenant, &path, &json!({ "enabled": false })).await] {
        assert_eq!((answer.status, &answer.body["type"]), (503, &json!("/problems/database-unavailable")));
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    }

    postgres.restart().await.unwrap();
    eventually(&world, 200).await;
    let mut status = 0;
    for _ in 0..50 {
        status = world.access_test(&tenant.slug, &access.token).await.status;
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status, 200);
    assert_eq!(world.patch(&tenant, &path, &json!({ "enabled": false })).await.status, 200);
    assert_eq!(world.access_test(&tenant.slug, &access.token).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_at_another_version_is_not_ready() {
    let urls = testing::server().await.create_database("at_no_version").await.unwrap();
    let world = World::start_on(&urls).await;
    let answer = readiness(&world).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body["reason"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_served_on_their_own_port() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    world.access_test(&tenant.slug, &access.token).await;
    let metrics = reqwest::get(world.server.metrics_url().unwrap()).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("countersign_http_request_seconds_bucket"), "{metrics}");
    assert!(metrics.contains("/t/{org}/access-test") && !metrics.contains(&tenant.slug), "{metrics}");
    assert_eq!(world.send(world.request(Method::GET, "/metrics")).await.status, 404);
}
