//! Tokens that leaked: whoever holds one can end it, and learns nothing by it.

use std::collections::BTreeSet;

use countersign_domain::{OrganizationCommand, Secret, SecretKind, secret};
use regex_lite::Regex;
use reqwest::Method;
use serde_json::{Value, json};

use crate::setting::Setting;
use crate::support::{Answer, Tenant, World, text};

async fn report(world: &World, tenant: &Tenant, token: &str) -> Answer {
    let path = format!("/t/{}/oauth2/revoke-leaked", tenant.slug);
    world.send(world.request(Method::POST, &path).form(&[("token", token)])).await
}

/// How many tokens of the organization were ended.
async fn ended(world: &World, tenant: &Tenant) -> usize {
    world.journal(tenant.id).await.iter().filter(|event| *event == "TokenRevoked").count()
}

fn assert_done(answer: &Answer) {
    assert_eq!((answer.status, &answer.body), (200, &json!({})));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_a_token_can_end_it_and_the_timeline_says_why() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let manual = access.token.as_str();
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug));
    let request = request.basic_auth(&access.client_id, Some(&access.client_secret));
    let issued = text(&world.send(request.form(&[("grant_type", "client_credentials")])).await.body, "access_token");
    for (count, token) in [(1, manual), (2, issued.as_str())] {
        assert_eq!(world.access_test(&tenant.slug, token).await.status, 200);
        for _ in 0..2 {
            assert_done(&report(&world, &tenant, token).await);
            let refused = world.access_test(&tenant.slug, token).await;
            assert_eq!((refused.status, &refused.body["failed"]["message"]), (401, &json!("The token was revoked")));
            assert_eq!(ended(&world, &tenant).await, count, "once, however often it is reported");
        }
    }
    let audit = world.get(&tenant, &format!("/audit?event=TokenRevoked&token={}", access.token_id)).await;
    let entry = &audit.body["entries"][0];
    assert_eq!((&entry["actor"]["kind"], &entry["via"]), (&json!("system"), &json!("oauth")));
    assert_eq!(entry["source"]["address"], "127.0.0.1");
    let last_four = &manual[manual.len() - 4..];
    let reason = format!("Reported as leaked: whoever held cs_mt_…{last_four} sent it in to be ended");
    assert_eq!(entry["reason"], reason);
    assert!(!audit.body.to_string().contains(manual));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_does_not_say_whether_a_token_was_known() {
    let world = World::start().await;
    let (tenant, elsewhere) = (world.tenant().await, world.tenant().await);
    let access = world.access(&tenant, "Initech").await;
    let theirs = world.access(&elsewhere, "Initech").await;
    let never_issued = Secret::from_entropy(SecretKind::ManualToken, [7; 32]).expose().to_owned();
    let known = report(&world, &tenant, &access.token).await;
    assert_done(&known);
    let before = (world.journal(tenant.id).await, world.journal(elsewhere.id).await);
    for token in [&never_issued, &theirs.token, &access.client_secret, &tenant.session] {
        let answer = report(&world, &tenant, token).await;
        assert_done(&answer);
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(names(&answer), names(&known));
    }
    assert_eq!((world.journal(tenant.id).await, world.journal(elsewhere.id).await), before);
    assert_eq!(world.access_test(&elsewhere.slug, &theirs.token).await.status, 200, "another organization's token");
    assert_eq!(world.get(&tenant, "/third-parties").await.status, 200, "the session was ended");
    world.operator(&elsewhere, OrganizationCommand::Suspend).await;
    assert_done(&report(&world, &elsewhere, &theirs.token).await);
    assert_eq!(ended(&world, &elsewhere).await, 1, "a suspended organization's tokens leak too");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_report_is_refused_and_ends_nothing() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let path = format!("/t/{}/oauth2/revoke-leaked", tenant.slug);
    let in_the_url = format!("{path}?token={}", access.token);
    let post = |path: &str| world.request(Method::POST, path);
    let token = ("token", access.token.as_str());
    for (case, request) in [
        ("no body", post(&path)),
        ("another parameter", post(&path).form(&[("secret", &access.token)])),
        ("empty", post(&path).form(&[("token", "")])),
        ("twice", post(&path).form(&[token, token])),
        ("in the URL alone", post(&in_the_url)),
        ("in the URL, and something else in the body", post(&in_the_url).form(&[("token", "")])),
        ("in the header", post(&path).bearer_auth(&access.token)),
        ("as JSON", post(&path).json(&json!({ "token": access.token }))),
        ("cut off", post(&path).form(&[("token", &access.token[..30])])),
        ("not ours", post(&path).form(&[("token", "eyJhbGciOiJub25lIn0.e30.")])),
    ] {
        let answer = world.send(request).await;
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_request")), "{case}: {}", answer.body);
        assert!(!answer.body.to_string().contains(&access.token[..30]), "{case}");
    }
    let answer = world.send(world.request(Method::GET, &in_the_url)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    let huge = post(&path).form(&[("token", "x".repeat(300_000))]);
    assert_eq!(world.send(huge).await.status, 413);
    let nobody = post("/t/nobody/oauth2/revoke-leaked").form(&[token]);
    assert_eq!(world.send(nobody).await.status, 404);
    assert_eq!(ended(&world, &tenant).await, 0);
    assert_eq!(world.access_test(&tenant.slug, &access.token).await.body["active"], Value::Bool(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_refresh_token_ends_its_family() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let tokens = setting.redeem(&setting.code().await).await;
    let (access, refresh) = (text(&tokens.body, "access_token"), text(&tokens.body, "refresh_token"));
    for _ in 0..2 {
        assert_done(&report(&world, &tenant, &refresh).await);
        assert!(!setting.works(&access).await);
    }
    assert_eq!(world.journal(tenant.id).await.last().unwrap(), "AuthorizationRevoked");
    assert_eq!(setting.refresh(&refresh).await.body["error"], "invalid_grant");
}

/// The document for scanners, which alone of all that is served here may be kept.
async fn format(world: &World) -> Value {
    let answer = world.request(Method::GET, "/.well-known/countersign-token-format").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (200, &"public, max-age=3600".parse().unwrap())
    );
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_format_has_every_kind_with_an_example_that_opens_nothing() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let format = format(&world).await;
    let kinds = format["kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), SecretKind::ALL.len());
    for (document, kind) in kinds.iter().zip(SecretKind::ALL) {
        let example = text(document, "example");
        assert_eq!(secret::parse(&example).unwrap().kind, kind);
        assert!(example.starts_with(&text(document, "prefix")) && !text(document, "description").is_empty());
        assert_eq!(Regex::new(&text(document, "pattern")).unwrap().find(&example).unwrap().as_str(), example);
        assert_eq!(world.access_test(&tenant.slug, &example).await.status, 401);
    }
    assert_eq!(format["checksum"]["digits"], 6);
    assert_eq!(text(&format["checksum"], "alphabet").len(), 62);
    let elsewhere = world.request(Method::POST, "/.well-known/countersign-token-format");
    assert_eq!(world.send(elsewhere).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_finds_and_ends_a_token_with_the_format_alone() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let leak = format!("API_URL=https://api.example.com\nAPI_TOKEN=\"{}\" # until May\n", access.token);
    let format = format(&world).await;
    let patterns = format["kinds"].as_array().unwrap().iter().map(|kind| Regex::new(&text(kind, "pattern")).unwrap());
    let found = patterns.filter_map(|pattern| pattern.find(&leak).map(|found| found.as_str())).collect::<Vec<_>>();
    assert_eq!(found, [access.token.as_str()]);
    let report = text(&format, "report").replace("{org}", &tenant.slug);
    assert_done(&world.send(world.http.post(report).form(&[("token", found[0])])).await);
    assert_eq!(world.access_test(&tenant.slug, &access.token).await.status, 401);
}
