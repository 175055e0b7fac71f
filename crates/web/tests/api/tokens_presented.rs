//! What is presented as a token, and what comes of it (RFC 6750).

use countersign_domain::{Secret, SecretKind};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::json;

use crate::support::{Tenant, World};

fn issuer(world: &World, tenant: &Tenant) -> String {
    format!("{}/t/{}", world.server.base_url(), tenant.slug)
}

#[tokio::test(flavor = "multi_thread")]
async fn typo_foreign_and_unknown_tokens_are_told_apart() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let elsewhere = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let others = world.access(&elsewhere, "Initech").await;
    let mut typo = access.token.clone();
    let last = if typo.pop() == Some('a') { 'b' } else { 'a' };
    typo.push(last);
    let never_issued = Secret::from_entropy(SecretKind::ManualToken, [7; 32]).expose().to_owned();
    let session = tenant.session.clone();
    for (token, message) in [
        (typo, "The token is mistyped or incomplete"),
        (access.token[..20].to_owned(), "The token is mistyped or incomplete"),
        ("eyJhbGciOiJub25lIn0.e30.".to_owned(), "This is not a token of Countersign"),
        (never_issued, "The token is well-formed, but this organization never issued it"),
        (others.token, "The token is well-formed, but this organization never issued it"),
        (session, "The token is well-formed, but this organization never issued it"),
        (access.client_secret, "The token is well-formed, but this organization never issued it"),
    ] {
        let answer = world.access_test(&tenant.slug, &token).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.body["failed"]["message"], message);
        assert_eq!(answer.body["failed"]["check"], "token-recognized");
        assert_eq!(
            answer.header("www-authenticate"),
            format!(
                "Bearer realm=\"{}\", error=\"invalid_token\", error_description=\"{message}\"",
                issuer(&world, &tenant)
            )
        );
        assert!(!answer.body.to_string().contains(&token), "the answer repeats what was presented");
        assert!(answer.body.get("token").is_none() && answer.body.get("third_party").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_token_gets_a_challenge_without_an_error() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let path = format!("/t/{}/access-test", tenant.slug);
    let bare = world.send(world.request(Method::GET, &path)).await;
    let basic = world.send(world.request(Method::POST, &path).basic_auth("a", Some("b"))).await;
    for answer in [bare, basic] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), format!("Bearer realm=\"{}\"", issuer(&world, &tenant)));
        assert_eq!(answer.body["failed"]["message"], "No token was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_query_is_refused_even_if_it_is_right() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    for name in ["access_token", "token", "x"] {
        let path = format!("/t/{}/access-test?{name}={}", tenant.slug, access.token);
        let answer = world.send(world.request(Method::GET, &path).bearer_auth(&access.token)).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.body["error"], "invalid_request");
        assert!(answer.body["error_description"].as_str().unwrap().contains("Authorization header"));
        assert!(answer.header("www-authenticate").contains("error=\"invalid_request\""));
        assert!(!answer.body.to_string().contains(&access.token));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_headers_are_invalid_requests() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let path = format!("/t/{}/access-test", tenant.slug);
    for value in [&b"Bearer"[..], b"Bearer ", b"Bearer a b", b"Bearer \xff\xfe"] {
        let answer = world.send(world.request(Method::GET, &path).header(AUTHORIZATION, value)).await;
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_request")), "{value:?}");
    }
    let twice = world.request(Method::GET, &path).header(AUTHORIZATION, "Bearer a").header(AUTHORIZATION, "Bearer b");
    assert_eq!(world.send(twice).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_is_forbidden_and_named() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let path = |scope: &str| format!("/t/{}/access-test?scope={scope}", tenant.slug);
    let answer = world.send(world.request(Method::GET, &path("payslips:read")).bearer_auth(&access.token)).await;
    assert_eq!((answer.status, &answer.body["failed"]["check"]), (403, &json!("scope")));
    let challenge = answer.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.ends_with("scope=\"payslips:read\""));
    for scope in ["a%20b", "%22", "%00", ""] {
        let answer = world.send(world.request(Method::GET, &path(scope)).bearer_auth(&access.token)).await;
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_request")), "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_organizations_paths_and_methods_answer_in_the_form_of_oauth() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    for slug in ["nobody", "%00", "a%00b", "UPPER", "%F0%9F%A6%80", "..", "a%2Fb", &"x".repeat(3000)] {
        let answer = world.access_test(slug, &access.token).await;
        assert_eq!(answer.status, 404, "{slug}");
        // `..` is resolved by the client and leaves the OAuth endpoints.
        assert!(slug == ".." || answer.body["error"] == "invalid_request", "{slug}: {}", answer.body);
    }
    let path = format!("/t/{}/access-test", tenant.slug);
    let answer = world.send(world.request(Method::DELETE, &path)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST"));
    assert_eq!(answer.body["error"], "invalid_request");
    let answer = world.send(world.request(Method::GET, &format!("/t/{}/nothing", tenant.slug))).await;
    assert_eq!((answer.status, &answer.body["error"]), (404, &json!("invalid_request")));
}
