//! What those who run the installation do by the API.

use countersign_domain::Role;
use countersign_domain::values::OrganizationName;
use countersign_persistence::testing;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

const BASE: &str = "/api/v1/operator";

/// The session of a new member of the operators' organization.
async fn operator(world: &World, role: Role) -> String {
    let name = OrganizationName::parse("Operators").unwrap();
    let organization = world.store.organization_of_operators(name, testing::operator).await.unwrap();
    let email = format!("{}-{}@countersign.example", role.as_str(), testing::random_id().simple());
    world.member(organization.id, &email, role).await;
    world.sign_in(&email).await
}

async fn call(world: &World, session: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = world.request(method, &format!("{BASE}{path}")).bearer_auth(session);
    world.send(if let Some(body) = body { request.json(&body) } else { request }).await
}

/// Every operation, with a body that would be accepted.
fn operations(slug: &str) -> Vec<(Method, String, Option<Value>)> {
    let organization = format!("/organizations/{slug}");
    vec![
        (Method::GET, "/health".to_owned(), None),
        (Method::GET, "/organizations".to_owned(), None),
        (Method::POST, "/organizations".to_owned(), Some(json!({ "slug": format!("{slug}-2"), "name": "Second" }))),
        (Method::GET, organization.clone(), None),
        (Method::PATCH, organization, Some(json!({ "name": "Changed" }))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_of_the_operators_organization_operate() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let owner = operator(&world, Role::Owner).await;
    let before = world.journal(tenant.id).await;
    for (method, path, body) in operations(&tenant.slug) {
        let name = format!("{method} {path}");
        let unsigned = world.send(world.request(method.clone(), &format!("{BASE}{path}"))).await;
        assert_eq!(unsigned.status, 401, "{name}");
        let foreign = call(&world, &tenant.session, method.clone(), &path, body.clone()).await;
        assert_eq!((foreign.status, &foreign.body["type"]), (404, &json!("/problems/not-found")), "{name}");
        for role in [Role::Admin, Role::Developer, Role::Auditor] {
            let session = operator(&world, role).await;
            let refused = call(&world, &session, method.clone(), &path, body.clone()).await;
            assert_eq!((refused.status, &refused.body["type"]), (403, &json!("/problems/forbidden")), "{name}");
        }
    }
    assert_eq!(world.journal(tenant.id).await, before, "a refused request left something on the record");
    for (method, path, body) in operations(&tenant.slug) {
        let answer = call(&world, &owner, method.clone(), &path, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_begins_and_its_owner_comes_in() {
    let world = World::start().await;
    let session = operator(&world, Role::Owner).await;
    let slug = format!("org-{}", testing::random_id().simple());
    let body = json!({
        "slug": slug, "name": "Acme", "reason": "Contract 17",
        "owner": { "email": format!("ada@{slug}.example"), "name": "Ada Adler" }
    });
    let added = call(&world, &session, Method::POST, "/organizations", Some(body.clone())).await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.header("location"), format!("{BASE}/organizations/{slug}"));
    assert_eq!((&added.body["members"], &added.body["suspended"]), (&json!(1), &json!(false)));
    let link = added.body["sign_in_link"].as_str().unwrap();
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser.get(link).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap();
    assert_eq!((answer.status().as_u16(), location), (303, format!("/o/{slug}").as_str()));
    let again = call(&world, &session, Method::POST, "/organizations", Some(body)).await;
    assert_eq!((again.status, &again.body["errors"][0]["field"]), (409, &json!("slug")), "{}", again.body);
    for reserved in ["operator", "new"] {
        let body = json!({ "slug": reserved, "name": "Acme" });
        let refused = call(&world, &session, Method::POST, "/organizations", Some(body)).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("slug")), "{}", refused.body);
    }
    let shown = call(&world, &session, Method::GET, &format!("/organizations/{slug}"), None).await;
    assert!(shown.body.get("sign_in_link").is_none(), "{}", shown.body);
    let listed = call(&world, &session, Method::GET, &format!("/organizations?slug={slug}&state=active"), None).await;
    assert_eq!((&listed.body["total"], &listed.body["items"][0]["slug"]), (&json!(1), &json!(slug)));
    let wrong = call(&world, &session, Method::GET, "/organizations?state=sleeping&limit=0", None).await;
    assert_eq!((wrong.status, wrong.body["errors"].as_array().unwrap().len()), (422, 2), "{}", wrong.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_stops_tokens_and_says_nothing_of_who_did_it() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let session = operator(&world, Role::Owner).await;
    let path = format!("/organizations/{}", tenant.slug);
    let facts = call(&world, &session, Method::GET, &path, None).await;
    assert_eq!((&facts.body["active_tokens"], &facts.body["third_parties"]), (&json!(1), &json!(1)));
    let body = json!({ "suspended": true, "reason": "Contract ended" });
    let suspended = call(&world, &session, Method::PATCH, &path, Some(body)).await;
    assert_eq!((suspended.status, &suspended.body["suspended"]), (200, &json!(true)), "{}", suspended.body);
    assert_eq!(world.access_test(&tenant.slug, &access.token).await.status, 401);
    let entries = world.get(&tenant, "/audit?event=OrganizationSuspended").await.body["entries"].clone();
    let entry = &entries[0];
    assert_eq!((&entry["actor"]["kind"], &entry["actor"]["name"]), (&json!("operator"), &Value::Null));
    assert!(entry["actor"]["id"].is_string(), "which operator can be looked up among the operators: {entry}");
    assert_eq!((&entry["reason"], &entry["via"]), (&json!("Contract ended"), &json!("api")));
    let resumed = call(&world, &session, Method::PATCH, &path, Some(json!({ "suspended": false }))).await;
    assert_eq!((resumed.status, &resumed.body["suspended"]), (200, &json!(false)));
    assert_eq!(world.access_test(&tenant.slug, &access.token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_organization_lets_no_third_party_in() {
    let world = World::start().await;
    let session = operator(&world, Role::Owner).await;
    for path in [
        "/t/operator/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/t/operator",
        "/t/operator/oauth2/authorize",
        "/t/operator/access-test",
    ] {
        assert_eq!(world.send(world.request(Method::GET, path)).await.status, 404, "{path}");
    }
    for (path, status) in [("third-parties", 404), ("clients", 404), ("audit", 200), ("organization", 200)] {
        let request = world.request(Method::GET, &format!("/api/v1/orgs/operator/{path}"));
        assert_eq!(world.send(request.bearer_auth(&session)).await.status, status, "{path}");
    }
    for path in ["/organizations/operator", "/organizations/nobody", "/organizations/%00"] {
        assert_eq!(call(&world, &session, Method::GET, path, None).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_to_programs_too() {
    let world = World::start().await;
    let session = operator(&world, Role::Owner).await;
    let health = call(&world, &session, Method::GET, "/health", None).await;
    assert_eq!(health.status, 200);
    let checks = health.body["checks"].as_array().unwrap();
    let subjects = checks.iter().map(|check| check["subject"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(subjects, ["database", "clock", "version", "sealed values", "directory", "journal"]);
    let troubled = checks.iter().filter(|check| check["passed"] == json!(false)).count();
    assert_eq!(health.body["problems"], json!(troubled));
    assert!(checks.iter().all(|check| check["passed"].as_bool().unwrap() == check["advice"].is_null()));
    assert!(health.body["database"]["size_bytes"].as_u64().unwrap() > 1_000_000);
}
