//! Single tokens, and the members of an organization.

use countersign_domain::token::TokenStatus;
use countersign_domain::{Member, MemberCommand, Role, Token, TokenCommand};
use countersign_persistence::queries::{members, tokens};
use countersign_persistence::testing::random_id;

use crate::support::{at, world};

#[tokio::test]
async fn a_token_is_found_in_its_own_organization_only() {
    let world = world().await;
    let neighbour = world.neighbour().await;
    let third_party = world.third_party("Initech").await;
    let client = world.client("initech", third_party).await;
    let (id, masked) = world.token(third_party, client, None).await;
    world.used(id, 2, at("2026-02-03T04:05:06Z")).await;
    world.execute::<Token>(id.uuid(), TokenCommand::Revoke).await;

    let found = tokens::get(&world.store, world.organization, id).await.unwrap().unwrap();
    assert_eq!((found.id, found.masked, found.status, found.uses), (id, masked, TokenStatus::Revoked, 2));
    assert_eq!(found.last_used_at, Some(at("2026-02-03T04:05:06Z")));
    assert_eq!(tokens::get(&world.store, world.organization, random_id().into()).await.unwrap(), None);
    assert_eq!(tokens::get(&neighbour.store, neighbour.organization, id).await.unwrap(), None);
}

#[tokio::test]
async fn members_are_listed_by_name_in_their_own_organization_only() {
    let world = world().await;
    let neighbour = world.neighbour().await;
    let zoe = world.member("zoe@acme.example", "Zoë", Role::Auditor).await;
    let bob = world.member("bob@acme.example", "bob", Role::Owner).await;
    world.member("Ann@acme.example", "Ann", Role::Owner).await;
    neighbour.member("ann@acme.example", "Ann of Globex", Role::Owner).await;
    world.execute::<Member>(bob.uuid(), MemberCommand::Deactivate).await;

    let listed = members::list(&world.store, world.organization).await.unwrap();
    let shown = listed.iter().map(|m| (m.name.as_deref().unwrap(), m.role, m.active)).collect::<Vec<_>>();
    assert_eq!(shown, [("Ann", Role::Owner, true), ("bob", Role::Owner, false), ("Zoë", Role::Auditor, true)]);

    let found = members::get(&world.store, world.organization, zoe).await.unwrap().unwrap();
    assert_eq!(found, listed[2]);
    assert_eq!(found.email.as_deref(), Some("zoe@acme.example"));
    assert_eq!(members::get(&neighbour.store, neighbour.organization, zoe).await.unwrap(), None);
    assert_eq!(members::list(&neighbour.store, neighbour.organization).await.unwrap().len(), 1);
}
