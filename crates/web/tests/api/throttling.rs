//! Failed client authentications are held back, and never keep a client out that can prove who it is.

use std::net::IpAddr;

use countersign_domain::{Secret, SecretKind};
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Answer, Tenant, World, text};

const CHOSEN: &str = "what a person has chosen";

/// An organization with clients whose secrets were generated and chosen.
struct Setting {
    world: World,
    tenant: Tenant,
    generated: String,
    elsewhere: reqwest::Client,
}

impl Setting {
    async fn new() -> Self {
        let world = World::start().await;
        let tenant = world.tenant().await;
        let added = world.post(&tenant, "/clients", &json!({ "client_id": "generated" })).await;
        for name in ["chosen", "remembered"] {
            let body = json!({ "client_id": name, "client_secret": CHOSEN });
            assert_eq!(world.post(&tenant, "/clients", &body).await.status, 201);
        }
        let public = json!({ "client_id": "public", "type": "public", "redirect_uris": ["http://127.0.0.1/callback"] });
        assert_eq!(world.post(&tenant, "/clients", &public).await.status, 201);
        let elsewhere = reqwest::Client::builder().local_address(IpAddr::from([127, 0, 0, 2])).build().unwrap();
        Self { generated: text(&added.body, "client_secret"), world, tenant, elsewhere }
    }

    fn path(&self, endpoint: &str) -> String {
        format!("/t/{}/oauth2/{endpoint}", self.tenant.slug)
    }

    async fn sent(&self, request: RequestBuilder) -> Answer {
        self.world.send(request.form(&[("token", "x")])).await
    }

    async fn ask(&self, client: &str, secret: &str) -> Answer {
        self.sent(self.world.request(Method::POST, &self.path("introspect")).basic_auth(client, Some(secret))).await
    }

    async fn ask_from_elsewhere(&self, client: &str, secret: &str) -> Answer {
        let address = format!("{}{}", self.world.server.base_url(), self.path("introspect"));
        self.sent(self.elsewhere.post(address).basic_auth(client, Some(secret))).await
    }

    /// Fails as a client until that is held back; answers after how many failures.
    async fn fail_until_held_back(&self, client: &str, secret: &str) -> usize {
        let mut failures = 0;
        loop {
            let answer = self.ask(client, secret).await;
            if answer.status != 401 {
                held_back(&answer);
                return failures;
            }
            assert_eq!(answer.body["error"], "invalid_client");
            failures += 1;
            assert!(failures < 300, "{client} is not held back");
        }
    }
}

fn held_back(answer: &Answer) {
    assert_eq!((answer.status, &answer.body["error"]), (429, &json!("temporarily_unavailable")), "{}", answer.body);
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
}

fn wrong() -> String {
    Secret::from_entropy(SecretKind::ClientSecret, [7; 32]).expose().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_as_a_client_is_held_back_and_the_client_is_not() {
    let setting = Setting::new().await;
    for client in ["generated", "nobody"] {
        assert!(setting.fail_until_held_back(client, &wrong()).await >= 10);
        held_back(&setting.ask(client, "wrong and not of ours").await);
        held_back(&setting.ask(client, "").await);
        assert_eq!(setting.ask_from_elsewhere(client, &wrong()).await.status, 401);
    }
    assert_eq!(setting.ask("generated", &setting.generated).await.status, 200);
    for endpoint in ["token", "revoke"] {
        let request =
            |secret| setting.world.request(Method::POST, &setting.path(endpoint)).basic_auth("generated", Some(secret));
        held_back(&setting.sent(request(wrong())).await);
        let answer = setting.sent(request(setting.generated.clone())).await;
        assert!(![401, 429].contains(&answer.status), "{endpoint}: {}", answer.body);
    }
    // In no other name, and in no other organization.
    assert_eq!(setting.ask("chosen", &wrong()).await.status, 401);
    let other = setting.world.tenant().await;
    let path = format!("/t/{}/oauth2/introspect", other.slug);
    let request = setting.world.request(Method::POST, &path).basic_auth("generated", Some(wrong()));
    assert_eq!(setting.sent(request).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_secrets_pass_while_they_are_remembered() {
    let setting = Setting::new().await;
    assert_eq!(setting.ask("remembered", CHOSEN).await.status, 200);
    for client in ["remembered", "chosen"] {
        setting.fail_until_held_back(client, "what nobody has chosen").await;
    }
    assert_eq!(setting.ask("remembered", CHOSEN).await.status, 200);
    held_back(&setting.ask("chosen", CHOSEN).await);
    assert_eq!(setting.ask_from_elsewhere("chosen", CHOSEN).await.status, 200);
    // What was proven elsewhere counts there alone: here it would be guessed without being held back.
    held_back(&setting.ask("chosen", CHOSEN).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_made_at_the_same_time_are_counted_one_after_the_other() {
    let setting = Setting::new().await;
    let guesses = (0..40).map(async |n| setting.ask("remembered", &format!("what a person has guessed {n}")).await);
    let (answers, valid) = tokio::join!(join_all(guesses), setting.ask_from_elsewhere("chosen", CHOSEN));
    assert_eq!(valid.status, 200, "{}", valid.body);
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert!((10..20).contains(&looked_at), "{looked_at}");
    answers.iter().filter(|answer| answer.status != 401).for_each(held_back);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_begins_with_many_requests_at_once_is_not_held_back() {
    let setting = Setting::new().await;
    let answers = join_all((0..40).map(async |_| setting.ask("chosen", CHOSEN).await)).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let failures = setting.fail_until_held_back("chosen", &wrong()).await;
    assert!(failures >= 10, "a success was counted: held back after {failures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_as_many_clients_is_held_back_as_all_of_them() {
    let setting = Setting::new().await;
    let mut failures = 0;
    while failures < 1000 && setting.ask(&format!("nobody {failures}"), &wrong()).await.status == 401 {
        failures += 1;
    }
    assert!((100..1000).contains(&failures), "{failures}");
    // At once, or on a slow machine after a few; never as late as for having failed as this one client.
    assert!(setting.fail_until_held_back("generated", &wrong()).await < 10);
    assert_eq!(setting.ask("generated", &setting.generated).await.status, 200);
    assert_eq!(setting.ask_from_elsewhere("generated", &wrong()).await.status, 401);
    let revoke = |client| {
        let request = setting.world.request(Method::POST, &setting.path("revoke"));
        setting.world.send(request.form(&[("client_id", client), ("token", "x")]))
    };
    assert_eq!(revoke("public").await.status, 200);
    let mut answers = Vec::new();
    while answers.len() < 10 && !answers.contains(&429) {
        answers.push(revoke("nobody").await.status);
    }
    assert_eq!(answers.last(), Some(&429), "{answers:?}");
}
