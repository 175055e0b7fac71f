//! The lock-out.

use std::collections::BTreeSet;

use countersign_persistence::sign_in::{
    FREE_FAILURES, LONGEST_LOCK, SHORTEST_LOCK, candidates, locked_until, record_failure, reset_failures,
    take_back_failure,
};
use countersign_persistence::{clock, testing};
use jiff::{SignedDuration, Timestamp};

use crate::support::{add, minutes, store};

#[test]
fn every_failure_after_the_free_ones_doubles_the_wait_up_to_the_longest() {
    let failed_at: Timestamp = "2026-03-14T09:26:53Z".parse().unwrap();
    let cases = [
        (0, None),
        (1, None),
        (4, None),
        (5, None),
        (6, Some(30)),
        (7, Some(60)),
        (8, Some(120)),
        (9, Some(240)),
        (10, Some(480)),
        (11, Some(900)),
        (12, Some(900)),
        (36, Some(900)),
        (37, Some(900)),
        (38, Some(900)),
        (1000, Some(900)),
        (u32::MAX, Some(900)),
    ];
    for (failures, seconds) in cases {
        let expected = seconds.map(|seconds| failed_at + SignedDuration::from_secs(seconds));
        assert_eq!(locked_until(failures, Some(failed_at)), expected, "{failures}");
    }
    assert_eq!(locked_until(u32::MAX, None), None);
    assert_eq!(locked_until(u32::MAX, Some(Timestamp::MAX)), Some(Timestamp::MAX));
    let limits = (FREE_FAILURES, SHORTEST_LOCK, LONGEST_LOCK);
    assert_eq!(limits, (5, SignedDuration::from_secs(30), minutes(15)));
}

#[tokio::test]
async fn failures_are_counted_each_even_at_the_same_time_until_a_success() {
    let store = store().await;
    let (organization, neighbour) = (testing::organization(&store).await, testing::organization(&store).await);
    let email = format!("{}@acme.example", testing::random_id().simple());
    let ann = add(&store, organization, &email, None).await.unwrap();
    let now = clock::now();
    let at_once = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { record_failure(&store, organization, ann, now).await.unwrap() })
    });
    let mut counts = BTreeSet::new();
    for attempt in at_once.collect::<Vec<_>>() {
        counts.insert(attempt.await.unwrap());
    }
    assert_eq!(counts, (1..=20).collect());
    assert_eq!(record_failure(&store, organization, ann, now - minutes(9)).await.unwrap(), 21);
    let found = candidates(&store, &email).await.unwrap().remove(0);
    assert_eq!((found.failures, found.last_failed_at), (21, Some(now)), "the last failure is the latest");

    assert_eq!(record_failure(&store, neighbour, ann, now).await.unwrap(), 1);
    take_back_failure(&store, neighbour, ann).await.unwrap();
    take_back_failure(&store, neighbour, ann).await.unwrap();
    assert_eq!(record_failure(&store, neighbour, ann, now).await.unwrap(), 1, "there is no less than none");
    reset_failures(&store, neighbour, ann).await.unwrap();
    assert_eq!(candidates(&store, &email).await.unwrap()[0].failures, 21);
    take_back_failure(&store, organization, ann).await.unwrap();
    assert_eq!(candidates(&store, &email).await.unwrap()[0].failures, 20, "the others stay");
    reset_failures(&store, organization, ann).await.unwrap();
    let found = candidates(&store, &email).await.unwrap().remove(0);
    assert_eq!((found.failures, found.last_failed_at), (0, None));
}
