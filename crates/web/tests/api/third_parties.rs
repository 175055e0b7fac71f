//! Third parties by API: adding, reading, changing, listing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Tenant, World, text};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_added_is_read_back_and_the_secret_never_again() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let new = json!({
        "name": " Brightside   Payroll ", "contact_name": "Noor Haddad", "contact_email": "noor@brightside.example",
        "requirements": "Reads payslips only.", "mode": "automatic", "callback_url": "https://brightside.example/back"
    });
    let added = world.post(&tenant, "/third-parties", &new).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let id = text(&added.body, "id");
    assert_eq!(added.header("location"), format!("/api/v1/orgs/{}/third-parties/{id}", tenant.slug));
    let secret = text(&added.body, "client_secret");
    assert!(secret.starts_with("cs_sk_") && text(&added.body, "client_id").starts_with("cs_ci_"));
    let read = world.get(&tenant, &format!("/third-parties/{id}")).await;
    let mut expected = added.body.clone();
    expected.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(read.body, expected);
    assert!(!read.body.to_string().contains(&secret));
    for (field, value) in [
        ("name", json!("Brightside Payroll")),
        ("enabled", json!(false)),
        ("mode", json!("automatic")),
        ("contact_email", json!("noor@brightside.example")),
        ("callback_url", json!("https://brightside.example/back")),
        ("tokens", json!([])),
    ] {
        assert_eq!(read.body[field], value);
    }
    let again = world.post(&tenant, "/third-parties", &json!({ "name": "BRIGHTSIDE payroll" })).await;
    assert_eq!((again.status, &again.body["type"]), (409, &json!("/problems/name-taken")));
    assert_eq!(again.body["errors"][0]["field"], "name");
}

/// The status of the token endpoint's answer to these credentials.
async fn token(world: &World, tenant: &Tenant, client_id: &str, secret: &str) -> u16 {
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug));
    world.send(request.basic_auth(client_id, Some(secret)).form(&[("grant_type", "client_credentials")])).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn it_may_bring_its_client_id_its_client_secret_or_both() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let chosen = "what they have used since 2014";
    let cases = [
        (json!({ "name": "Both", "client_id": "both", "client_secret": chosen }), true, true),
        (json!({ "name": "Client ID", "client_id": "their-id" }), true, false),
        (json!({ "name": "Client Secret", "client_secret": chosen }), false, true),
        (json!({ "name": "Neither" }), false, false),
    ];
    for (body, brings_id, brings_secret) in cases {
        let added = world.post(&tenant, "/third-parties", &body).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let (id, client_id) = (text(&added.body, "id"), text(&added.body, "client_id"));
        assert_eq!(client_id.starts_with("cs_ci_"), !brings_id, "{body}");
        if brings_id {
            assert_eq!(client_id, body["client_id"]);
        }
        assert!(!added.body.to_string().contains(chosen));
        let secret = if brings_secret {
            assert_eq!(added.body["client_secret"], Value::Null);
            assert_eq!(added.body["secrets"][0]["masked"], "chosen by a person");
            chosen.to_owned()
        } else {
            text(&added.body, "client_secret")
        };
        assert_eq!(token(&world, &tenant, &client_id, &secret).await, 401, "{body}: not Enabled yet");
        world.patch(&tenant, &format!("/third-parties/{id}"), &json!({ "enabled": true })).await;
        assert_eq!(token(&world, &tenant, &client_id, &secret).await, 200, "{body}");
        assert_eq!(token(&world, &tenant, &client_id, "what they have used since 2015").await, 401, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_not_acceptable_add_nothing() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    world.post(&tenant, "/clients", &json!({ "client_id": "partner" })).await;
    let events = world.journal(tenant.id).await;
    let body = json!({ "name": "Initech", "client_id": "é", "client_secret": "too short" });
    let refused = world.post(&tenant, "/third-parties", &body).await;
    let fields = refused.body["errors"].as_array().unwrap().iter().map(|error| text(error, "field"));
    assert_eq!((refused.status, fields.collect::<Vec<_>>()), (422, vec!["client_id".into(), "client_secret".into()]));
    let taken = world.post(&tenant, "/third-parties", &json!({ "name": "Initech", "client_id": "partner" })).await;
    assert_eq!((taken.status, &taken.body["errors"][0]["field"]), (409, &json!("client_id")));
    assert_eq!(world.journal(tenant.id).await, events, "not even the third party is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_touches_only_what_it_names() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let new = json!({ "name": "Initech", "contact_name": "Bill", "contact_email": "bill@initech.example" });
    let added = world.post(&tenant, "/third-parties", &new).await;
    let path = format!("/third-parties/{}", text(&added.body, "id"));
    let changed = world.patch(&tenant, &path, &json!({ "contact_name": null, "requirements": "Reviewed." })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["contact_name"], Value::Null);
    assert_eq!(changed.body["contact_email"], "bill@initech.example");
    assert_eq!(changed.body["requirements"], "Reviewed.");
    let journal = world.journal(tenant.id).await;
    let nothing = world.patch(&tenant, &path, &json!({})).await;
    assert_eq!((nothing.status, nothing.body), (200, changed.body));
    assert_eq!(world.journal(tenant.id).await, journal, "a change of nothing was recorded");
    let cleared = world.patch(&tenant, &path, &json!({ "requirements": null, "callback_url": null })).await;
    assert_eq!((&cleared.body["requirements"], &cleared.body["callback_url"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_based_on_an_old_version_is_refused_whole() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let added = world.post(&tenant, "/third-parties", &json!({ "name": "Initech" })).await;
    let path = format!("/third-parties/{}", text(&added.body, "id"));
    let version = added.body["version"].clone();
    let first = world.patch(&tenant, &path, &json!({ "version": version, "enabled": true })).await;
    assert_eq!(first.status, 200);
    let second = json!({ "version": version, "enabled": false, "callback_url": "https://initech.example/back" });
    let second = world.patch(&tenant, &path, &second).await;
    assert_eq!((second.status, &second.body["type"]), (409, &json!("/problems/changed-meanwhile")));
    assert_eq!(world.get(&tenant, &path).await.body, first.body);
    let third = world.patch(&tenant, &path, &json!({ "version": first.body["version"], "enabled": false })).await;
    assert_eq!(third.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_searched_sorted_and_paged() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for name in ["alpha", "Beta", "gamma", "Delta", "100%_sure"] {
        world.post(&tenant, "/third-parties", &json!({ "name": name })).await;
    }
    let names = async |query: &str| {
        let list = world.get(&tenant, &format!("/third-parties{query}")).await;
        assert_eq!(list.status, 200, "{}", list.body);
        list.body["items"].as_array().unwrap().iter().map(|item| text(item, "name")).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["100%_sure", "alpha", "Beta", "Delta", "gamma"]);
    assert_eq!(names("?order=desc&page_size=2").await, ["gamma", "Delta"]);
    assert_eq!(names("?page=3&page_size=2").await, ["gamma"]);
    assert_eq!(names("?q=ELT").await, ["Delta"]);
    assert_eq!(names("?q=%25_").await, ["100%_sure"]);
    assert!(names("?q=nobody").await.is_empty());
    let beta = world.get(&tenant, "/third-parties?q=beta").await.body["items"][0].clone();
    let switch_on = json!({ "version": beta["version"], "enabled": true, "mode": "automatic" });
    assert_eq!(world.patch(&tenant, &format!("/third-parties/{}", text(&beta, "id")), &switch_on).await.status, 200);
    for query in ["enabled=true", "mode=automatic", "sort=enabled&order=desc&page_size=1"] {
        assert_eq!(names(&format!("?{query}")).await, ["Beta"], "{query}");
    }
    assert_eq!(
        names("?enabled=false&mode=manual&next_expiry=NO+ACTIVE&last_used=never&q=a").await,
        ["alpha", "Delta", "gamma"]
    );
    assert!(names("?next_expiry=2026").await.is_empty());
    assert!(names("?last_used=2026").await.is_empty());
    let list = world.get(&tenant, "/third-parties?page_size=2").await.body;
    assert_eq!((&list["total"], &list["page"], &list["pages"]), (&json!(5), &json!(1), &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_read_in_pages_with_who_what_and_from_where() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let list = world.get(&tenant, &format!("/audit?third_party={}&limit=2", access.third_party)).await.body;
    let entries = list["entries"].as_array().unwrap();
    assert_eq!(
        entries.iter().map(|entry| text(entry, "event")).collect::<Vec<_>>(),
        ["ThirdPartyEnabled", "TokenIssued"]
    );
    assert_eq!(entries[0]["actor"]["name"], "Ada Example");
    assert_eq!(entries[0]["via"], "api");
    assert_eq!(entries[0]["source"]["address"], "127.0.0.1");
    let older = list["older"].as_u64().unwrap();
    let next = world.get(&tenant, &format!("/audit?third_party={}&before={older}", access.third_party)).await.body;
    assert!(!next["entries"].as_array().unwrap().is_empty() && next["older"].is_null());
    let issued = world.get(&tenant, "/audit?event=TokenIssued").await.body;
    assert_eq!(issued["entries"].as_array().unwrap().len(), 1);
    assert!(!issued.to_string().contains(&access.token));
}
