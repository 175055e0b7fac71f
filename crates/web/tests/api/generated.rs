//! What requests that were generated from the OpenAPI document brought to light (`tests/openapi`).

use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use serde_json::json;

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_error_does_not_claim_to_be_compressed() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for path in ["third-parties/not-an-identifier", "clients/not-an-identifier", "nothing-like-that"] {
        for encoding in ["gzip", "br", "deflate", "gzip, deflate, br, zstd"] {
            let address = format!("/api/v1/orgs/{}/{path}", tenant.slug);
            let request = world.request(Method::GET, &address).bearer_auth(&tenant.session);
            let answer = world.send(request.header(ACCEPT_ENCODING, encoding)).await;
            assert_eq!(
                (answer.status, &answer.body["type"]),
                (404, &json!("/problems/not-found")),
                "{path} {encoding}"
            );
            assert!(!answer.headers.contains_key(CONTENT_ENCODING), "{path} {encoding}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let added = world.post(&tenant, "/clients", &json!({ "expires_in": 600.0 })).await;
    assert_eq!((added.status, &added.body["expires_in"]), (201, &json!(600)), "{}", added.body);
    let path = format!("/clients/{}", added.body["id"].as_str().unwrap());
    let changed = world.patch(&tenant, &path, &json!({ "expires_in": 1200.0 })).await;
    assert_eq!((changed.status, &changed.body["expires_in"]), (200, &json!(1200)), "{}", changed.body);
    let access = world.access(&tenant, "Initech").await;
    let third_party = format!("/third-parties/{}", access.third_party);
    let version = world.get(&tenant, &third_party).await.body["version"].as_f64().unwrap();
    let body = json!({ "requirements": "Reviewed.", "version": version });
    assert_eq!(world.patch(&tenant, &third_party, &body).await.status, 200);
    assert_eq!(world.patch(&tenant, &third_party, &body).await.status, 409);
    assert_eq!(world.patch(&tenant, &path, &json!({ "expires_in": 600.5 })).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_presents_no_token_is_told_so_first() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let answer = world.send(world.request(Method::GET, &format!("/t/{}/access-test?scope=", tenant.slug))).await;
    assert_eq!((answer.status, &answer.body["failed"]["message"]), (401, &json!("No token was sent")));
    let token = world.access(&tenant, "Initech").await.token;
    let request = world.request(Method::GET, &format!("/t/{}/access-test?scope=", tenant.slug)).bearer_auth(token);
    assert_eq!(world.send(request).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_allows_no_encoding_at_all_is_told_so() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let path = format!("/api/v1/orgs/{}/clients", tenant.slug);
    let request = world.request(Method::GET, &path).header(ACCEPT_ENCODING, "identity;q=0");
    let answer = world.send(request).await;
    assert_eq!((answer.status, &answer.body["type"]), (406, &json!("/problems/not-acceptable")));
}
