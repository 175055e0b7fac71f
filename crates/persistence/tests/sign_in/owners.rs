//! An organization keeps an active owner, whoever takes one away, and whenever.

use countersign_domain::{Member, MemberCommand, MemberId, OrganizationId, Role};
use countersign_persistence::queries::members;
use countersign_persistence::{ChangeError, Store, StoreError, testing};
use futures_util::future::join_all;

use crate::support::{command, member, store};

async fn owner(store: &Store, organization: OrganizationId) -> MemberId {
    let id = member(store, organization).await;
    command(store, organization, id, MemberCommand::ChangeRole(Role::Owner)).await;
    id
}

async fn execute(
    store: &Store,
    organization: OrganizationId,
    commands: &[(MemberId, MemberCommand)],
) -> Result<(), ChangeError> {
    store
        .change(&testing::operator(organization), async |unit| {
            for (member, command) in commands {
                unit.execute::<Member>(member.uuid(), command.clone()).await?;
            }
            Ok(())
        })
        .await
}

fn is_last_owner(result: &Result<(), ChangeError>) -> bool {
    matches!(result, Err(ChangeError::Store(StoreError::LastOwner)))
}

async fn active_owners(store: &Store, organization: OrganizationId) -> usize {
    let all = members::list(store, organization).await.unwrap();
    all.iter().filter(|member| member.role == Role::Owner && member.active).count()
}

async fn events(store: &Store, organization: OrganizationId) -> i64 {
    crate::support::count(store, organization, "events").await
}

#[tokio::test]
async fn the_last_one_is_neither_demoted_nor_deactivated() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let (last, deactivated) = (owner(&store, organization).await, owner(&store, organization).await);
    command(&store, organization, deactivated, MemberCommand::Deactivate).await;
    let before = events(&store, organization).await;
    let demote = MemberCommand::ChangeRole(Role::Admin);
    for refused in [MemberCommand::Deactivate, demote.clone()] {
        let result = execute(&store, organization, &[(last, refused)]).await;
        assert!(is_last_owner(&result), "{result:?}");
    }
    // A change that does both at once leaves nobody either.
    let other = owner(&store, organization).await;
    let both = [(last, demote.clone()), (other, MemberCommand::Deactivate)];
    assert!(is_last_owner(&execute(&store, organization, &both).await));
    assert_eq!(events(&store, organization).await, before + 2, "only the other owner was added");

    // A successor in the same change is enough, also one who is let in again.
    let handed_over = [(deactivated, MemberCommand::Reactivate), (last, demote.clone()), (other, demote.clone())];
    execute(&store, organization, &handed_over).await.unwrap();
    assert!(is_last_owner(&execute(&store, organization, &[(deactivated, demote)]).await));
    assert_eq!(active_owners(&store, organization).await, 1);
}

#[tokio::test]
async fn an_organization_that_has_none_yet_can_be_changed() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let admin = member(&store, organization).await;
    command(&store, organization, admin, MemberCommand::ChangeRole(Role::Auditor)).await;
    command(&store, organization, admin, MemberCommand::Deactivate).await;
    assert_eq!(active_owners(&store, organization).await, 0);
}

#[tokio::test]
async fn of_owners_who_take_each_other_away_at_the_same_moment_one_stays() {
    // Two stores are two processes: each with its own journal, of which neither sees what the other is about to do.
    let (one, other) = (store().await, store().await);
    for round in 0..20 {
        let organization = testing::organization(&one).await;
        let owners = join_all((0..4).map(|_| owner(&one, organization))).await;
        let attempts = owners.iter().enumerate().map(|(number, owner)| {
            let command = if (number + round) % 2 == 0 {
                MemberCommand::Deactivate
            } else {
                MemberCommand::ChangeRole(Role::Auditor)
            };
            let store = if number % 2 == 0 { &one } else { &other };
            async move { execute(store, organization, &[(*owner, command)]).await }
        });
        let results = join_all(attempts).await;
        assert_eq!(results.iter().filter(|result| is_last_owner(result)).count(), 1, "{results:?}");
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3, "{results:?}");
        assert_eq!(active_owners(&other, organization).await, 1);
    }
}
