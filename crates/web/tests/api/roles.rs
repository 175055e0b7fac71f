//! Every role at every route: what the table of permissions says, and nothing else.

use countersign_domain::{OrganizationCommand, Right, Role};
use serde_json::json;

use crate::isolation::{routes, secret_id};
use crate::support::World;

fn right(name: &str) -> Right {
    Right::ALL.into_iter().find(|right| format!("{right:?}") == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_do_what_the_table_says() {
    let world = World::start().await;
    let tenant = world.tenant().await;
    for role in Role::ALL {
        let email = format!("the-{}@{}.example", role.as_str(), tenant.slug);
        world.member(tenant.id, &email, role).await;
        let session = world.sign_in(&email).await;
        for suspended in [false, true] {
            for route in routes() {
                // Fresh for every route: some of them end what they are given.
                let access = world
                    .access_for(
                        &tenant,
                        &route.path,
                        &format!("For {role:?} {suspended} {} {}", route.method, route.path).replace(['{', '}'], ""),
                    )
                    .await;
                let secret = secret_id(&world, &tenant, &access).await;
                if suspended {
                    world.operator(&tenant, OrganizationCommand::Suspend).await;
                }
                let before = world.journal(tenant.id).await.len();
                let path = route.path_to(&tenant.slug, &access, &secret);
                let request = world.request(route.method.clone(), &path).bearer_auth(&session);
                let answer = match route.body(&access) {
                    Some(body) => world.send(request.json(&body)).await,
                    None => world.send(request).await,
                };
                let right = right(&route.right);
                let name = format!("{role:?} {} {} ({suspended}): {}", route.method, route.path, answer.body);
                assert!(route.statuses.contains(&answer.status), "undocumented status {}: {name}", answer.status);
                if !role.allows(right) {
                    assert_eq!((answer.status, &answer.body["type"]), (403, &json!("/problems/forbidden")), "{name}");
                } else if suspended && right.changes() {
                    let problem = json!("/problems/organization-suspended");
                    assert_eq!((answer.status, &answer.body["type"]), (403, &problem), "{name}");
                } else {
                    assert!((200..300).contains(&answer.status), "{name}");
                }
                let grown = world.journal(tenant.id).await.len() > before;
                let allowed = role.allows(right) && !(suspended && right.changes());
                assert!(allowed || !grown, "a refused request left something on the record: {name}");
                if suspended {
                    world.operator(&tenant, OrganizationCommand::Resume).await;
                }
            }
        }
    }
}
