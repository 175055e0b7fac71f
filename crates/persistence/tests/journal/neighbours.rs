//! A request that can't be saved fails alone: what shares its batch is saved.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::values::ThirdPartyName;
use countersign_domain::{Secret, SecretKind, ThirdParty, ThirdPartyCommand, Token};
use countersign_persistence::projections::unique_names::NameKind;
use countersign_persistence::{ChangeError, StoreError, UnitOfWork, testing};
use futures_util::future;
use tokio::time::timeout;

use super::support::{
    Done, assert_answers, assert_projections, by_request, change, issue, issue_command, sound_journal, store,
};

const ISSUED: &[&str] = &["TokenIssued"];

#[tokio::test]
async fn organizations_whose_slug_is_taken() {
    let urls = testing::fresh_database().await;
    let store = store(&urls.serve);
    let bystander = testing::organization(&store).await;
    let third_party = testing::third_party(&store, bystander, "Initech").await.unwrap();

    let creations = future::join_all((0..64).map(|number| {
        // In opposite orders, so that batches would wait for each other's slugs in a ring.
        let slug = if number % 2 == 0 { number / 2 % 8 } else { 7 - number / 2 % 8 };
        let store = &store;
        async move { (slug, testing::create_organization(store, &format!("slug-{slug}")).await) }
    }));
    let neighbours =
        future::join_all((0..64).map(|_| change(&store, bystander, async |unit| issue(unit, third_party).await)));
    let (creations, neighbours) = tokio::join!(creations, neighbours);

    let mut created = BTreeMap::<_, Vec<_>>::new();
    for (slug, result) in creations {
        match result {
            Ok(organization) => created.entry(slug).or_default().push(organization),
            Err(error) => {
                assert!(
                    matches!(error, ChangeError::Store(StoreError::NameTaken(NameKind::OrganizationSlug))),
                    "{error}"
                );
            }
        }
    }
    assert_eq!(created.len(), 8);
    for (slug, organizations) in created {
        assert_eq!(organizations.len(), 1, "one gets the slug");
        assert_eq!(sound_journal(&store, organizations[0]).await.len(), 1);
        let found = store.directory().organization_by_slug(&format!("slug-{slug}")).await.unwrap().unwrap();
        assert_eq!(found.id, organizations[0]);
    }
    assert!(neighbours.iter().all(|done| done.result.is_ok()));
    assert_answers(&sound_journal(&store, bystander).await, neighbours.iter().map(|done| (done, ISSUED)));
    assert_projections(&urls).await;
}

#[tokio::test]
async fn text_that_the_database_refuses() {
    let urls = testing::fresh_database().await;
    let store = store(&urls.serve);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    // PostgreSQL's text has no NUL.
    let poisoned = async |unit: &UnitOfWork| {
        let secret = Secret::generate(SecretKind::ManualToken, unit.services());
        issue(unit, third_party).await?;
        unit.create::<Token>(issue_command(&secret, third_party, "a\0bc".into())).await.map(drop)
    };
    let (store, poisoned) = (&store, &poisoned);
    let done: Vec<Done> = future::join_all((0..48).map(|number| async move {
        if number % 16 == 7 {
            change(store, organization, poisoned).await
        } else {
            change(store, organization, async |unit| issue(unit, third_party).await.map(drop)).await
        }
    }))
    .await;
    for (number, done) in done.iter().enumerate() {
        match &done.result {
            Ok(()) => assert_ne!(number % 16, 7),
            Err(error) => {
                assert!(matches!(error, ChangeError::Store(StoreError::Database(_))), "{error}");
                assert_eq!(number % 16, 7);
            }
        }
    }
    assert_answers(&sound_journal(store, organization).await, done.iter().map(|done| (done, ISSUED)));
    assert_projections(&urls).await;
}

#[tokio::test]
async fn a_name_is_taken_once_within_one_unit_of_work() {
    let urls = testing::fresh_database().await;
    let store = store(&urls.serve);
    let organization = testing::organization(&store).await;
    let add = |name: &str| ThirdPartyCommand::Add {
        name: ThirdPartyName::parse(name).unwrap(),
        contact: Contact::default(),
        requirements: None,
        mode: Mode::Manual,
    };
    let twice = change(&store, organization, async |unit| {
        unit.create::<ThirdParty>(add("Initech")).await?;
        unit.create::<ThirdParty>(add("INITECH")).await
    })
    .await;
    assert!(matches!(twice.result, Err(ChangeError::Store(StoreError::NameTaken(NameKind::ThirdParty)))));
    let first = testing::third_party(&store, organization, "Initech").await.unwrap();
    // Given back and taken again by another in one go.
    let replaced = change(&store, organization, async |unit| {
        unit.execute::<ThirdParty>(first.uuid(), ThirdPartyCommand::Delete).await?;
        unit.create::<ThirdParty>(add("initech")).await
    })
    .await;
    assert!(replaced.result.is_ok(), "{:?}", replaced.result);
    assert_eq!(sound_journal(&store, organization).await.len(), 4);
    assert_projections(&urls).await;
}

#[tokio::test]
async fn callers_that_hang_up_harm_nobody() {
    let urls = testing::fresh_database().await;
    let store = store(&urls.serve);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    let pair = async |unit: &UnitOfWork| {
        issue(unit, third_party).await?;
        issue(unit, third_party).await.map(drop)
    };
    let (store, pair) = (&store, &pair);
    let done = future::join_all((0..200).map(|number| async move {
        let patience = Duration::from_micros(if number % 2 == 0 { number * 500 } else { 30_000_000 });
        if number % 2 == 0 {
            drop(timeout(patience, change(store, organization, pair)).await);
            None
        } else {
            Some(change(store, organization, async |unit| issue(unit, third_party).await.map(drop)).await)
        }
    }))
    .await;
    let done = done.into_iter().flatten().collect::<Vec<_>>();
    assert!(done.iter().all(|done| done.result.is_ok()));
    // Decides what was accepted.
    store.close().await;
    let journal = sound_journal(store, organization).await;
    assert_answers(&journal, done.iter().map(|done| (done, ISSUED)));
    let pairs = by_request(&journal).into_values().filter(|types| types.len() == 2).collect::<Vec<_>>();
    assert!(!pairs.is_empty(), "some were on their way when their caller hung up");
    assert!(pairs.iter().all(|types| types == &["TokenIssued", "TokenIssued"]));
    assert_projections(&urls).await;
}
