//! What became of requests: counted in memory, added up in the database.

use countersign_domain::client::AuthenticationFailure;
use countersign_domain::validity::{Check, RequestOutcome};
use countersign_domain::{Client, ClientCommand, ClientId, ThirdParty, ThirdPartyCommand, ThirdPartyId};
use countersign_persistence::queries::requests::{by_day, failing_clients, most_refused};
use countersign_persistence::testing::{self, random_id};
use countersign_persistence::usage::{DecidedRequest, KEPT_DAYS};
use countersign_persistence::{Store, clock};
use jiff::{SignedDuration, Timestamp};

use crate::support::{World, at, world};

const EXPIRED: RequestOutcome = RequestOutcome::Refused(Check::NotExpired);
const NO_SCOPE: RequestOutcome = RequestOutcome::Refused(Check::Scope);

type Counted<'a> = (&'a str, Option<ThirdPartyId>, RequestOutcome, usize);

/// Counts requests in a process of its own, which ends.
async fn count(world: &World, counted: &[Counted<'_>]) {
    let store = process().await;
    for (time, third_party, outcome, times) in counted {
        for _ in 0..*times {
            let request = DecidedRequest { token: random_id().into(), third_party: *third_party, outcome: *outcome };
            store.usage().count_request(world.organization, request, at(time), "192.0.2.7");
        }
    }
    store.close().await;
}

async fn process() -> Store {
    testing::store(testing::database().await)
}

async fn days(world: &World, third_party: Option<ThirdPartyId>, since: &str) -> Vec<(String, &'static str, u64)> {
    let counts = by_day(&world.store, world.organization, third_party, since.parse().unwrap()).await.unwrap();
    counts.iter().map(|count| (count.day.to_string(), count.outcome.name(), count.requests)).collect()
}

fn rows(rows: &[(&str, &'static str, u64)]) -> Vec<(String, &'static str, u64)> {
    rows.iter().map(|(day, outcome, requests)| ((*day).to_owned(), *outcome, *requests)).collect()
}

#[tokio::test]
async fn counts_of_several_processes_add_up_by_day_third_party_and_outcome() {
    let world = world().await;
    let neighbour = world.neighbour().await;
    let (initech, globex) = (world.third_party("Initech").await, world.third_party("Globex").await);
    let night = "2026-11-20T23:59:59.999Z";
    count(
        &world,
        &[
            (night, Some(initech), RequestOutcome::Allowed, 3),
            ("2026-11-21T00:00:00Z", Some(initech), RequestOutcome::Allowed, 1),
            (night, Some(initech), EXPIRED, 2),
            (night, Some(globex), EXPIRED, 1),
            (night, None, NO_SCOPE, 4),
        ],
    )
    .await;
    count(&world, &[(night, Some(initech), RequestOutcome::Allowed, 5)]).await;

    let of_initech =
        rows(&[("2026-11-20", "allowed", 8), ("2026-11-20", "not-expired", 2), ("2026-11-21", "allowed", 1)]);
    assert_eq!(days(&world, Some(initech), "2026-11-20").await, of_initech);
    assert_eq!(days(&world, Some(initech), "2026-11-21").await, of_initech[2..]);
    assert_eq!(days(&world, Some(globex), "2026-11-20").await, rows(&[("2026-11-20", "not-expired", 1)]));
    let of_all = [
        ("2026-11-20", "allowed", 8),
        ("2026-11-20", "not-expired", 3),
        ("2026-11-20", "scope", 4),
        ("2026-11-21", "allowed", 1),
    ];
    assert_eq!(days(&world, None, "2026-11-01").await, rows(&of_all));
    assert_eq!(days(&neighbour, None, "2026-11-01").await, []);
    assert_eq!(days(&neighbour, Some(initech), "2026-11-01").await, []);
}

#[tokio::test]
async fn a_request_counts_as_a_use_of_its_token_too() {
    let world = world().await;
    let initech = world.third_party("Initech").await;
    let client = world.client("initech", initech).await;
    let (token, _) = world.token(initech, client, None).await;
    let store = process().await;
    let request = DecidedRequest { token, third_party: Some(initech), outcome: EXPIRED };
    store.usage().count_request(world.organization, request, clock::now(), "192.0.2.7");
    store.usage().count(world.organization, token, clock::now(), "192.0.2.8");
    store.close().await;
    let token = countersign_persistence::queries::tokens::get(&world.store, world.organization, token).await.unwrap();
    let token = token.unwrap();
    assert_eq!((token.uses, token.last_source.as_deref()), (2, Some("192.0.2.8")));
    let total = by_day(&world.store, world.organization, Some(initech), at_day("2026-01-01")).await.unwrap();
    assert_eq!(total.iter().map(|count| count.requests).sum::<u64>(), 1);
}

fn at_day(day: &str) -> jiff::civil::Date {
    day.parse().unwrap()
}

#[tokio::test]
async fn counts_are_kept_for_400_days() {
    let world = world().await;
    let initech = world.third_party("Initech").await;
    let today: Timestamp = at("2026-11-20T12:00:00Z");
    let back = |days: i64| (today - SignedDuration::from_hours(24 * days)).to_string();
    let (kept, forgotten) = (back(KEPT_DAYS - 1), back(KEPT_DAYS));
    let allowed = RequestOutcome::Allowed;
    count(&world, &[(&forgotten, Some(initech), allowed, 1)]).await;
    count(&world, &[(&kept, Some(initech), allowed, 2)]).await;
    let of_all = async || (days(&world, None, "2020-01-01").await, days(&world, Some(initech), "2020-01-01").await);
    assert_eq!(of_all().await.0.len(), 2);
    count(&world, &[(&today.to_string(), Some(initech), allowed, 3)]).await;
    let expected = rows(&[("2025-10-17", "allowed", 2), ("2026-11-20", "allowed", 3)]);
    assert_eq!(of_all().await, (expected.clone(), expected));
}

#[tokio::test]
async fn who_was_refused_most_comes_first_and_the_deleted_not_at_all() {
    let world = world().await;
    let (initech, globex) = (world.third_party("Initech").await, world.third_party("Globex").await);
    let deleted = world.third_party("Deleted").await;
    let today = "2026-11-20T12:00:00Z";
    count(
        &world,
        &[
            (today, Some(initech), EXPIRED, 2),
            (today, Some(initech), NO_SCOPE, 3),
            (today, Some(initech), RequestOutcome::Allowed, 90),
            (today, Some(globex), EXPIRED, 6),
            ("2026-11-18T12:00:00Z", Some(globex), NO_SCOPE, 9),
            (today, Some(deleted), EXPIRED, 20),
            (today, None, EXPIRED, 1),
        ],
    )
    .await;
    world.execute::<ThirdParty>(deleted.uuid(), ThirdPartyCommand::Delete).await;
    let found = async |limit| {
        let found = most_refused(&world.store, world.organization, at_day("2026-11-19"), limit).await.unwrap();
        found.into_iter().map(|one| (one.third_party.map(|(_, name)| name), one.refused)).collect::<Vec<_>>()
    };
    let expected = [
        (Some("Globex".to_owned()), vec![(EXPIRED, 6)]),
        (Some("Initech".to_owned()), vec![(NO_SCOPE, 3), (EXPIRED, 2)]),
        (None, vec![(EXPIRED, 1)]),
    ];
    assert_eq!(found(8).await, expected);
    assert_eq!(found(1).await, expected[..1]);
}

async fn fail(world: &World, client: ClientId, cause: AuthenticationFailure, count: u32) {
    let minute = at("2026-11-20T12:00:00Z");
    let command = ClientCommand::RecordFailedAuthentications { cause, count, minute };
    world.execute::<Client>(client.uuid(), command).await;
}

#[tokio::test]
async fn clients_that_fail_are_added_up_by_cause() {
    let world = world().await;
    let initech = world.third_party("Initech").await;
    let [one, other, deleted] = ["one", "other", "deleted"];
    let (one, other, deleted) =
        (world.client(one, initech).await, world.client(other, initech).await, world.client(deleted, initech).await);
    let (wrong, missing) = (AuthenticationFailure::WrongSecret, AuthenticationFailure::MissingSecret);
    for (client, cause, count) in
        [(one, wrong, 2), (one, missing, 3), (one, wrong, 4), (other, missing, 50), (deleted, wrong, 99)]
    {
        fail(&world, client, cause, count).await;
    }
    world.execute::<Client>(deleted.uuid(), ClientCommand::Delete).await;
    let found = async |since, limit| {
        let found = failing_clients(&world.store, world.organization, since, limit).await.unwrap();
        found.into_iter().map(|client| (client.id, client.failures, client.is_at_least)).collect::<Vec<_>>()
    };
    let hour_ago = clock::now() - SignedDuration::from_hours(1);
    let expected = [(other, vec![(missing, 50)], false), (one, vec![(wrong, 6), (missing, 3)], false)];
    assert_eq!(found(hour_ago, 8).await, expected);
    assert_eq!(found(hour_ago, 1).await, expected[..1]);
    assert_eq!(found(clock::now() + SignedDuration::from_hours(1), 8).await, []);
}
