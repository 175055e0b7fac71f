//! What is set in an organization, and what follows from it.

use countersign_domain::{Digest, Role};
use countersign_persistence::queries::members;
use countersign_persistence::sign_in::{NewSecondFactor, enable_totp};
use countersign_persistence::{clock, testing};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::isolation::routes;
use crate::support::{Tenant, World, text};

async fn refused(world: &World, tenant: &Tenant, change: Value) -> (u16, String) {
    let answer = world.patch(tenant, "/settings", &change).await;
    assert!(answer.body["errors"].is_array(), "{}", answer.body);
    (answer.status, text(&answer.body["errors"][0], "field"))
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_and_changed_as_a_whole_or_not_at_all() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let (slug, base) = (&tenant.slug, world.server.base_url());
    let issuer = format!("{base}/t/{slug}");
    let initial = json!({
        "slug": slug, "name": slug, "issuers": [issuer], "host_name": null, "maximum_token_months": 24,
        "default_token_months": 6, "maximum_expires_in": null, "default_expires_in": 3600,
        "sign_in_codes_required": false
    });
    assert_eq!(world.get(&tenant, "/settings").await.body, initial);
    let host = format!("{slug}.localhost");
    let change = json!({
        "name": "Acme Ltd", "host_name": host, "maximum_token_months": 12, "default_token_months": 3,
        "maximum_expires_in": 7200, "default_expires_in": 900
    });
    let changed = world.patch(&tenant, "/settings", &change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&changed.body[name], value, "{name}");
    }
    let port = base.rsplit_once(':').unwrap().1;
    assert_eq!(changed.body["issuers"], json!([issuer, format!("http://{host}:{port}")]));
    assert_eq!(world.get(&tenant, "/settings").await.body, changed.body);
    let types = world.journal(tenant.id).await;
    let made = [
        "OrganizationRenamed",
        "HostNameChanged",
        "TokenLifetimeLimited",
        "DefaultTokenLifetimeChanged",
        "AccessTokenLifetimeLimited",
        "DefaultAccessTokenLifetimeChanged",
    ];
    assert_eq!(types[types.len() - made.len()..], made);
    assert_eq!(world.patch(&tenant, "/settings", &change).await.status, 200);
    assert_eq!(world.journal(tenant.id).await.len(), types.len(), "what is set already is no change");
    for (part, field) in [
        (json!({ "maximum_token_months": 0 }), "maximum_token_months"),
        (json!({ "maximum_token_months": 121 }), "maximum_token_months"),
        (json!({ "default_token_months": 13 }), "default_token_months"),
        (json!({ "maximum_expires_in": 59 }), "maximum_expires_in"),
        (json!({ "default_expires_in": 7201 }), "default_expires_in"),
        (json!({ "name": " " }), "name"),
        (json!({ "host_name": "https://x" }), "host_name"),
    ] {
        let mut whole = json!({ "name": "Other" });
        for (name, value) in part.as_object().unwrap() {
            whole[name] = value.clone();
        }
        assert_eq!(refused(&world, &tenant, whole).await, (422, field.to_owned()), "{part}");
    }
    assert_eq!(world.get(&tenant, "/settings").await.body, changed.body);
    let cleared = world.patch(&tenant, "/settings", &json!({ "host_name": null, "maximum_expires_in": null })).await;
    assert_eq!((&cleared.body["host_name"], &cleared.body["maximum_expires_in"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_belongs_to_one_organization_and_not_to_the_installation() {
    let world = World::start().await;
    let (ours, theirs) = (world.tenant().await, world.tenant().await);
    let host = json!({ "host_name": format!("{}.example", ours.slug) });
    assert_eq!(world.patch(&ours, "/settings", &host).await.status, 200);
    let taken = world.patch(&theirs, "/settings", &host).await;
    assert_eq!((taken.status, &taken.body["type"]), (409, &json!("/problems/name-taken")), "{}", taken.body);
    assert_eq!(taken.body["errors"][0]["field"], "host_name");
    assert_eq!(world.get(&theirs, "/settings").await.body["host_name"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn manual_tokens_take_the_default_of_the_organization_within_its_maximum() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let tokens = format!("/third-parties/{}/tokens", access.third_party);
    let days = async || {
        let added = world.post(&tenant, &tokens, &json!({})).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let instant = |field| text(&added.body, field).parse::<Timestamp>().unwrap();
        instant("expires_at").duration_since(instant("issued_at")).as_hours() / 24
    };
    assert!((181..=184).contains(&days().await), "six calendar months");
    assert_eq!(world.patch(&tenant, "/settings", &json!({ "default_token_months": 1 })).await.status, 200);
    assert!((28..=31).contains(&days().await), "one calendar month");
    let change = json!({ "default_token_months": 6, "maximum_token_months": 24 });
    assert_eq!(world.patch(&tenant, "/settings", &change).await.status, 200);
    let shorter = world.patch(&tenant, "/settings", &json!({ "maximum_token_months": 2 })).await;
    assert_eq!(shorter.body["default_token_months"], 2, "the maximum goes before");
    assert!((59..=62).contains(&days().await), "two calendar months");
    let beyond = clock::now() + SignedDuration::from_hours(24 * 63);
    let answer = world.post(&tenant, &tokens, &json!({ "expires_at": beyond.to_string() })).await;
    assert_eq!((answer.status, &answer.body["errors"][0]["field"]), (422, &json!("expires_at")), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn access_tokens_are_cut_to_the_maximum_and_take_the_default() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let client = async |body: &Value| {
        let added = world.post(&tenant, "/clients", body).await;
        assert_eq!(added.status, 201, "{}", added.body);
        (text(&added.body, "client_id"), text(&added.body, "client_secret"))
    };
    let (long, usual) = (client(&json!({ "expires_in": 86_400 })).await, client(&json!({})).await);
    let lives = async |(id, secret): &(String, String)| {
        let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug));
        let form = [("grant_type", "client_credentials")];
        world.send(request.basic_auth(id, Some(secret)).form(&form)).await.body["expires_in"].clone()
    };
    assert_eq!((lives(&long).await, lives(&usual).await), (json!(86_400), json!(3600)));
    let change = json!({ "maximum_expires_in": 7200, "default_expires_in": 900 });
    assert_eq!(world.patch(&tenant, "/settings", &change).await.status, 200);
    assert_eq!((lives(&long).await, lives(&usual).await), (json!(7200), json!(900)));
    let beyond = world.post(&tenant, "/clients", &json!({ "expires_in": 7201 })).await;
    assert_eq!((beyond.status, &beyond.body["errors"][0]["field"]), (422, &json!("expires_in")), "{}", beyond.body);
    assert_eq!(world.patch(&tenant, "/settings", &json!({ "maximum_expires_in": 600 })).await.status, 200);
    assert_eq!((lives(&long).await, lives(&usual).await), (json!(600), json!(600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_requires_sign_in_codes_has_them_and_who_has_none_gets_no_further() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let required = json!({ "sign_in_codes_required": true });
    assert_eq!(refused(&world, &tenant, required.clone()).await, (422, "sign_in_codes_required".to_owned()));
    // An API key has no codes, and speaks for nobody who has.
    let body = json!({ "api_access": true, "scopes": ["settings:manage"] });
    let key = world.post(&tenant, "/clients", &body).await.body;
    let form = [("grant_type", "client_credentials")];
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug)).form(&form);
    let token = world.send(request.basic_auth(text(&key, "client_id"), Some(text(&key, "client_secret")))).await.body;
    let by_key =
        Tenant { session: text(&token, "access_token"), slug: tenant.slug.clone(), email: String::new(), ..tenant };
    assert_eq!(refused(&world, &by_key, required.clone()).await, (422, "sign_in_codes_required".to_owned()));

    let context = testing::operator(tenant.id);
    let owner = members::list(&world.store, tenant.id).await.unwrap()[0].id;
    let code = NewSecondFactor { secret: vec![7; 20], used_step: 0, recovery_codes: vec![Digest::of("code")] };
    enable_totp(&world.store, &context, owner, code).await.unwrap();
    let email = format!("without@{}.example", tenant.slug);
    world.member(tenant.id, &email, Role::Owner).await;
    let without = Tenant { session: world.sign_in(&email).await, slug: tenant.slug.clone(), email, ..tenant };
    assert_eq!(world.get(&without, "/settings").await.status, 200);
    let changed = world.patch(&tenant, "/settings", &required).await;
    assert_eq!((changed.status, &changed.body["sign_in_codes_required"]), (200, &json!(true)), "{}", changed.body);
    let before = world.journal(tenant.id).await.len();
    let access = crate::support::Access {
        third_party: testing::random_id().to_string(),
        client: testing::random_id().to_string(),
        client_id: String::new(),
        client_secret: String::new(),
        member: testing::random_id().to_string(),
        job: testing::random_id().to_string(),
        token_id: testing::random_id().to_string(),
        token: String::new(),
    };
    for route in routes() {
        let path = route.path_to(&tenant.slug, &access, &testing::random_id().to_string());
        let request = world.request(route.method.clone(), &path).bearer_auth(&without.session);
        let answer = world.send(if let Some(body) = route.body(&access) { request.json(&body) } else { request }).await;
        let problem = json!("/problems/sign-in-codes-required");
        assert_eq!((answer.status, &answer.body["type"]), (403, &problem), "{} {path}", route.method);
    }
    assert_eq!(world.journal(tenant.id).await.len(), before);
    assert_eq!(world.get(&tenant, "/settings").await.status, 200, "the owner has codes");
    assert_eq!(world.get(&by_key, "/settings").await.status, 200, "an API key needs none");
    let optional = json!({ "sign_in_codes_required": false });
    assert_eq!(world.patch(&by_key, "/settings", &optional).await.status, 200);
    assert_eq!(world.get(&without, "/settings").await.status, 200);
}
