//! Sessions.

use std::collections::BTreeSet;

use countersign_domain::{Digest, MemberCommand, Role};
use countersign_persistence::sign_in::{
    NewSession, SESSION_IDLE_LIMIT, SESSION_LIFETIME, consume_link, create_link, create_session, end_session,
    end_sessions_of, find_session, organizations_of_session, sessions_of, touch_session,
};
use countersign_persistence::{clock, testing};
use jiff::{SignedDuration, Timestamp};

use crate::support::{command, count, member, minutes, new_session, store};

#[tokio::test]
async fn a_session_ends_when_it_is_old_idle_ended_or_its_member_is_kept_out() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let ann = member(&store, organization).await;
    let now = clock::now();
    let new = new_session(ann, now);
    create_session(&store, organization, &new).await.unwrap();
    let find = async |at| find_session(&store, organization, new.digest, at).await.unwrap();

    let found = find(now).await.unwrap();
    assert_eq!((found.session, found.member, found.role), (new.session, ann, Role::Admin));
    assert_eq!((found.name.as_deref(), found.created_at, found.last_seen_at), (Some("Ann"), now, now));
    let just_idle = now + SESSION_IDLE_LIMIT;
    assert!(find(just_idle - SignedDuration::from_micros(1)).await.is_some());
    assert_eq!(find(just_idle).await, None, "idle");

    command(&store, organization, ann, MemberCommand::ChangeRole(Role::Auditor)).await;
    assert_eq!(find(now).await.unwrap().role, Role::Auditor, "the role is what it is now");
    command(&store, organization, ann, MemberCommand::Deactivate).await;
    assert_eq!(find(now).await, None, "deactivated");
    command(&store, organization, ann, MemberCommand::Reactivate).await;

    // Used every half hour, it lives to its full age and no longer.
    let mut at = now;
    while at < now + SESSION_LIFETIME - minutes(30) {
        at += minutes(30);
        let entry = find(at).await.unwrap();
        touch_session(&store, organization, &entry, at).await.unwrap();
    }
    assert!(find(now + SESSION_LIFETIME - SignedDuration::from_micros(1)).await.is_some());
    assert_eq!(find(now + SESSION_LIFETIME).await, None, "old");

    assert_eq!(find_session(&store, organization, Digest::of("another"), now).await.unwrap(), None);
    assert!(end_session(&store, organization, ann, new.session).await.unwrap());
    assert_eq!(find(now).await, None, "ended");
    assert!(!end_session(&store, organization, ann, new.session).await.unwrap());
}

#[tokio::test]
async fn a_lifetime_is_as_asked_but_never_longer_than_the_longest() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let ann = member(&store, organization).await;
    let now = clock::now();
    let short = NewSession { lifetime: minutes(10), ..new_session(ann, now) };
    let long = NewSession { lifetime: SESSION_LIFETIME * 9, ..new_session(ann, now) };
    for new in [&short, &long] {
        create_session(&store, organization, new).await.unwrap();
    }
    let is_valid =
        async |new: &NewSession, at| find_session(&store, organization, new.digest, at).await.unwrap().is_some();
    assert!(is_valid(&short, now + minutes(9)).await);
    assert!(!is_valid(&short, now + minutes(10)).await);
    let sql = "SELECT expires_at FROM sessions WHERE org_id = $1 AND session_id = $2";
    let rows = store.pool().read(organization, sql, &[&organization.uuid(), &long.session.uuid()]).await.unwrap();
    assert_eq!(rows[0].get::<_, Timestamp>(0), now + SESSION_LIFETIME);
}

#[tokio::test]
async fn the_use_of_a_session_is_written_down_once_a_minute() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let ann = member(&store, organization).await;
    let now = clock::now();
    let new = new_session(ann, now);
    create_session(&store, organization, &new).await.unwrap();
    let find = async || find_session(&store, organization, new.digest, now).await.unwrap().unwrap();
    let before = find().await;
    touch_session(&store, organization, &before, now + SignedDuration::from_secs(59)).await.unwrap();
    assert_eq!(find().await.last_seen_at, now);
    touch_session(&store, organization, &before, now + minutes(1)).await.unwrap();
    assert_eq!(find().await.last_seen_at, now + minutes(1));
    touch_session(&store, organization, &before, now + SignedDuration::from_secs(90)).await.unwrap();
    assert_eq!(find().await.last_seen_at, now + minutes(1), "another request was first");
}

#[tokio::test]
async fn a_member_sees_and_ends_the_sessions_that_are_its_own() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let (ann, bob) = (member(&store, organization).await, member(&store, organization).await);
    let now = clock::now();
    let mut sessions = Vec::new();
    for age in [50, 3, 20] {
        let new = new_session(ann, now - minutes(age));
        create_session(&store, organization, &new).await.unwrap();
        sessions.push(new);
    }
    create_session(&store, organization, &new_session(bob, now)).await.unwrap();
    let listed = async |at| {
        let listed = sessions_of(&store, organization, ann, at).await.unwrap();
        listed.iter().map(|session| session.id).collect::<Vec<_>>()
    };
    let [oldest, newest, middle] = [0, 1, 2].map(|index: usize| sessions[index].session);
    assert_eq!(listed(now).await, [newest, middle, oldest]);
    assert_eq!(listed(now + minutes(10)).await, [newest, middle], "those that have ended are left out");
    let shown = &sessions_of(&store, organization, ann, now).await.unwrap()[0];
    assert_eq!((shown.address.as_str(), shown.user_agent.as_str()), ("203.0.113.7", "Mozilla/5.0"));
    assert_eq!((shown.created_at, shown.last_seen_at), (now - minutes(3), now - minutes(3)));

    assert!(!end_session(&store, organization, bob, newest).await.unwrap(), "somebody else's");
    let link = create_link(&store, organization, ann, now, minutes(10)).await.unwrap();
    let bobs_link = create_link(&store, organization, bob, now, minutes(10)).await.unwrap();
    assert_eq!(end_sessions_of(&store, organization, ann, Some(middle)).await.unwrap(), 2);
    assert_eq!(listed(now).await, [middle]);
    assert_eq!(end_sessions_of(&store, organization, ann, None).await.unwrap(), 1);
    assert_eq!(end_sessions_of(&store, organization, ann, None).await.unwrap(), 0);
    assert_eq!(sessions_of(&store, organization, bob, now).await.unwrap().len(), 1);
    assert_eq!(consume_link(&store, organization, link.digest(), now).await.unwrap(), None, "void");
    assert_eq!(consume_link(&store, organization, bobs_link.digest(), now).await.unwrap(), Some(bob));
}

#[tokio::test]
async fn what_has_ended_is_cleared_away_by_what_begins() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let (ann, bob) = (member(&store, organization).await, member(&store, organization).await);
    let now = clock::now();
    create_session(&store, organization, &new_session(ann, now)).await.unwrap();
    create_session(&store, organization, &new_session(bob, now)).await.unwrap();
    create_session(&store, organization, &new_session(ann, now + minutes(59))).await.unwrap();
    assert_eq!(count(&store, organization, "sessions").await, 3);
    create_session(&store, organization, &new_session(ann, now + minutes(60))).await.unwrap();
    assert_eq!(count(&store, organization, "sessions").await, 3, "the member's first had ended");

    create_link(&store, organization, ann, now, minutes(10)).await.unwrap();
    create_link(&store, organization, bob, now + minutes(9), minutes(10)).await.unwrap();
    assert_eq!(count(&store, organization, "sign_in_links").await, 2);
    create_link(&store, organization, bob, now + minutes(10), minutes(10)).await.unwrap();
    assert_eq!(count(&store, organization, "sign_in_links").await, 2);
}

#[tokio::test]
async fn one_secret_may_be_valid_in_several_organizations_each_on_its_own() {
    let store = store().await;
    let (here, there) = (testing::organization(&store).await, testing::organization(&store).await);
    let now = clock::now();
    let first = new_session(member(&store, here).await, now);
    let second = NewSession { digest: first.digest, ..new_session(member(&store, there).await, now) };
    create_session(&store, here, &first).await.unwrap();
    assert_eq!(find_session(&store, there, first.digest, now).await.unwrap(), None);
    create_session(&store, there, &second).await.unwrap();
    let organizations = async |at| {
        let valid_in = organizations_of_session(&store, first.digest, at).await.unwrap();
        valid_in.into_iter().collect::<BTreeSet<_>>()
    };
    assert_eq!(organizations(now).await, BTreeSet::from([here, there]));
    assert_eq!(organizations(now + SESSION_IDLE_LIMIT).await, BTreeSet::new());
    let found = async |organization| find_session(&store, organization, first.digest, now).await.unwrap();
    assert_eq!(found(here).await.unwrap().session, first.session);
    assert_eq!(found(there).await.unwrap().session, second.session);

    let foreign = found(here).await.unwrap();
    touch_session(&store, there, &foreign, now + minutes(5)).await.unwrap();
    assert_eq!(found(here).await.unwrap().last_seen_at, now);
    assert_eq!(sessions_of(&store, there, first.member, now).await.unwrap(), []);
    assert!(!end_session(&store, there, first.member, first.session).await.unwrap());
    assert_eq!(end_sessions_of(&store, there, first.member, None).await.unwrap(), 0);
    assert!(end_session(&store, there, second.member, second.session).await.unwrap());
    assert!(found(here).await.is_some());
    assert_eq!(organizations(now).await, BTreeSet::from([here]));
    assert_eq!(end_sessions_of(&store, here, first.member, None).await.unwrap(), 1);
    assert_eq!(organizations(now).await, BTreeSet::new());
    let sql = "SELECT FROM session_directory WHERE digest = $1";
    let left = store.pool().read_installation(sql, &[&first.digest.0.as_slice()]).await.unwrap();
    assert!(left.is_empty(), "what has ended is not listed");
}
