//! Members by API.

use countersign_domain::Role;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::support::{Tenant, World, text};

async fn add(world: &World, tenant: &Tenant, name: &str, role: &str) -> Value {
    let email = format!("{}@{}.example", name.to_lowercase(), tenant.slug);
    let added = world.post(tenant, "/members", &json!({ "email": email, "name": name, "role": role })).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let path = format!("/api/v1/orgs/{}/members/{}", tenant.slug, text(&added.body, "id"));
    assert_eq!(added.header("location"), path);
    added.body
}

/// Opens a sign-in link as a browser would; answers whether it let somebody in.
async fn opens(world: &World, link: &str) -> bool {
    let path = Url::parse(link).unwrap().path().to_owned();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(format!("{}{path}", world.server.base_url())).send().await.unwrap();
    answer.headers().contains_key("set-cookie") && answer.status() == 303
}

async fn owner(world: &World, tenant: &Tenant) -> String {
    let owners = world.get(tenant, "/members?role=owner").await;
    text(&owners.body["items"][0], "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_added_with_a_link_that_works_once() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let grace = add(&world, &tenant, "Grace", "admin").await;
    let link = text(&grace, "sign_in_link");
    assert!(link.contains(&format!("/o/{}/sign-in/cs_sl_", tenant.slug)), "{link}");
    assert_eq!(world.journal(tenant.id).await.last().unwrap(), "MemberSignInLinkCreated");
    assert!(opens(&world, &link).await);
    assert!(!opens(&world, &link).await, "a link works once");
    let path = format!("/members/{}", text(&grace, "id"));
    let shown = world.get(&tenant, &path).await.body;
    assert!(shown["sign_in_link"].is_null() && shown["last_signed_in_at"].is_string(), "{shown}");
    assert_eq!(
        (&shown["sessions"], &shown["has_password"], &shown["role"]),
        (&json!(1), &json!(false), &json!("admin"))
    );

    let again = json!({ "email": text(&grace, "email").to_uppercase(), "name": "Grace", "role": "admin" });
    let again = world.post(&tenant, "/members", &again).await;
    assert_eq!((again.status, &again.body["errors"][0]["field"]), (409, &json!("email")));
    let bad = world.post(&tenant, "/members", &json!({ "email": "x", "name": " ", "role": "boss" })).await;
    let fields = bad.body["errors"].as_array().unwrap().iter().map(|error| text(error, "field")).collect::<Vec<_>>();
    assert_eq!((bad.status, fields), (422, vec!["email".to_owned(), "name".to_owned(), "role".to_owned()]));

    let (first, second) = (
        world.post(&tenant, &format!("{path}/sign-in-link"), &json!({})).await,
        world.post(&tenant, &format!("{path}/sign-in-link"), &json!({ "reason": "Lost the first." })).await,
    );
    assert_eq!((first.status, second.status), (201, 201));
    assert!(!opens(&world, &text(&first.body, "sign_in_link")).await, "the second voids the first");
    assert!(opens(&world, &text(&second.body, "sign_in_link")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_filtered_sorted_and_paged() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for (name, role) in [("Cem", "auditor"), ("Bea", "developer"), ("Ann", "admin")] {
        add(&world, &tenant, name, role).await;
    }
    let names = async |query: &str| {
        let page = world.get(&tenant, &format!("/members?{query}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        page.body["items"].as_array().unwrap().iter().map(|member| text(member, "name")).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Ada Example", "Ann", "Bea", "Cem"]);
    assert_eq!(names("order=desc&page_size=2").await, ["Cem", "Bea"]);
    assert_eq!(names("order=desc&page_size=2&page=2").await, ["Ann", "Ada Example"]);
    assert_eq!(names("sort=role&order=desc").await, ["Cem", "Bea", "Ann", "Ada Example"]);
    assert_eq!(names("q=A%40&role=admin").await, [""; 0]);
    assert_eq!(names("email=cem%40&active=true&sign_in_codes=false").await, ["Cem"]);
    assert_eq!(names("name=be").await, ["Bea"]);
    assert_eq!(names("active=false").await, [""; 0]);
    for bad in ["role=boss", "active=maybe", "sort=colour", "page=0"] {
        assert_eq!(world.get(&tenant, &format!("/members?{bad}")).await.status, 422, "{bad}");
    }
    assert_eq!(world.get(&tenant, "/members?colour=red").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_locks_themselves_or_the_organization_out() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let own = format!("/members/{}", owner(&world, &tenant).await);
    let before = world.journal(tenant.id).await;
    for body in [json!({ "role": "admin" }), json!({ "active": false }), json!({ "name": "Eve", "role": "auditor" })] {
        let refused = world.patch(&tenant, &own, &body).await;
        assert_eq!((refused.status, &refused.body["type"]), (409, &json!("/problems/own-membership")), "{body}");
    }
    let reset = world.post(&tenant, &format!("{own}/reset-sign-in-codes"), &json!({})).await;
    assert_eq!((reset.status, &reset.body["type"]), (409, &json!("/problems/own-membership")));
    assert_eq!(world.journal(tenant.id).await, before, "a refused change left something on the record");
    assert_eq!(world.patch(&tenant, &own, &json!({ "name": "Eve", "role": "owner" })).await.body["name"], "Eve");

    // Two owners, of whom the second takes the first away: then nobody takes away the second.
    let email = format!("second@{}.example", tenant.slug);
    let second = world.member(tenant.id, &email, Role::Owner).await;
    let seconds = Tenant { session: world.sign_in(&email).await, email, slug: tenant.slug.clone(), id: tenant.id };
    let demoted = world.patch(&seconds, &own, &json!({ "role": "admin", "reason": "Moved on." })).await;
    assert_eq!((demoted.status, &demoted.body["role"]), (200, &json!("admin")), "{}", demoted.body);
    let path = format!("/members/{second}");
    assert_eq!(world.patch(&tenant, &path, &json!({ "active": false })).await.status, 403, "no owner any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deactivated_is_out_at_once_and_sessions_end_together() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let email = format!("ann@{}.example", tenant.slug);
    let ann = world.member(tenant.id, &email, Role::Admin).await;
    let path = format!("/members/{ann}");
    let sessions = [world.sign_in(&email).await, world.sign_in(&email).await];
    let status = async |session: &str| {
        let request = world.request(Method::GET, &format!("/api/v1/orgs/{}/organization", tenant.slug));
        world.send(request.bearer_auth(session)).await.status
    };
    assert_eq!(world.get(&tenant, &path).await.body["sessions"], 2);
    assert_eq!(
        world.post(&tenant, &format!("{path}/end-sessions"), &json!({ "reason": "Lost laptop" })).await.status,
        204
    );
    assert_eq!((status(&sessions[0]).await, status(&sessions[1]).await), (401, 401));
    let journal = world.journal(tenant.id).await;
    assert_eq!(journal[journal.len() - 2..], ["MemberSessionEnded", "MemberSessionEnded"]);

    let third = world.sign_in(&email).await;
    let out = world.patch(&tenant, &path, &json!({ "active": false })).await;
    assert_eq!((out.status, &out.body["active"], &out.body["sessions"]), (200, &json!(false), &json!(0)));
    assert_eq!(status(&third).await, 401);
    assert_eq!(world.post(&tenant, &format!("{path}/sign-in-link"), &json!({})).await.status, 409);
    assert_eq!(world.patch(&tenant, &path, &json!({ "active": true })).await.body["active"], true);
    assert_eq!(status(&third).await, 401, "a session that has ended does not come back");
    // One's own session stays.
    let own = format!("/members/{}/end-sessions", owner(&world, &tenant).await);
    let elsewhere = world.sign_in(&tenant.email).await;
    assert_eq!(world.post(&tenant, &own, &json!({})).await.status, 204);
    assert_eq!((status(&tenant.session).await, status(&elsewhere).await), (200, 401));
}
