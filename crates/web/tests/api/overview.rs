//! What expires, what became of requests, and what to look at now.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Tenant, World};

/// The answer once it says what was counted, a few seconds late.
async fn once(world: &World, tenant: &Tenant, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let mut tries = 0;
    loop {
        let answer = world.get(tenant, path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        if is_there(&answer.body) {
            return answer.body;
        }
        tries += 1;
        assert!(tries < 200, "{path} never said so: {}", answer.body);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn introspect(world: &World, tenant: &Tenant, client: (&str, &str), token: &str) -> Answer {
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/introspect", tenant.slug));
    world.send(request.basic_auth(client.0, Some(client.1)).form(&[("token", token)])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_what_became_of_them() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let (access, other) = (world.access(&tenant, "Initech").await, world.access(&tenant, "Globex").await);
    let client = (access.client_id.as_str(), access.client_secret.as_str());
    let forward_auth = |query: &str| {
        let path = format!("/t/{}/forward-auth{query}", tenant.slug);
        world.request(Method::GET, &path).bearer_auth(&access.token)
    };
    assert_eq!(world.access_test(&tenant.slug, &access.token).await.status, 200);
    assert_eq!(world.send(forward_auth("")).await.status, 200);
    assert_eq!(world.send(forward_auth("?scope=missing")).await.status, 403);
    assert_eq!(introspect(&world, &tenant, client, &access.token).await.body["active"], true);
    // What a client may not know is nobody's request, and so is what is not a token of the organization.
    assert_eq!(introspect(&world, &tenant, client, &other.token).await.body["active"], false);
    assert_eq!(world.access_test(&tenant.slug, "cs_mt_unknown").await.status, 401);
    // A look into it by a member is no use of it.
    let test = format!("/third-parties/{}/access-test", access.third_party);
    assert_eq!(world.post(&tenant, &test, &json!({ "token": access.token })).await.status, 200);
    let token = format!("/third-parties/{}/tokens/{}", access.third_party, access.token_id);
    assert_eq!(world.patch(&tenant, &token, &json!({ "active": false })).await.status, 200);
    assert_eq!(introspect(&world, &tenant, client, &access.token).await.body["active"], false);

    let path = format!("/third-parties/{}/requests", access.third_party);
    let all = |body: &Value| body["allowed"] == 3 && body["refused"] == 2;
    let counted = once(&world, &tenant, &path, all).await;
    let today = &counted["last_day"];
    let expected = json!([
        { "day": today, "outcome": "allowed", "requests": 3 },
        { "day": today, "outcome": "scope", "requests": 1 },
        { "day": today, "outcome": "token-active", "requests": 1 },
    ]);
    assert_eq!(counted["counts"], expected);
    let of_other = world.get(&tenant, &format!("/third-parties/{}/requests", other.third_party)).await.body;
    assert_eq!((&of_other["allowed"], &of_other["counts"]), (&json!(0), &json!([])));
    let one_day = world.get(&tenant, &format!("{path}?days=1")).await.body;
    assert_eq!((&one_day["first_day"], &one_day["counts"]), (today, &expected));
    for days in ["0", "401", "x"] {
        assert_eq!(world.get(&tenant, &format!("{path}?days={days}")).await.status, 422, "{days}");
    }

    let overview = world.get(&tenant, "/overview").await.body;
    assert_eq!((&overview["requests"]["allowed"], &overview["requests"]["refused"]), (&json!(3), &json!(2)));
    let refused = json!([{
        "third_party": { "id": access.third_party, "name": "Initech" },
        "causes": [
            { "cause": "scope", "message": "scope missing", "count": 1 },
            { "cause": "token-active", "message": "token not Active", "count": 1 },
        ],
    }]);
    assert_eq!(overview["refused"], refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn expirations_are_listed_and_summed_up() {
    let world = World::start().await;
    let (tenant, neighbour) = (world.tenant().await, world.tenant().await);
    let (access, other) = (world.access(&tenant, "Initech").await, world.access(&tenant, "Globex").await);
    let all = world.get(&tenant, "/expirations").await.body;
    assert_eq!((&all["total"], &all["pages"]), (&json!(2), &json!(1)));
    let first = &all["items"][0];
    assert_eq!((&first["kind"], &first["id"]), (&json!("manual_token"), &json!(access.token_id)));
    assert_eq!(first["third_party"], json!({ "id": access.third_party, "name": "Initech" }));
    assert_eq!(first["client"]["name"], json!(access.client_id));
    assert_eq!(first["last_used_at"], Value::Null);
    let masked = format!("cs_mt_…{}", &access.token[access.token.len() - 4..]);
    assert_eq!(first["masked"], json!(masked));

    let count = async |query: &str| world.get(&tenant, &format!("/expirations{query}")).await.body["total"].clone();
    assert_eq!(count(&format!("?third_party={}", other.third_party)).await, 1);
    assert_eq!(count("?until=2026-01-01T00:00:00Z").await, 0);
    assert_eq!(count("?from=2999-01-01T00:00:00Z").await, 0);
    let second = world.get(&tenant, "/expirations?page=2&page_size=1").await.body;
    assert_eq!((&second["items"][0]["id"], &second["pages"]), (&json!(other.token_id), &json!(2)));
    assert_eq!(world.get(&neighbour, "/expirations").await.body["total"], 0);
    for query in ["?from=yesterday", "?until=x", "?third_party=x", "?page=0", "?page_size=201"] {
        assert_eq!(world.get(&tenant, &format!("/expirations{query}")).await.status, 422, "{query}");
    }
    assert_eq!(world.get(&tenant, "/expirations?month=2026-12").await.status, 400);

    let overview = world.get(&tenant, "/overview").await.body;
    let months = overview["expirations_by_month"].as_array().unwrap();
    assert_eq!(months.len(), 12);
    assert_eq!(months.iter().map(|month| month["count"].as_u64().unwrap()).sum::<u64>(), 2);
    assert_eq!(overview["token_ages"][0], json!({ "up_to_months": 1, "count": 2 }));
    assert_eq!((&overview["expiring"], &overview["expiring_total"]), (&json!([]), &json!(0)));
    assert_eq!(overview["never_used"], json!([]), "they are not a week old");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_can_be_read_without_what_clients_do_by_themselves() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let access = world.access(&tenant, "Initech").await;
    let request = world.request(Method::POST, &format!("/t/{}/oauth2/token", tenant.slug));
    let request = request.basic_auth(&access.client_id, Some(&access.client_secret));
    let issued = world.send(request.form(&[("grant_type", "client_credentials")])).await;
    assert_eq!(issued.status, 200, "{}", issued.body);
    let newest = async |query: &str| {
        let list = world.get(&tenant, &format!("/audit?limit=1{query}")).await.body;
        list["entries"][0]["event"].as_str().unwrap().to_owned()
    };
    assert_eq!(newest("").await, "TokenIssued");
    assert_eq!(newest("&routine=true").await, "TokenIssued");
    assert_eq!(newest("&routine=false").await, "ThirdPartyEnabled");
    assert_eq!(world.get(&tenant, "/audit?routine=no").await.status, 422);
}
