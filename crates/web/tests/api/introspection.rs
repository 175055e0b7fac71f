//! Introspection (RFC 7662) and client authentication (RFC 6749 section 2.3.1).

use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::values::ClientIdentifier;
use countersign_domain::{Client, ClientCommand, ClientId, ClientSettings, Secret, SecretKind, SettingsBounds};
use countersign_persistence::{ChangeError, UnitOfWork, testing};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Access, Answer, Tenant, World, cheap_verifier};

fn request(world: &World, tenant: &Tenant) -> RequestBuilder {
    world.request(Method::POST, &format!("/t/{}/oauth2/introspect", tenant.slug))
}

async fn ask(world: &World, tenant: &Tenant, asking: &Access, token: &str) -> Answer {
    let request = request(world, tenant).basic_auth(&asking.client_id, Some(&asking.client_secret));
    world.send(request.form(&[("token", token)])).await
}

async fn command(world: &World, tenant: &Tenant, client: ClientId, command: ClientCommand) {
    let context = testing::operator(tenant.id);
    let change = async |unit: &UnitOfWork| unit.execute::<Client>(client.uuid(), command.clone()).await;
    world.store.change(&context, change).await.unwrap();
}

/// Registers a client of its own, with a secret that a person chose.
async fn client_with_chosen_secret(world: &World, tenant: &Tenant, identifier: &str, secret: &str) -> ClientId {
    let phc = cheap_verifier(secret);
    world
        .store
        .change(&testing::operator(tenant.id), async |unit| {
            let register = ClientCommand::Register {
                identifier: ClientIdentifier::parse(identifier).unwrap(),
                client_type: ClientType::Confidential,
                third_party: None,
                scopes: Vec::new(),
                redirect_uris: Vec::new(),
            };
            let client = unit.create::<Client>(register).await?;
            let proof = SecretProof::Chosen { verifier: unit.store_verifier(phc.clone(), None) };
            unit.execute::<Client>(client, ClientCommand::AddSecret { proof, expires_at: None }).await?;
            Ok::<_, ChangeError>(ClientId(client))
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_active_token_is_described_and_every_other_is_only_inactive() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let elsewhere = world.tenant().await;
    let (asking, access) = (world.access(&tenant, "Asking").await, world.access(&tenant, "Initech").await);
    let foreign = world.access(&elsewhere, "Initech").await;
    // Without the right to ask about them, other clients' tokens are not active.
    let answer = ask(&world, &tenant, &asking, &access.token).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "active": false })));
    assert_eq!(ask(&world, &tenant, &access, &access.token).await.body["active"], true);
    let client = world.store.directory().client_by_identifier(tenant.id, &asking.client_id).await.unwrap().unwrap();
    let settings = ClientSettings { may_introspect: true, ..client.settings.clone() };
    command(
        &world,
        &tenant,
        client.id,
        ClientCommand::ChangeSettings { settings, bounds: SettingsBounds::of_operator(12) },
    )
    .await;
    let answer = ask(&world, &tenant, &asking, &access.token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token =
        world.get(&tenant, &format!("/third-parties/{}/tokens/{}", access.third_party, access.token_id)).await.body;
    let seconds = |field: &str| token[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(
        answer.body,
        json!({
            "active": true, "client_id": access.client_id, "token_type": "Bearer",
            "exp": seconds("expires_at"), "iat": seconds("issued_at"),
            "iss": format!("{}/t/{}", world.server.base_url(), tenant.slug), "sub": access.third_party,
        })
    );
    for token in [foreign.token.as_str(), "nonsense", &access.client_secret, &tenant.session, "\u{0}", "🦀"] {
        let answer = ask(&world, &tenant, &asking, token).await;
        assert_eq!((answer.status, answer.body), (200, json!({ "active": false })));
    }
    let path = format!("/third-parties/{}", access.third_party);
    world.patch(&tenant, &path, &json!({ "enabled": false })).await;
    assert_eq!(ask(&world, &tenant, &asking, &access.token).await.body, json!({ "active": false }));
    world.patch(&tenant, &path, &json!({ "enabled": true })).await;
    assert_eq!(ask(&world, &tenant, &asking, &access.token).await.body["active"], true);
    world.delete(&tenant, &format!("{path}/tokens/{}", access.token_id)).await;
    assert_eq!(ask(&world, &tenant, &asking, &access.token).await.body, json!({ "active": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_organization_has_no_active_tokens() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    world.operator(&tenant, countersign_domain::OrganizationCommand::Suspend).await;
    let answer = ask(&world, &tenant, &access, &access.token).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "active": false })));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_told_nothing() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let elsewhere = world.tenant().await;
    let (access, foreign) = (world.access(&tenant, "Initech").await, world.access(&elsewhere, "Initech").await);
    let form = [("token", access.token.as_str())];
    let asking = |id: &str, secret: &str| request(&world, &tenant).basic_auth(id, Some(secret)).form(&form);
    let in_body = |id: &str, secret: &str| {
        request(&world, &tenant).form(&[("token", access.token.as_str()), ("client_id", id), ("client_secret", secret)])
    };
    let mut seen = Vec::new();
    for request in [
        asking(&access.client_id, "wrong"),
        asking(&access.client_id, &foreign.client_secret),
        asking(&foreign.client_id, &foreign.client_secret),
        asking("nobody", "wrong"),
        asking("nobody", &access.client_secret),
        asking("no\u{0}body", "wrong"),
        in_body(&access.client_id, "wrong"),
        in_body(&foreign.client_id, &foreign.client_secret),
    ] {
        let answer = world.send(request).await;
        assert_eq!((answer.status, &answer.body["error"]), (401, &json!("invalid_client")));
        let issuer = format!("{}/t/{}", world.server.base_url(), tenant.slug);
        assert_eq!(answer.header("www-authenticate"), format!("Basic realm=\"{issuer}\", charset=\"UTF-8\""));
        seen.push(answer.body);
    }
    assert!(seen.iter().all(|body| *body == seen[0]), "the answers tell strangers apart");
    for request in [
        request(&world, &tenant).form(&form),
        request(&world, &tenant).bearer_auth(&access.token).form(&form),
        request(&world, &tenant).form(&[("token", access.token.as_str()), ("client_id", access.client_id.as_str())]),
        asking(&access.client_id, ""),
    ] {
        let answer = world.send(request).await;
        assert_eq!((answer.status, &answer.body["error"]), (401, &json!("invalid_client")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_switched_off_may_not_ask() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let (asking, access) = (world.access(&tenant, "Asking").await, world.access(&tenant, "Initech").await);
    let path = format!("/third-parties/{}", asking.third_party);
    world.patch(&tenant, &path, &json!({ "enabled": false })).await;
    let answer = ask(&world, &tenant, &asking, &access.token).await;
    assert_eq!((answer.status, &answer.body["error"]), (401, &json!("invalid_client")));
    world.patch(&tenant, &path, &json!({ "enabled": true })).await;
    assert_eq!(ask(&world, &tenant, &asking, &access.token).await.status, 200);
    world.delete(&tenant, &path).await;
    assert_eq!(ask(&world, &tenant, &asking, &access.token).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_can_be_rotated_without_a_gap() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let mut asking = world.access(&tenant, "Asking").await;
    let path = format!("/third-parties/{}/secrets", asking.third_party);
    let added = world.post(&tenant, &path, &json!({})).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let third = world.post(&tenant, &path, &json!({})).await;
    assert_eq!((third.status, &third.body["type"]), (409, &json!("/problems/refused")));
    let old = asking.client_secret.clone();
    assert_eq!(ask(&world, &tenant, &asking, "x").await.status, 200);
    added.body["client_secret"].as_str().unwrap().clone_into(&mut asking.client_secret);
    assert_eq!(ask(&world, &tenant, &asking, "x").await.status, 200);
    let secrets = added.body["third_party"]["secrets"].as_array().unwrap();
    assert_eq!(secrets[0]["masked"], format!("cs_sk_…{}", &old[old.len() - 4..]));
    let oldest = secrets[0]["id"].as_str().unwrap();
    assert_eq!(world.delete(&tenant, &format!("{path}/{oldest}")).await.status, 204);
    assert_eq!(world.delete(&tenant, &format!("{path}/{oldest}")).await.status, 404);
    assert_eq!(ask(&world, &tenant, &asking, "x").await.status, 200);
    asking.client_secret = old;
    assert_eq!(ask(&world, &tenant, &asking, "x").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_secrets_are_read_form_decoded_and_as_sent() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let (identifier, secret) = ("My Client+1%", "p+ss w%rd:&=ü and more");
    let client = client_with_chosen_secret(&world, &tenant, identifier, secret).await;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let form = [("token", "x")];
    let as_sent = || request(&world, &tenant).basic_auth(identifier, Some(secret)).form(&form);
    let encoded = || request(&world, &tenant).basic_auth(encode(identifier), Some(encode(secret))).form(&form);
    let in_body =
        || request(&world, &tenant).form(&[("token", "x"), ("client_id", identifier), ("client_secret", secret)]);
    // Once to verify, once from memory.
    for _ in 0..2 {
        for request in [as_sent(), encoded(), in_body()] {
            let answer = world.send(request).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
    let deactivate = async |command: ClientCommand| {
        let context = testing::operator(tenant.id);
        let changed =
            world.store.change(&context, async |unit| unit.execute::<Client>(client.uuid(), command.clone()).await);
        changed.await.unwrap();
    };
    deactivate(ClientCommand::Deactivate).await;
    assert_eq!(world.send(as_sent()).await.status, 401);
    deactivate(ClientCommand::Activate).await;
    assert_eq!(world.send(as_sent()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_expired_or_were_removed_do_not_count() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let client = client_with_chosen_secret(&world, &tenant, "temporary", "chosen by a person").await;
    let mut entropy = [0; 32];
    countersign_persistence::clock::fill_random(&mut entropy);
    let secret = Secret::from_entropy(SecretKind::ClientSecret, entropy);
    let proof = SecretProof::Generated { digest: secret.digest(), last_four: secret.last_four() };
    let expires_at = Some(countersign_persistence::clock::now() + jiff::SignedDuration::from_secs(1));
    command(&world, &tenant, client, ClientCommand::AddSecret { proof, expires_at }).await;
    let status = async |secret: &str| {
        let request = request(&world, &tenant).basic_auth("temporary", Some(secret)).form(&[("token", "x")]);
        world.send(request).await.status
    };
    assert_eq!((status(secret.expose()).await, status("chosen by a person").await), (200, 200));
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!((status(secret.expose()).await, status("chosen by a person").await), (401, 200));
    let entry = world.store.directory().client(tenant.id, client).await.unwrap().unwrap();
    for stored in &entry.secrets {
        command(&world, &tenant, client, ClientCommand::RemoveSecret(stored.secret)).await;
    }
    assert_eq!(status("chosen by a person").await, 401, "it was remembered past its removal");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_the_protocol_does_not_allow_are_refused() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let basic = || request(&world, &tenant).basic_auth(&access.client_id, Some(&access.client_secret));
    let credentials = [("client_id", access.client_id.as_str()), ("client_secret", access.client_secret.as_str())];
    let form = "application/x-www-form-urlencoded";
    for (case, request) in [
        ("both ways", basic().form(&[("token", "x"), credentials[0], credentials[1]])),
        ("another client", basic().form(&[("token", "x"), ("client_id", "another")])),
        ("no token", basic().form(&[("token_type_hint", "access_token")])),
        ("empty token", basic().form(&[("token", "")])),
        ("no body", basic()),
        ("token twice", basic().form(&[("token", "x"), ("token", "x")])),
        ("unknown parameter twice", basic().form(&[("token", "x"), ("a", "1"), ("a", "2")])),
        ("JSON", basic().json(&json!({ "token": "x" }))),
        ("plain text", basic().header("content-type", "text/plain").body("token=x")),
        ("not base64", request(&world, &tenant).header("authorization", "Basic %%%").form(&[("token", "x")])),
        ("no colon", request(&world, &tenant).header("authorization", "Basic YWJj").form(&[("token", "x")])),
        ("not text", request(&world, &tenant).header("authorization", "Basic //8=").form(&[("token", "x")])),
        (
            "many parameters",
            basic().header("content-type", form).body((0..60).fold(String::new(), |body, n| format!("{body}&a{n}=b"))),
        ),
    ] {
        let answer = world.send(request).await;
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_request")), "{case}: {}", answer.body);
        assert!(!answer.body["error_description"].as_str().unwrap().is_empty(), "{case}");
    }
    let same = basic().form(&[("token", "x"), ("client_id", access.client_id.as_str())]);
    assert_eq!(world.send(same).await.status, 200, "the same client_id in the body is no second way");
    let huge = basic().header("content-type", form).body(format!("token={}", "x".repeat(300_000)));
    let answer = world.send(huge).await;
    assert_eq!((answer.status, &answer.body["error"]), (413, &json!("invalid_request")));
    let answer = world.send(world.request(Method::GET, &format!("/t/{}/oauth2/introspect", tenant.slug))).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_authentications_are_recorded_once_a_cause() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let before = world.journal(tenant.id).await.len();
    let mut answers = Vec::new();
    for _ in 0..20 {
        let request =
            request(&world, &tenant).basic_auth(&access.client_id, Some(format!("{}x", access.client_secret)));
        answers.push(world.send(request.form(&[("token", "x")])).await.status);
    }
    world.send(request(&world, &tenant).basic_auth("nobody", Some("x")).form(&[("token", "x")])).await;
    world.send(request(&world, &tenant).form(&[("token", "x"), ("client_id", access.client_id.as_str())])).await;
    let fresh_session = world.sign_in(&tenant.email).await;
    world.server.handle().stop().await;
    let journal = world.journal(tenant.id).await;
    let failed = journal[before..].iter().filter(|event| *event == "AuthenticationFailed").count();
    // One a cause, or two where a minute ended in between. On a slow machine none is held back.
    assert!((2..=6).contains(&failed), "{journal:?}");
    let again = World::start().await;
    let path = format!("/api/v1/orgs/{}/audit?event=AuthenticationFailed", tenant.slug);
    let audit = again.send(again.request(Method::GET, &path).bearer_auth(fresh_session)).await;
    assert!(!audit.body.to_string().contains(&access.client_secret), "{}", audit.body);
    let records = audit.body["entries"].as_array().unwrap().iter().map(|entry| entry["record"].as_str().unwrap());
    let records = records.map(|record| serde_json::from_str::<serde_json::Value>(record).unwrap());
    let failures = records.map(|record| record["event"]["payload"].clone());
    let failures = failures.collect::<Vec<_>>();
    let count = |cause| {
        let of_cause = failures.iter().filter(|failure| failure["cause"] == cause);
        of_cause.map(|failure| failure["count"].as_u64().unwrap()).sum::<u64>()
    };
    let answered = |status| answers.iter().filter(|answer| **answer == status).count() as u64;
    assert_eq!(answered(401) + answered(429), 20, "{answers:?}");
    assert!(answered(401) >= 10, "{answers:?}");
    assert_eq!((count("wrong_secret"), count("held_back")), (answered(401), answered(429)), "{}", audit.body);
}
