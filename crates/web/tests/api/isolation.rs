//! Nothing of an organization can be reached, or told from what does not exist, by another's members.

use countersign_web::admin::PAGES;
use reqwest::Method;
use serde_json::Value;
use sha2::Digest;

use crate::support::{Access, Tenant, World};

/// An API route below `/api/v1/orgs/{org}`.
pub struct Route {
    pub method: Method,
    pub path: String,
    /// The right that it needs.
    pub right: String,
    /// The statuses that it may answer.
    pub statuses: Vec<u16>,
}

/// Every API route of an organization, as the OpenAPI document has it.
pub fn routes() -> Vec<Route> {
    let document: Value = serde_json::from_str(&countersign_web::openapi_json()).unwrap();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if !path.starts_with("/api/v1/orgs/{org}/") {
                continue;
            }
            let statuses = operation["responses"].as_object().unwrap().keys();
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                right: operation["security"][0]["session"][0].as_str().unwrap().to_owned(),
                statuses: statuses.map(|status| status.parse().unwrap()).collect(),
            });
        }
    }
    assert_eq!(routes.len(), 38);
    routes
}

impl Route {
    /// The path in an organization, with the identifiers of its things.
    pub fn path_to(&self, slug: &str, access: &Access, secret: &str) -> String {
        self.path
            .replace("{org}", slug)
            .replace("{third_party}", &access.third_party)
            .replace("{token}", &access.token_id)
            .replace("{client}", &access.client)
            .replace("{member}", &access.member)
            .replace("{job}", &access.job)
            .replace("{secret}", secret)
    }

    /// Whether the path names something within the organization.
    fn names_something(&self) -> bool {
        ["{third_party}", "{client}", "{member}", "{job}"].iter().any(|thing| self.path.contains(thing))
    }

    /// A body that the route accepts.
    pub fn body(&self, access: &Access) -> Option<Value> {
        let last = self.path.rsplit('/').next().unwrap();
        match (self.method.as_str(), last) {
            ("POST", "third-parties") => Some(serde_json::json!({ "name": format!("New {}", access.token_id) })),
            ("POST", "clients" | "secrets") if self.path.contains("/clients") => Some(serde_json::json!({})),
            ("POST", "exports") => Some(serde_json::json!({ "format": "csv" })),
            ("POST", "tokens" | "sign-in-link" | "end-sessions" | "reset-sign-in-codes") => Some(serde_json::json!({})),
            ("POST", "access-test") => Some(serde_json::json!({ "token": access.token })),
            ("POST", "members") => {
                let email = format!("new-{}@acme.example", access.token_id);
                Some(serde_json::json!({ "email": email, "name": "Ada", "role": "developer" }))
            }
            ("PATCH", "{member}") => Some(serde_json::json!({ "name": "Ada Lovelace" })),
            ("PATCH", "{token}") => Some(serde_json::json!({ "active": true })),
            ("PATCH", "settings") => Some(serde_json::json!({ "default_token_months": 5 })),
            ("PATCH", "{client}") => Some(serde_json::json!({ "may_introspect": true })),
            ("PATCH", _) => Some(serde_json::json!({ "requirements": "Reviewed again." })),
            _ => None,
        }
    }
}

/// The id of a third party's first secret.
pub async fn secret_id(world: &World, tenant: &Tenant, access: &Access) -> String {
    let third_party = world.get(tenant, &format!("/third-parties/{}", access.third_party)).await;
    third_party.body["secrets"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_reaches_into_another_organization() {
    let world = World::start().await;
    let (ours, theirs) = (world.tenant().await, world.tenant().await);
    let (our_access, their_access) =
        (world.access_and_member(&ours, "Initech").await, world.access_and_member(&theirs, "Initech").await);
    let our_access = Access { job: world.finished_job(&ours).await, ..our_access };
    let their_access = Access { job: world.finished_job(&theirs).await, ..their_access };
    let their_secret = secret_id(&world, &theirs, &their_access).await;
    let our_secret = secret_id(&world, &ours, &our_access).await;
    let journals = async || (world.journal(ours.id).await, world.journal(theirs.id).await);
    let before = journals().await;
    for route in routes() {
        let body = route.body(&their_access);
        let send = async |path: String| {
            let request = world.request(route.method.clone(), &path).bearer_auth(&ours.session);
            world.send(if let Some(body) = &body { request.json(body) } else { request }).await
        };
        let name = format!("{} {}", route.method, route.path);
        // Their organization, with their things and with ours; and one that does not exist: all the same answer.
        let mut answers = vec![
            send(route.path_to(&theirs.slug, &their_access, &their_secret)).await,
            send(route.path_to(&theirs.slug, &our_access, &our_secret)).await,
            send(route.path_to("nobody", &our_access, &our_secret)).await,
        ];
        // Our organization, with their things.
        if route.names_something() {
            answers.push(send(route.path_to(&ours.slug, &their_access, &their_secret)).await);
        }
        // Our third party, with their token and secret.
        let mixed = Access {
            third_party: our_access.third_party.clone(),
            client: our_access.client.clone(),
            member: our_access.member.clone(),
            ..access_of(&their_access)
        };
        if route.path.contains("{token}") || route.path.contains("{secret}") {
            answers.push(send(route.path_to(&ours.slug, &mixed, &their_secret)).await);
        }
        for answer in &mut answers {
            assert_eq!(answer.status, 404, "{name}: {}", answer.body);
            answer.body.as_object_mut().unwrap().remove("request_id");
        }
        assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{name}");
        // Without a session, nobody learns which of them exists.
        for slug in [&theirs.slug, "nobody"] {
            let path = route.path_to(slug, &their_access, &their_secret);
            let answer = world.send(world.request(route.method.clone(), &path)).await;
            assert_eq!(answer.status, 401, "{name}");
        }
    }
    assert_eq!(journals().await, before, "a refused request left something on the record");
}

/// What the forms of a session carry.
fn form_token(session: &str) -> String {
    let digest = sha2::Sha256::new().chain_update("form\0").chain_update(session).finalize();
    hex::encode(&digest[..16])
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_reaches_into_another_organization() {
    let world = World::start().await;
    let (ours, theirs) = (world.tenant().await, world.tenant().await);
    let (our_access, their_access) =
        (world.access_and_member(&ours, "Initech").await, world.access_and_member(&theirs, "Initech").await);
    let journals = async || (world.journal(ours.id).await, world.journal(theirs.id).await);
    let before = journals().await;
    let of_organizations = PAGES.iter().filter(|page| page.path.starts_with("/o/{org}") && page.right.is_some());
    for page in of_organizations {
        let path = |slug: &str, third_party: &str, token: &str| {
            page.path.replace("{org}", slug).replace("{id}", third_party).replace("{token}", token)
        };
        let (our_party, their_party) = if page.path.starts_with("/o/{org}/members/") {
            (&our_access.member, &their_access.member)
        } else {
            (&our_access.third_party, &their_access.third_party)
        };
        let mut paths = vec![
            path(&theirs.slug, their_party, &their_access.token_id),
            path(&theirs.slug, our_party, &our_access.token_id),
            path("nobody", our_party, &our_access.token_id),
        ];
        if page.path.contains("{id}") {
            paths.push(path(&ours.slug, their_party, &their_access.token_id));
        }
        if page.path.contains("{token}") {
            paths.push(path(&ours.slug, our_party, &their_access.token_id));
        }
        for path in paths {
            let request = world.request(page.method.parse().unwrap(), &path);
            let request = request.header("cookie", format!("countersign={}", ours.session));
            let form = [("csrf", form_token(&ours.session)), ("name", "Taken over".into()), ("enabled", "on".into())];
            let request = if page.method == "POST" { request.form(&form) } else { request };
            let answer = world.send(request).await;
            assert_eq!(answer.status, 404, "{} {path}: {}", page.method, answer.body);
        }
    }
    assert_eq!(journals().await, before, "a refused request left something on the record");
}

fn access_of(access: &Access) -> Access {
    Access {
        client: access.client.clone(),
        third_party: access.third_party.clone(),
        client_id: access.client_id.clone(),
        client_secret: access.client_secret.clone(),
        member: access.member.clone(),
        token_id: access.token_id.clone(),
        token: access.token.clone(),
        job: access.job.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn things_of_another_third_party_of_ours_are_not_there_either() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let (one, other) = (world.access(&tenant, "Initech").await, world.access(&tenant, "Globex").await);
    let others_token = format!("/third-parties/{}/tokens/{}", one.third_party, other.token_id);
    assert_eq!(world.get(&tenant, &others_token).await.status, 404);
    assert_eq!(world.patch(&tenant, &others_token, &serde_json::json!({ "active": false })).await.status, 404);
    assert_eq!(world.delete(&tenant, &others_token).await.status, 404);
    let secret = secret_id(&world, &tenant, &other).await;
    let others_secret = format!("/third-parties/{}/secrets/{secret}", one.third_party);
    assert_eq!(world.delete(&tenant, &others_secret).await.status, 404);
    assert_eq!(world.access_test(&tenant.slug, &other.token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_of_the_wrong_form_are_not_found() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let long = "9".repeat(2000);
    for id in ["1", "x", "%00", "%F0%9F%A6%80", "00000000-0000-0000-0000-00000000000g", "..%2F..", &long] {
        for path in [
            format!("/third-parties/{id}"),
            format!("/third-parties/{id}/tokens/{}", access.token_id),
            format!("/third-parties/{}/tokens/{id}", access.third_party),
        ] {
            let answer = world.get(&tenant, &path).await;
            assert_eq!((answer.status, &answer.body["type"]), (404, &Value::from("/problems/not-found")), "{path}");
        }
    }
}
