//! The OpenAPI document.

use std::collections::BTreeSet;

use countersign_domain::{ApiScope, Right};
use countersign_web::api::ROUTES;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

fn document() -> Value {
    serde_json::from_str(&countersign_web::openapi_json()).unwrap()
}

/// Every `$ref` in a document.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(target) if name == "$ref" => drop(found.insert(target)),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} names two operations");
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert_eq!(operation["responses"]["406"].is_object(), path.starts_with("/api/"), "{method} {path}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let shared = response["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
                let response = shared.map_or(response, |reference| document.pointer(reference).unwrap());
                assert!(!response["description"].as_str().unwrap().is_empty(), "{method} {path} {status}");
            }
            for scheme in operation["security"].as_array().into_iter().flatten() {
                for name in scheme.as_object().unwrap().keys() {
                    assert!(document["components"]["securitySchemes"][name].is_object(), "{method} {path}: {name}");
                }
            }
        }
    }
    assert_eq!(names.len(), 66);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_served_to_everybody() {
    let world = World::start().await;
    let answer = world.send(world.request(Method::GET, "/api/openapi.json")).await;
    assert_eq!((answer.status, answer.body), (200, document()));
}

#[test]
fn every_operation_of_the_table_is_documented_with_its_right_and_none_else() {
    let document = document();
    let mut documented = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if path.starts_with("/api/") {
                documented.push((method.to_uppercase(), path.clone(), operation["security"].clone()));
            }
        }
    }
    assert_eq!(documented.len(), ROUTES.len());
    for route in ROUTES {
        let name = format!("{} {}", route.method, route.path);
        let found = documented.iter().find(|(method, path, _)| method == route.method && path == route.path);
        assert!(found.is_some(), "{name} is not documented");
        let (_, _, security) = found.unwrap();
        let is_within = ["/api/v1/orgs/{org}/", "/api/v1/operator/"].iter().any(|start| route.path.starts_with(start));
        assert_eq!(route.right.is_some(), is_within, "{name}");
        let Some(right) = route.right else { continue };
        let mut expected = vec![json!({ "session": [format!("{right:?}")] })];
        let scope = ApiScope::giving(right);
        expected.extend(scope.map(|scope| json!({ "api_key": [scope.as_str()] })));
        assert_eq!(*security, Value::from(expected), "{name}");
        // What a test of access and an export do changes nothing of what is set in the organization.
        let changes_nothing =
            ["/access-test", "/audit/exports", "/jobs/{job}"].iter().any(|end| route.path.ends_with(end));
        let changes = ["POST", "PATCH", "DELETE"].contains(&route.method) && !changes_nothing;
        assert!(right.changes() == changes || right == Right::OperateInstallation, "{name}");
    }
}
