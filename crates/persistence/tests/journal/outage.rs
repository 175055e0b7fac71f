//! A database that goes away: bounded answers, true outcomes, and life goes on when it is back.

use std::time::{Duration, Instant};

use countersign_domain::validity::Standing;
use countersign_domain::values::{OrganizationName, Slug};
use countersign_domain::{Organization, OrganizationCommand, ThirdPartyCommand};
use countersign_persistence::private_postgres::{DatabaseUrls, Options, PrivatePostgres};
use countersign_persistence::{ChangeError, StoreError, migrate, testing};
use tokio::time::{sleep, timeout};

use super::proxy::{CommitFault, Proxy, Stall};
use super::support::{
    self, assert_answers, assert_projections, change, command, connect, issue, rename, sound_journal, store,
};

const PAIR: &[&str] = &["TokenIssued", "ThirdPartyRenamed"];
const LATE: CommitFault = CommitFault::Late(Duration::from_millis(700));

fn is_unavailable<T>(result: &Result<T, ChangeError>) -> bool {
    matches!(result, Err(ChangeError::Store(StoreError::Unavailable(_))))
}

#[tokio::test]
async fn the_outcome_of_a_lost_commit_is_found_out() {
    let urls = testing::fresh_database().await;
    let proxy = Proxy::start(&urls.serve);
    let store = store(proxy.url());
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    let mut done = Vec::new();
    for fault in [CommitFault::LoseAnswer, CommitFault::Lose, LATE] {
        proxy.fail_next_commit(fault);
        let one = change(&store, organization, async |unit| {
            issue(unit, third_party).await?;
            rename(unit, third_party).await
        })
        .await;
        assert!(one.result.is_ok(), "{fault:?}: {:?}", one.result);
        done.push(one);
    }
    let journal = sound_journal(&store, organization).await;
    assert_answers(&journal, done.iter().map(|done| (done, PAIR)));
    assert_eq!(journal.len(), 2 + 2 * done.len(), "each was recorded once");
    assert_projections(&urls).await;
}

#[tokio::test]
async fn an_organization_begins_once_though_its_commit_was_lost() {
    let urls = testing::fresh_database().await;
    let proxy = Proxy::start(&urls.serve);
    let store = store(proxy.url());
    for (number, fault) in [CommitFault::LoseAnswer, CommitFault::Lose, LATE].into_iter().enumerate() {
        proxy.fail_next_commit(fault);
        let created = testing::create_organization(&store, &format!("slug-{number}")).await;
        let organization = created.unwrap_or_else(|error| unreachable!("{fault:?}: {error}"));
        let create = OrganizationCommand::Create {
            slug: Slug::parse("another").unwrap(),
            name: OrganizationName::parse("Another").unwrap(),
        };
        let again = testing::command_organization(&store, organization, create).await;
        assert!(matches!(again, Err(ChangeError::Refused(_))), "{again:?}");
        assert_eq!(sound_journal(&store, organization).await.len(), 1);
        let rename = OrganizationCommand::Rename(OrganizationName::parse("Renamed").unwrap());
        change(&store, organization, async |unit| {
            unit.execute::<Organization>(organization.uuid(), rename.clone()).await
        })
        .await
        .result
        .unwrap();
    }
    assert_projections(&urls).await;
}

/// The change lands after the store told its directory and while others read: what they read must not be kept.
#[tokio::test]
async fn a_late_commit_is_obeyed_once_it_is_answered() {
    let urls = testing::fresh_database().await;
    let proxy = Proxy::start(&urls.serve);
    let store = store(proxy.url());
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    let standing = async || store.directory().third_party(organization, third_party).await.unwrap().unwrap().standing;
    for (switch, expected) in [(ThirdPartyCommand::Enable, Standing::On), (ThirdPartyCommand::Disable, Standing::Off)] {
        proxy.fail_next_commit(LATE);
        let mut switched = std::pin::pin!(command(&store, organization, third_party, switch));
        loop {
            tokio::select! {
                result = &mut switched => break result.unwrap(),
                _ = standing() => sleep(Duration::from_millis(1)).await,
            }
        }
        assert_eq!(standing().await, expected);
    }
}

#[tokio::test]
async fn a_stopped_server_is_unavailable_in_bounded_time() {
    let mut postgres = PrivatePostgres::start(Options::new(testing::data_dir("stopped")).fresh()).await.unwrap();
    let urls = postgres.database("countersign");
    migrate::migrate(&urls.owner).await.unwrap();
    let store = store(&urls.serve);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    postgres.stop().await.unwrap();

    let issue = || change(&store, organization, async |unit| issue(unit, third_party).await.map(drop));
    let stopped = Instant::now();
    let read = store.directory().organization(organization).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(stopped.elapsed() < Duration::from_secs(2));
    // As many as make several batches: the last waits no longer than the first.
    let done = futures_util::future::join_all((0..1_000).map(|_| issue())).await;
    assert!(done.iter().all(|done| is_unavailable(&done.result)));
    assert!(stopped.elapsed() < Duration::from_secs(15), "{:?}", stopped.elapsed());
    let again = Instant::now();
    assert!(is_unavailable(&issue().await.result));
    assert!(again.elapsed() < Duration::from_secs(2), "known to be away: {:?}", again.elapsed());

    postgres.restart().await.unwrap();
    assert!(issue().await.result.is_ok());
    assert!(store.directory().organization(organization).await.unwrap().is_some());
    let journal = sound_journal(&store, organization).await;
    assert_answers(&journal, done.iter().map(|done| (done, ["TokenIssued"].as_slice())));
    store.close().await;
    drop(postgres);
    std::fs::remove_dir_all(testing::data_dir("stopped")).unwrap();
}

#[tokio::test]
async fn a_server_that_falls_silent_is_unavailable_in_bounded_time() {
    let urls = testing::fresh_database().await;
    let proxy = Proxy::start(&urls.serve);
    let store = store(proxy.url());
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    proxy.stall(Stall::All);
    let fallen_silent = Instant::now();
    let append = change(&store, organization, async |unit| issue(unit, third_party).await);
    // The cache may answer until its lease ends; then the database is asked.
    let read = async {
        sleep(Duration::from_millis(1_100)).await;
        store.directory().organization(organization).await
    };
    let both = Box::pin(async { tokio::join!(append, read) });
    let (done, read) = timeout(Duration::from_mins(1), both).await.unwrap();
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(is_unavailable(&done.result) || done.is_unknown(), "{:?}", done.result);
    assert!(fallen_silent.elapsed() < Duration::from_secs(40), "{:?}", fallen_silent.elapsed());
    proxy.stall(Stall::None);
    let after = change(&store, organization, async |unit| issue(unit, third_party).await).await;
    assert!(after.result.is_ok(), "{:?}", after.result);
    assert!(store.directory().organization(organization).await.unwrap().is_some());
    let journal = sound_journal(&store, organization).await;
    assert_answers(&journal, [&done, &after].map(|done| (done, ["TokenIssued"].as_slice())));
}

/// A statement that the server canceled took its transaction with it, so the outcome is known.
#[tokio::test]
async fn a_canceled_statement_leaves_no_doubt() {
    let urls = testing::fresh_database().await;
    let owner = connect(&urls.owner).await;
    let store = store(&urls.serve);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    store.close().await;

    let store = support::store(&impatient(&urls));
    // Prepares the statements: the lock shall meet one that is part of the transaction with its COMMIT.
    let before = change(&store, organization, async |unit| issue(unit, third_party).await).await;
    owner.batch_execute("BEGIN; LOCK TABLE tokens IN EXCLUSIVE MODE").await.unwrap();
    let done = change(&store, organization, async |unit| issue(unit, third_party).await).await;
    assert!(is_unavailable(&done.result), "{:?}", done.result);
    owner.batch_execute("ROLLBACK").await.unwrap();
    let after = change(&store, organization, async |unit| issue(unit, third_party).await).await;
    assert!(after.result.is_ok(), "{:?}", after.result);
    let journal = sound_journal(&store, organization).await;
    assert_answers(&journal, [&before, &done, &after].map(|done| (done, ["TokenIssued"].as_slice())));
}

/// A URL whose sessions have their statements canceled after a short time.
fn impatient(urls: &DatabaseUrls) -> String {
    format!("{}?options=-c%20statement_timeout%3D300", urls.serve)
}
