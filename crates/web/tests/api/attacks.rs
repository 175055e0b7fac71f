//! What attackers try against the authorization server (RFC 9700), on an organization's own endpoints and on another's.

use countersign_domain::authorization::code_challenge;
use reqwest::Method;
use serde_json::json;

use crate::setting::{CALLBACK, Setting, VERIFIER, redemption};
use crate::support::{World, text};

/// Spellings that some servers have taken for a registered redirect URI.
const VARIANTS: [&str; 44] = [
    "https://client.example/callback/",
    "https://client.example/callback?",
    "https://client.example/callback#",
    "https://client.example/callback#fragment",
    "https://client.example/callback?a=b",
    "https://client.example/callback/..",
    "https://client.example/callback/../evil",
    "https://client.example/callback/%2e%2e/evil",
    "https://client.example/callback;evil",
    "https://client.example/callback%00",
    "https://client.example/callback%0d%0aset-cookie:a=b",
    "https://client.example/callback%20",
    "https://client.example/callback ",
    " https://client.example/callback",
    "https://client.example/callback\n",
    "https://client.example/Callback",
    "https://client.example/call%62ack",
    "https://client.example/%63allback",
    "https://client.example//callback",
    "https://client.example/./callback",
    "https://client.example:443/callback",
    "https://client.example:8443/callback",
    "https://client.example./callback",
    "https://CLIENT.example/callback",
    "HTTPS://client.example/callback",
    "https:client.example/callback",
    "https:/client.example/callback",
    "https:\\\\client.example\\callback",
    "//client.example/callback",
    "/callback",
    "http://client.example/callback",
    "https://client.example.evil.example/callback",
    "https://evil.example/https://client.example/callback",
    "https://evil.example#https://client.example/callback",
    "https://evil.example?https://client.example/callback",
    "https://evil.example\\@client.example/callback",
    "https://client.example@evil.example/callback",
    "https://client.example:443@evil.example/callback",
    "https://evil.example%2fclient.example/callback",
    "https://client.example%00.evil.example/callback",
    "https://cliënt.example/callback",
    "https://client。example/callback",
    "javascript:alert(1)//https://client.example/callback",
    "data:text/html,https://client.example/callback",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_redirect_uri_but_the_registered_one_is_answered() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    // A member who has consented would be sent on at once.
    setting.decide(&setting.request(&[]), "allow").await;
    assert!(setting.open(&setting.request(&[])).await.sent("code").is_some());
    for variant in VARIANTS {
        for name in ["redirect_uri", "redirect_url"] {
            let page = setting.open(&setting.request(&[("redirect_uri", ""), (name, variant)])).await;
            assert_eq!((page.status, page.location), (400, None), "{name}={variant:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pkce_can_not_be_talked_out_of() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    setting.decide(&setting.request(&[]), "allow").await;
    let padded = format!("{}=", code_challenge(VERIFIER));
    let downgrades: [&[(&str, &str)]; 9] = [
        &[("code_challenge", ""), ("code_challenge_method", "")],
        &[("code_challenge", "")],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "PLAIN")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge_method", "S256,plain")],
        &[("code_challenge_method", "S256\u{0}")],
        &[("code_challenge", &padded)],
    ];
    for changes in downgrades {
        let page = setting.open(&setting.request(changes)).await;
        assert_eq!(page.sent("error").as_deref(), Some("invalid_request"), "{changes:?}");
        assert_eq!(page.sent("code"), None, "{changes:?}");
    }
    // A code that was asked for with a challenge needs its verifier, the challenge itself won't do, and none at all
    // won't either.
    let code = setting.code().await;
    for verifier in [code_challenge(VERIFIER).as_str(), "", &VERIFIER[1..], &format!("{VERIFIER}A")] {
        let answer = setting.token(&redemption(&code, verifier)).await;
        assert_eq!(answer.body["error"], "invalid_grant", "{verifier:?}");
    }
    // Nor may a verifier come to a code without a challenge: it may be another attempt's code (RFC 9700 section 4.8.2).
    let client = world.store.directory().client_by_identifier(tenant.id, "app").await.unwrap().unwrap();
    let legacy = json!({ "pkce_required": false });
    assert_eq!(world.patch(&tenant, &format!("/clients/{}", client.id), &legacy).await.status, 200);
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = setting.open(&setting.request(&without)).await.sent("code").unwrap();
    assert_eq!(setting.redeem(&code).await.body["error"], "invalid_grant");
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(setting.token(&form).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_organization_gives_is_worth_nothing_in_another() {
    let world = World::start().await;
    let (ours, theirs) = (world.tenant().await, world.tenant().await);
    let our_app = Setting::new(&world, &ours, "app").await;
    let their_app = Setting::new(&world, &theirs, "app").await;
    let tokens = our_app.redeem(&our_app.code().await).await;
    let (access, refresh) = (text(&tokens.body, "access_token"), text(&tokens.body, "refresh_token"));

    // Our credentials at their endpoints; our tokens presented by their client.
    let intruder = Setting { tenant: &theirs, ..our_app.clone() };
    assert_eq!(intruder.token(&[("grant_type", "client_credentials")]).await.status, 401);
    assert_eq!(their_app.refresh(&refresh).await.body["error"], "invalid_grant");
    for token in [&access, &refresh] {
        assert_eq!(their_app.post("introspect", &[("token", token)]).await.body, json!({ "active": false }));
        assert_eq!(their_app.post("revoke", &[("token", token)]).await.status, 200);
    }
    assert_eq!(world.access_test(&theirs.slug, &access).await.status, 401);
    assert!(our_app.works(&access).await, "their revocation ended our token");
    // A code of theirs at our token endpoint, as in a mix-up (RFC 9700 section 4.4).
    let their_code = their_app.code().await;
    assert_eq!(our_app.redeem(&their_code).await.body["error"], "invalid_grant");
    // Answers say whose they are, errors too (RFC 9207).
    let denied = their_app.decide(&their_app.request(&[("prompt", "consent")]), "deny").await;
    let issuer = format!("{}/t/{}", world.server.base_url(), theirs.slug);
    assert_eq!(denied.sent("iss"), Some(issuer));
    assert_eq!(our_app.refresh(&refresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_wrong_place_is_refused() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let setting = Setting::new(&world, &tenant, "app").await;
    let endpoint = format!("/t/{}/oauth2/token", tenant.slug);
    let form = [("grant_type", "client_credentials")];
    let basic = |request: reqwest::RequestBuilder| request.basic_auth("app", Some(&setting.client_secret));

    let get = world.send(world.request(Method::GET, &endpoint)).await;
    assert_eq!(get.status, 405);
    let twice = basic(world.request(Method::POST, &endpoint)).form(&[form[0], form[0]]);
    assert_eq!(world.send(twice).await.body["error"], "invalid_request");
    let both = basic(world.request(Method::POST, &endpoint)).form(&[
        form[0],
        ("client_id", "app"),
        ("client_secret", &setting.client_secret),
    ]);
    assert_eq!(world.send(both).await.body["error"], "invalid_request");
    let json = basic(world.request(Method::POST, &endpoint)).json(&json!({ "grant_type": "client_credentials" }));
    assert_eq!(world.send(json).await.body["error"], "invalid_request");
    // Secrets in a URL end up in logs: what is sent there does not count.
    let query = format!("{endpoint}?client_id=app&client_secret={}", setting.client_secret);
    let in_the_query = world.send(world.request(Method::POST, &query).form(&form)).await;
    assert_eq!(in_the_query.status, 400, "{}", in_the_query.body);
    assert_eq!(in_the_query.body["error"], "invalid_request");
}
