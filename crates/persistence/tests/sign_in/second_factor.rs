//! TOTP secrets and recovery codes.

use countersign_domain::{Digest, MemberError};
use countersign_persistence::sign_in::{
    NewSecondFactor, candidates, disable_totp, enable_totp, recovery_codes_left, replace_recovery_codes, totp_secret,
    use_recovery_code, use_totp_step,
};
use countersign_persistence::{ChangeError, testing};

use crate::support::{add, count, member, store};

const SECRET: &[u8] = b"twenty bytes of code";

fn codes(words: &[&str]) -> Vec<Digest> {
    words.iter().map(|word| Digest::of(word)).collect()
}

fn second_factor() -> NewSecondFactor {
    NewSecondFactor { secret: SECRET.to_vec(), used_step: 1000, recovery_codes: codes(&["one", "two"]) }
}

#[tokio::test]
async fn a_secret_is_kept_sealed_until_switched_off() {
    let store = store().await;
    let (organization, neighbour) = (testing::organization(&store).await, testing::organization(&store).await);
    let email = format!("{}@acme.example", testing::random_id().simple());
    let ann = add(&store, organization, &email, None).await.unwrap();
    let context = testing::operator(organization);
    assert_eq!(totp_secret(&store, organization, ann).await.unwrap(), None);
    assert_eq!(recovery_codes_left(&store, organization, ann).await.unwrap(), None);
    let refused = replace_recovery_codes(&store, &context, ann, codes(&["none"])).await.unwrap_err();
    assert!(matches!(refused, ChangeError::Refused(error) if error == MemberError::TotpDisabled.into()));
    disable_totp(&store, &context, ann).await.unwrap();

    enable_totp(&store, &context, ann, second_factor()).await.unwrap();
    assert_eq!(totp_secret(&store, organization, ann).await.unwrap().as_deref(), Some(SECRET));
    assert!(candidates(&store, &email).await.unwrap()[0].asks_for_code);
    let sql = "SELECT secret FROM second_factors WHERE org_id = $1";
    let sealed: Vec<u8> = store.pool().read(organization, sql, &[&organization.uuid()]).await.unwrap()[0].get(0);
    assert!(!sealed.windows(6).any(|window| window == &SECRET[..6]), "the secret stands in clear");
    let again = enable_totp(&store, &context, ann, second_factor()).await.unwrap_err();
    assert!(matches!(again, ChangeError::Refused(error) if error == MemberError::TotpEnabled.into()));

    assert_eq!(totp_secret(&store, neighbour, ann).await.unwrap(), None);
    assert!(!use_totp_step(&store, neighbour, ann, 2000).await.unwrap());
    assert!(!use_recovery_code(&store, neighbour, ann, Digest::of("one")).await.unwrap());

    disable_totp(&store, &context, ann).await.unwrap();
    assert_eq!(totp_secret(&store, organization, ann).await.unwrap(), None);
    assert!(!candidates(&store, &email).await.unwrap()[0].asks_for_code);
    assert_eq!(count(&store, organization, "second_factors").await, 0);
    assert_eq!(count(&store, organization, "recovery_codes").await, 0);
}

#[tokio::test]
async fn a_secret_moved_to_another_member_does_not_open() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let (ann, bob) = (member(&store, organization).await, member(&store, organization).await);
    enable_totp(&store, &testing::operator(organization), ann, second_factor()).await.unwrap();
    let sql = "UPDATE second_factors SET member_id = $2 WHERE org_id = $1";
    store.pool().write(organization, sql, &[&organization.uuid(), &bob.uuid()]).await.unwrap();
    totp_secret(&store, organization, bob).await.unwrap_err();
}

#[tokio::test]
async fn a_code_is_used_once_even_at_the_same_time() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let ann = member(&store, organization).await;
    enable_totp(&store, &testing::operator(organization), ann, second_factor()).await.unwrap();
    assert!(!use_totp_step(&store, organization, ann, 1000).await.unwrap(), "the code that switched it on");
    let at_once = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { use_totp_step(&store, organization, ann, 1001).await.unwrap() })
    });
    let mut used = 0;
    for attempt in at_once.collect::<Vec<_>>() {
        used += u32::from(attempt.await.unwrap());
    }
    assert_eq!(used, 1);
    assert!(use_totp_step(&store, organization, ann, 1003).await.unwrap());
    assert!(!use_totp_step(&store, organization, ann, 1002).await.unwrap(), "older than one that was used");
}

#[tokio::test]
async fn a_recovery_code_is_used_once_even_at_the_same_time() {
    let store = store().await;
    let organization = testing::organization(&store).await;
    let (ann, bob) = (member(&store, organization).await, member(&store, organization).await);
    let context = testing::operator(organization);
    enable_totp(&store, &context, ann, second_factor()).await.unwrap();
    assert_eq!(recovery_codes_left(&store, organization, ann).await.unwrap(), Some(2));
    assert!(!use_recovery_code(&store, organization, bob, Digest::of("one")).await.unwrap(), "of somebody else");
    let at_once = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { use_recovery_code(&store, organization, ann, Digest::of("one")).await.unwrap() })
    });
    let mut used = 0;
    for attempt in at_once.collect::<Vec<_>>() {
        used += u32::from(attempt.await.unwrap());
    }
    assert_eq!(used, 1);
    assert_eq!(recovery_codes_left(&store, organization, ann).await.unwrap(), Some(1));

    replace_recovery_codes(&store, &context, ann, codes(&["three", "four", "five"])).await.unwrap();
    assert_eq!(recovery_codes_left(&store, organization, ann).await.unwrap(), Some(3));
    assert!(!use_recovery_code(&store, organization, ann, Digest::of("two")).await.unwrap(), "one of those before");
}
