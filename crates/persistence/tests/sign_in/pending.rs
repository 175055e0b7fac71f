//! Sign-ins that wait for a code.

use countersign_persistence::sign_in::{
    FirstFactor, PENDING_LIFETIME, PENDING_TRIES, begin_pending, candidates, create_session, end_pending,
    end_sessions_of, find_session, is_pending, organizations_of_session, record_failure, restore_failures, sessions_of,
    try_pending,
};
use countersign_persistence::{clock, testing};
use jiff::SignedDuration;

use crate::support::{add, count, member, minutes, new_session, store};

#[tokio::test]
async fn one_that_waits_is_no_session() {
    let store = store().await;
    let (organization, another) = (testing::organization(&store).await, testing::organization(&store).await);
    let now = clock::now();
    let new = new_session(member(&store, organization).await, now);
    begin_pending(&store, organization, &new, FirstFactor::Password).await.unwrap();
    let there = new_session(member(&store, another).await, now);
    let there = countersign_persistence::sign_in::NewSession { digest: new.digest, ..there };
    begin_pending(&store, another, &there, FirstFactor::Link).await.unwrap();

    assert_eq!(find_session(&store, organization, new.digest, now).await.unwrap(), None);
    assert_eq!(sessions_of(&store, organization, new.member, now).await.unwrap(), []);
    assert_eq!(organizations_of_session(&store, new.digest, now).await.unwrap(), []);
    assert!(is_pending(&store, new.digest, now).await.unwrap());
    let mut tried = try_pending(&store, new.digest, now).await.unwrap();
    tried.sort_by_key(|pending| pending.first == FirstFactor::Link);
    let found = tried.iter().map(|pending| (pending.candidate.member, pending.first)).collect::<Vec<_>>();
    assert_eq!(found, [(new.member, FirstFactor::Password), (there.member, FirstFactor::Link)]);

    let over = now + PENDING_LIFETIME;
    assert!(is_pending(&store, new.digest, over - SignedDuration::from_micros(1)).await.unwrap());
    assert!(!is_pending(&store, new.digest, over).await.unwrap());
    assert!(try_pending(&store, new.digest, over).await.unwrap().is_empty());

    end_pending(&store, new.digest).await.unwrap();
    assert!(!is_pending(&store, new.digest, now).await.unwrap());
    assert_eq!(count(&store, organization, "sessions").await, 0);
    let listed = "SELECT 1 FROM session_directory WHERE digest = $1";
    assert!(store.pool().read_installation(listed, &[&new.digest.0.as_slice()]).await.unwrap().is_empty());
}

#[tokio::test]
async fn as_many_codes_are_tried_as_allowed_even_at_the_same_time() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let now = clock::now();
    let new = new_session(member(&store, organization).await, now);
    begin_pending(&store, organization, &new, FirstFactor::Password).await.unwrap();
    let at_once = (0..20).map(|_| {
        let (store, digest) = (store.clone(), new.digest);
        tokio::spawn(async move { try_pending(&store, digest, now).await.unwrap() })
    });
    let (mut tried, mut last) = (0, 0);
    for attempt in at_once.collect::<Vec<_>>() {
        for pending in attempt.await.unwrap() {
            tried += 1;
            last += i32::from(pending.is_last_try);
        }
    }
    assert_eq!((tried, last), (PENDING_TRIES, 1));
    assert!(!is_pending(&store, new.digest, now).await.unwrap());
}

#[tokio::test]
async fn what_ends_the_sessions_of_a_member_ends_one_that_waits() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let now = clock::now();
    let ann = member(&store, organization).await;
    let (session, waiting) = (new_session(ann, now), new_session(ann, now));
    create_session(&store, organization, &session).await.unwrap();
    begin_pending(&store, organization, &waiting, FirstFactor::Password).await.unwrap();
    end_pending(&store, session.digest).await.unwrap();
    assert!(find_session(&store, organization, session.digest, now).await.unwrap().is_some(), "it does not wait");
    assert_eq!(end_sessions_of(&store, organization, ann, None).await.unwrap(), 1, "only one was a session");
    assert!(!is_pending(&store, waiting.digest, now).await.unwrap());
}

#[tokio::test]
async fn a_right_password_leaves_wrong_codes_counted_as_they_were() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let email = format!("{}@acme.example", testing::random_id().simple());
    let ann = add(&store, organization, &email, None).await.unwrap();
    let now = clock::now();
    let standing = async || {
        let found = candidates(&store, &email).await.unwrap().remove(0);
        (found.failures, found.last_failed_at)
    };
    for minute in 0..6 {
        record_failure(&store, organization, ann, now + minutes(minute)).await.unwrap();
    }
    let before = standing().await;
    assert_eq!(before, (6, Some(now + minutes(5))));
    record_failure(&store, organization, ann, now + minutes(9)).await.unwrap();
    restore_failures(&store, organization, ann, now + minutes(9), before.1).await.unwrap();
    assert_eq!(standing().await, before);

    // A wrong code in between keeps its time.
    record_failure(&store, organization, ann, now + minutes(10)).await.unwrap();
    record_failure(&store, organization, ann, now + minutes(11)).await.unwrap();
    restore_failures(&store, organization, ann, now + minutes(10), before.1).await.unwrap();
    assert_eq!(standing().await, (7, Some(now + minutes(11))));
}
