//! What the journal refuses, and what it finishes.

use std::time::{Duration, Instant};

use countersign_domain::values::Scope;
use countersign_domain::{OrganizationId, Secret, SecretKind, Token, TokenCommand};
use countersign_persistence::journal::JournalOptions;
use countersign_persistence::{ChangeError, Store, StoreError, StoreOptions, testing};
use futures_util::future;
use tokio::time::sleep;

use super::support::{assert_answers, assert_projections, change, connect, issue, issue_command, sound_journal};

#[tokio::test]
async fn a_record_that_is_too_large_is_refused_with_all_that_belongs_to_it() {
    let store = testing::store(testing::database().await);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    let issue_with = async |count: usize| {
        change(&store, organization, async |unit| {
            issue(unit, third_party).await?;
            let secret = Secret::generate(SecretKind::ManualToken, unit.services());
            let mut command = issue_command(&secret, third_party, secret.last_four());
            if let TokenCommand::IssueManual { scopes, .. } = &mut command {
                *scopes = (0..count).map(|number| Scope::parse(&format!("{number:096}")).unwrap()).collect();
            }
            unit.create::<Token>(command).await.map(drop)
        })
        .await
    };
    let large = issue_with(600).await;
    assert!(large.result.is_ok(), "{:?}", large.result);
    let before = sound_journal(&store, organization).await.len();
    let too_large = issue_with(700).await;
    assert!(matches!(
        too_large.result,
        Err(ChangeError::Store(StoreError::TooLarge { length, maximum })) if length > maximum
    ));
    assert_eq!(sound_journal(&store, organization).await.len(), before);
}

#[tokio::test]
async fn an_organization_that_is_not_there() {
    let store = testing::store(testing::database().await);
    let organization = OrganizationId(testing::random_id());
    let done = change(&store, organization, async |unit| issue(unit, testing::random_id().into()).await).await;
    assert!(matches!(done.result, Err(ChangeError::Store(StoreError::UnknownOrganization))), "{:?}", done.result);
}

#[tokio::test]
async fn a_full_queue_refuses_and_loses_nothing() {
    let urls = testing::fresh_database().await;
    let journal = JournalOptions { lanes: 1, waiting: 8, ..JournalOptions::default() };
    let options = StoreOptions { journal, ..StoreOptions::default() };
    let store = Store::open(&urls.serve, testing::master_key_ring(), &options).unwrap();
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();

    let blocker = connect(&urls.owner).await;
    let lock = format!(
        "BEGIN; SET LOCAL countersign.org_id = '{organization}'; SELECT FROM org_heads WHERE org_id = '{organization}' FOR UPDATE"
    );
    blocker.batch_execute(&lock).await.unwrap();
    let issue = || change(&store, organization, async |unit| issue(unit, third_party).await);
    let waiting = future::join_all((0..40).map(|_| issue()));
    let unblock = async {
        sleep(Duration::from_millis(500)).await;
        blocker.batch_execute("ROLLBACK").await.unwrap();
    };
    let (done, ()) = tokio::join!(waiting, unblock);
    let overloaded =
        done.iter().filter(|done| matches!(done.result, Err(ChangeError::Store(StoreError::Overloaded)))).count();
    let saved = done.iter().filter(|done| done.result.is_ok()).count();
    assert_eq!(saved + overloaded, done.len());
    // Eight wait beside the batch that is under way.
    assert!(overloaded >= 20 && saved >= 8, "{saved} saved, {overloaded} refused");
    assert!(issue().await.result.is_ok());
    let journal = sound_journal(&store, organization).await;
    assert_answers(&journal, done.iter().map(|done| (done, ["TokenIssued"].as_slice())));
    assert_projections(&urls).await;
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let urls = testing::fresh_database().await;
    let store = testing::store(&urls);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    let call = || change(&store, organization, async |unit| issue(unit, third_party).await);
    let callers = future::join_all((0..300).map(|number| async move {
        sleep(Duration::from_micros(number * 50)).await;
        call().await
    }));
    let close = async {
        sleep(Duration::from_millis(8)).await;
        store.close().await;
        Instant::now()
    };
    let (done, closed_at) = tokio::join!(callers, close);
    let saved = done.iter().filter(|done| done.result.is_ok()).count();
    for done in &done {
        assert!(
            matches!(done.result, Ok(_) | Err(ChangeError::Store(StoreError::Unavailable(_)))),
            "{:?}",
            done.result
        );
    }
    assert!(saved > 0 && saved < done.len(), "{saved} saved");
    let late = call().await;
    assert!(matches!(late.result, Err(ChangeError::Store(StoreError::Unavailable(_)))));
    assert!(closed_at.elapsed() < Duration::from_secs(5));
    let journal = sound_journal(&store, organization).await;
    assert_answers(&journal, done.iter().chain([&late]).map(|done| (done, ["TokenIssued"].as_slice())));
}

#[tokio::test]
async fn a_store_that_is_dropped_gives_up_its_connections() {
    let urls = testing::fresh_database().await;
    let observer = connect(&urls.owner).await;
    let connections = async || -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign'";
        observer.query_one(sql, &[]).await.unwrap().get(0)
    };
    let store = testing::store(&urls);
    testing::organization(&store).await;
    assert!(connections().await > 0);
    drop(store);
    let dropped = Instant::now();
    while connections().await > 0 {
        assert!(dropped.elapsed() < Duration::from_secs(5), "{} connections are left", connections().await);
        sleep(Duration::from_millis(20)).await;
    }
}
