//! One-use sign-in links.

use countersign_domain::{MemberCommand, SecretKind, secret};
use countersign_persistence::sign_in::{consume_link, create_link, issue_link};
use countersign_persistence::{clock, testing};

use crate::support::{command, count, member, minutes, store};

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_gets_through() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let ann = member(&store, organization).await;
    let now = clock::now();
    let link = create_link(&store, organization, ann, now, minutes(10)).await.unwrap();
    assert_eq!(secret::parse(link.expose()).unwrap().kind, SecretKind::SignInLink);
    let digest = link.digest();
    let attempts = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { consume_link(&store, organization, digest, now).await.unwrap() })
    });
    let mut through = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        through.extend(attempt.await.unwrap());
    }
    assert_eq!(through, [ann]);
}

#[tokio::test]
async fn a_link_works_in_its_time_for_an_active_member_of_its_organization() {
    let store = store().await;
    let (organization, neighbour) = (testing::organization(&store).await, testing::organization(&store).await);
    let ann = member(&store, organization).await;
    let now = clock::now();
    let link = create_link(&store, organization, ann, now, minutes(10)).await.unwrap();
    let consume = async |organization, at| consume_link(&store, organization, link.digest(), at).await.unwrap();
    assert_eq!(consume(neighbour, now).await, None);
    assert_eq!(consume(organization, now + minutes(10)).await, None, "expired");
    command(&store, organization, ann, MemberCommand::Deactivate).await;
    assert_eq!(consume(organization, now).await, None, "deactivated");
    command(&store, organization, ann, MemberCommand::Reactivate).await;
    assert_eq!(consume(organization, now + minutes(9)).await, Some(ann));
    assert_eq!(consume(organization, now + minutes(9)).await, None, "used up");
}

#[tokio::test]
async fn an_issued_link_is_on_the_record_and_voids_the_one_before() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let (ann, bob) = (member(&store, organization).await, member(&store, organization).await);
    let context = testing::operator(organization);
    let bobs = create_link(&store, organization, bob, clock::now(), minutes(10)).await.unwrap();
    let before = count(&store, organization, "events").await;
    let (first, _) = issue_link(&store, &context, ann, minutes(10)).await.unwrap();
    let (second, expires_at) = issue_link(&store, &context, ann, minutes(10)).await.unwrap();
    assert_eq!(count(&store, organization, "events").await, before + 2);
    let consume = async |digest, at| consume_link(&store, organization, digest, at).await.unwrap();
    assert_eq!(consume(first.digest(), clock::now()).await, None, "voided");
    assert_eq!(consume(second.digest(), expires_at).await, None, "expired");
    assert_eq!(consume(second.digest(), expires_at - minutes(1)).await, Some(ann));
    assert_eq!(consume(bobs.digest(), clock::now()).await, Some(bob));
}
