//! Killed in the middle of a load: what was acknowledged is there, and nothing is there by half.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign_domain::{OrganizationId, ThirdPartyId};
use countersign_persistence::private_postgres::{DatabaseUrls, Options, PrivatePostgres};
use countersign_persistence::{ChangeError, Store, StoreError, migrate, testing};
use futures_util::future;
use tokio::time::sleep;
use uuid::Uuid;

use super::support::{
    self, Done, assert_answers, assert_projections, by_request, change, issue, rename, sound_journal,
};

const ONE: &[&str] = &["TokenIssued"];
const THREE: &[&str] = &["TokenIssued", "ThirdPartyRenamed", "TokenIssued"];
const APPENDS: usize = 10_000;
const CALLERS: usize = 64;

/// Tells the copy of this test program that is to be killed what to write to.
const CHILD: &str = "COUNTERSIGN_TEST_CHILD_JOURNAL";

/// One append: every fourth has three events, on a third party that only this caller changes.
async fn append(
    store: &Store,
    organization: OrganizationId,
    third_party: ThirdPartyId,
    turn: usize,
) -> (Done, &'static [&'static str]) {
    if turn % 4 == 3 {
        let done = change(store, organization, async |unit| {
            issue(unit, third_party).await?;
            rename(unit, third_party).await?;
            issue(unit, third_party).await.map(drop)
        });
        (done.await, THREE)
    } else {
        (change(store, organization, async |unit| issue(unit, third_party).await.map(drop)).await, ONE)
    }
}

async fn third_parties(store: &Store, organization: OrganizationId) -> Vec<ThirdPartyId> {
    let added = (0..CALLERS).map(|caller| async move {
        testing::third_party(store, organization, &format!("third party {caller}")).await.unwrap()
    });
    future::join_all(added).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_servers_lose_nothing_that_was_acknowledged() {
    let data_dir = testing::data_dir("killed");
    let mut postgres = PrivatePostgres::start(Options::new(&data_dir).fresh()).await.unwrap();
    let urls = postgres.database("countersign");
    migrate::migrate(&urls.owner).await.unwrap();
    let store = support::store(&urls.serve);
    let organization = testing::organization(&store).await;
    let third_parties = third_parties(&store, organization).await;
    let (acknowledged, ended) = (AtomicUsize::new(0), AtomicBool::new(false));

    let callers = future::join_all(third_parties.iter().map(|third_party| {
        let (store, acknowledged, ended) = (&store, &acknowledged, &ended);
        async move {
            let mut answers = Vec::new();
            for turn in 0.. {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let answer = append(store, organization, *third_party, turn).await;
                acknowledged.fetch_add(usize::from(answer.0.result.is_ok()), Ordering::Relaxed);
                answers.push(answer);
            }
            answers
        }
    }));
    let killer = async {
        // At a quarter, a half and three quarters of the load, and it must go on after each.
        for share in 1..=4 {
            reach(&acknowledged, APPENDS * share / 4).await;
            if share < 4 {
                postgres.kill_server().await.unwrap();
                sleep(Duration::from_millis(300)).await;
                postgres.restart().await.unwrap();
            }
        }
        ended.store(true, Ordering::Relaxed);
    };
    let (answers, ()) = tokio::join!(callers, killer);
    let answers = answers.into_iter().flatten().collect::<Vec<_>>();

    let unknown = answers.iter().filter(|(done, _)| done.is_unknown()).count();
    let refused = answers.iter().filter(|(done, _)| done.result.is_err()).count() - unknown;
    println!("{} appends, {refused} refused, {unknown} of unknown outcome", answers.len());
    assert!(acknowledged.into_inner() >= APPENDS);
    for (done, _) in &answers {
        let expected = matches!(
            &done.result,
            Ok(()) | Err(ChangeError::Store(StoreError::Unavailable(_) | StoreError::OutcomeUnknown))
        );
        assert!(expected, "{:?}", done.result);
    }
    assert_answers(&sound_journal(&store, organization).await, answers.iter().map(|(done, types)| (done, *types)));
    assert_projections(&urls).await;
    store.close().await;
    drop(postgres);
    std::fs::remove_dir_all(data_dir).unwrap();
}

async fn reach(count: &AtomicUsize, goal: usize) {
    let started = Instant::now();
    while count.load(Ordering::Relaxed) < goal {
        assert!(started.elapsed() < Duration::from_mins(2), "appends don't go on");
        sleep(Duration::from_millis(1)).await;
    }
}

/// Not a test of its own: started by the next one as a process to be killed. Prints each acknowledged request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_appends() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let (url, organization) = task.split_once(' ').unwrap();
    let organization = organization.parse().unwrap();
    let store = support::store(url);
    let third_parties = third_parties(&store, organization).await;
    future::join_all(third_parties.iter().map(|third_party| {
        let store = &store;
        async move {
            for turn in 0.. {
                let (done, types) = append(store, organization, *third_party, turn).await;
                done.result.unwrap();
                println!("acknowledged {} {}", done.request, types.len());
            }
        }
    }))
    .await;
}

#[tokio::test]
async fn a_killed_process_leaves_nothing_by_half() {
    let urls: DatabaseUrls = testing::fresh_database().await;
    let store = support::store(&urls.serve);
    let organization = testing::organization(&store).await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_that_appends", "--nocapture"])
        .env(CHILD, format!("{} {organization}", urls.serve))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = tokio::task::spawn_blocking(move || {
        let mut acknowledged = Vec::new();
        // The last line may be cut off by the kill.
        for line in output.lines().map_while(Result::ok) {
            let words = line.split(' ').collect::<Vec<_>>();
            if let ["acknowledged", request, events] = words[..]
                && let (Ok(request), Ok(events)) = (request.parse::<Uuid>(), events.parse::<usize>())
            {
                acknowledged.push((request, events));
                if acknowledged.len() == APPENDS {
                    child.kill().unwrap();
                    child.wait().unwrap();
                }
            }
        }
        let _ = child.kill();
        child.wait().unwrap();
        acknowledged
    });
    let acknowledged = reader.await.unwrap();
    assert!(acknowledged.len() >= APPENDS, "the child ended early: {}", acknowledged.len());

    let journal = sound_journal(&store, organization).await;
    let requests = by_request(&journal);
    for (request, events) in &acknowledged {
        assert_eq!(requests.get(request).map(Vec::len), Some(*events), "acknowledged request {request}");
    }
    let known = acknowledged.iter().map(|(request, _)| *request).collect::<HashSet<_>>();
    let others = requests.iter().filter(|(request, types)| !known.contains(request) && types.contains(&"TokenIssued"));
    println!("{} acknowledged, {} recorded but not acknowledged", known.len(), others.clone().count());
    for (request, types) in others {
        assert!(types == ONE || types == THREE, "request {request} is there by half: {types:?}");
    }
    assert_projections(&urls).await;
    assert!(
        change(&store, organization, async |unit| issue(unit, testing::random_id().into()).await).await.result.is_ok()
    );
}
