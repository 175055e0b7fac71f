//! Exports of the timeline by the API.

use countersign_domain::Role;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_is_exported_as_it_was_filtered() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    world.access(&tenant, "Initech").await;
    let whole = world.finished_job(&tenant).await;
    let path = format!("/api/v1/orgs/{}/jobs/{whole}/result", tenant.slug);
    for encoding in ["identity", "gzip"] {
        let request = world.request(Method::GET, &path).bearer_auth(&tenant.session).header(ACCEPT_ENCODING, encoding);
        assert_eq!(request.send().await.unwrap().status(), 200, "{encoding}");
    }
    let answer = world.request(Method::GET, &path).bearer_auth(&tenant.session).send().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/x-ndjson");
    let disposition = answer.headers()[CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    let name = format!("attachment; filename=\"countersign-{}-audit-", tenant.slug);
    assert!(disposition.starts_with(&name) && disposition.ends_with(".ndjson\""), "{disposition}");
    let text = answer.text().await.unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let listed = world.get(&tenant, "/audit?limit=1000").await.body["entries"].as_array().unwrap().clone();
    // The list has one more: that it was exported.
    let listed = listed.into_iter().rev().take(lines.len()).collect::<Vec<_>>();
    assert!(lines.len() > 5);
    for (line, entry) in lines.iter().zip(&listed) {
        for field in ["position", "sentence", "record", "reason", "request_id", "via", "changes"] {
            assert_eq!(line[field], entry[field], "{field}");
        }
    }
    let last = world.get(&tenant, "/audit?event=AuditExported").await.body["entries"][0].clone();
    assert_eq!(last["sentence"], format!("Exported the audit timeline up to no. {} as NDJSON", lines.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_listed_cancelled_and_removed() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let job = world.finished_job(&tenant).await;
    let listed = world.get(&tenant, "/jobs").await;
    assert_eq!(listed.body["items"][0]["id"], json!(job));
    assert_eq!(world.get(&tenant, &format!("/jobs?before={job}")).await.body["items"], json!([]));
    assert_eq!(world.delete(&tenant, &format!("/jobs/{job}")).await.status, 204);
    for path in ["", "/result"] {
        assert_eq!(world.get(&tenant, &format!("/jobs/{job}{path}")).await.status, 404, "{path}");
    }
    let asked = world.post(&tenant, "/audit/exports", &json!({ "format": "csv", "q": "a\u{0}b" })).await;
    assert_eq!((asked.status, &asked.body["filters"]), (202, &json!(["text"])), "{}", asked.body);
    let wrong = json!({ "format": "xlsx", "third_party": "x", "from": "yesterday" });
    let refused = world.post(&tenant, "/audit/exports", &wrong).await;
    assert_eq!((refused.status, refused.body["errors"].as_array().unwrap().len()), (422, 3), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_the_timeline_gets_no_file_of_it() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    let job = world.finished_job(&tenant).await;
    let email = format!("dana@{}.example", tenant.slug);
    world.member(tenant.id, &email, Role::Developer).await;
    let session = world.sign_in(&email).await;
    let path = format!("/api/v1/orgs/{}/jobs/{job}/result", tenant.slug);
    assert_eq!(world.send(world.request(Method::GET, &path).bearer_auth(&session)).await.status, 403);
    assert_eq!(world.send(world.request(Method::GET, &path)).await.status, 401);
}
