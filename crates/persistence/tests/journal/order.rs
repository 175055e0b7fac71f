//! Order and outcomes under many writers, in one process and in two.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign_domain::{OrganizationCommand, OrganizationId, ThirdPartyId};
use countersign_persistence::private_postgres::DatabaseUrls;
use countersign_persistence::{ChangeError, Store, StoreError, testing};
use futures_util::future;

use super::support::{self, Done, Stored, assert_answers, assert_projections, change, issue, rename, sound_journal};

const WRITERS: usize = 16;
const TURNS: usize = 25;

#[tokio::test]
async fn a_change_is_recorded_and_projected() {
    let store = testing::store(testing::database().await);
    let organization = testing::organization(&store).await;
    let third_party = testing::third_party(&store, organization, "Initech").await.unwrap();
    let found = store.directory().third_party(organization, third_party).await.unwrap().unwrap();
    assert_eq!(found.name, "Initech");
    testing::command_organization(&store, organization, OrganizationCommand::Suspend).await.unwrap();
    assert!(store.directory().organization(organization).await.unwrap().unwrap().suspended);
    let journal = sound_journal(&store, organization).await;
    let types = journal.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>();
    assert_eq!(types, ["OrganizationCreated", "ThirdPartyAdded", "OrganizationSuspended"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_in_one_process() {
    let urls = testing::fresh_database().await;
    let store = support::store(&urls.serve);
    many_writers(&urls, &[store.clone(), store]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_in_two_processes() {
    let urls = testing::fresh_database().await;
    many_writers(&urls, &[support::store(&urls.serve), support::store(&urls.serve)]).await;
}

/// An organization whose third parties the writers fight over.
struct Battlefield {
    organization: OrganizationId,
    third_parties: Vec<ThirdPartyId>,
}

struct Call {
    organization: OrganizationId,
    done: Done,
    expected: &'static [&'static str],
    called: Instant,
    answered: Instant,
}

async fn many_writers(urls: &DatabaseUrls, stores: &[Store; 2]) {
    let fields = future::join_all((0..2).map(|_| async {
        let organization = testing::organization(&stores[0]).await;
        let third_parties = future::join_all(
            (0..3).map(|number| testing::third_party(&stores[0], organization, ["a", "b", "c"][number])),
        )
        .await;
        Battlefield { organization, third_parties: third_parties.into_iter().map(Result::unwrap).collect() }
    }))
    .await;

    let working = AtomicUsize::new(WRITERS * fields.len());
    let writers = (0..WRITERS * fields.len()).map(|writer| {
        let (field, store) = (&fields[writer % 2], &stores[writer / 2 % 2]);
        let working = &working;
        async move {
            let calls = write(store, field, writer / 2).await;
            working.fetch_sub(1, Ordering::Relaxed);
            calls
        }
    });
    let followers = fields.iter().map(|field| follow(&stores[1], field.organization, &working));
    let (calls, ()) = tokio::join!(future::join_all(writers), async { drop(future::join_all(followers).await) });
    let calls = calls.into_iter().flatten().collect::<Vec<_>>();

    for field in &fields {
        let journal = sound_journal(&stores[0], field.organization).await;
        let own = calls.iter().filter(|call| call.organization == field.organization).collect::<Vec<_>>();
        assert_answers(&journal, own.iter().map(|call| (&call.done, call.expected)));
        // Nothing but what was called for, the organization and its three third parties.
        assert_eq!(support::by_request(&journal).len(), 4 + own.iter().filter(|call| call.done.result.is_ok()).count());
        assert_in_the_order_of_calls(&journal, &own);
        assert_renames_follow_each_other(&journal);
        let names =
            journal.iter().filter(|event| event.event_type == "ThirdPartyAdded").map(|event| &event.payload["name"]);
        assert_eq!(
            names.clone().count(),
            3 + TURNS / 5,
            "each contested name was taken once: {:?}",
            names.collect::<Vec<_>>()
        );
    }
    let conflicts =
        calls.iter().filter(|call| matches!(call.done.result, Err(ChangeError::Store(StoreError::Conflict))));
    println!("{} calls, {} given up after conflicts", calls.len(), conflicts.count());
    assert_projections(urls).await;
}

/// One writer: tokens of its own, names that only one can have, and changes to what all others change, too.
async fn write(store: &Store, field: &Battlefield, writer: usize) -> Vec<Call> {
    let organization = field.organization;
    let mut calls = Vec::with_capacity(TURNS);
    for turn in 0..TURNS {
        let shared = field.third_parties[(writer + turn) % field.third_parties.len()];
        let called = Instant::now();
        let (done, expected): (Done, &'static [&'static str]) = match turn % 5 {
            0 => {
                let name = format!("contested {turn}");
                let done = change(store, organization, async |unit| add(unit, &name).await).await;
                let taken = matches!(done.result, Err(ChangeError::Store(StoreError::NameTaken(_))));
                assert!(done.result.is_ok() || taken, "{:?}", done.result);
                (done, &["ThirdPartyAdded"])
            }
            1 => (change(store, organization, async |unit| rename(unit, shared).await).await, &["ThirdPartyRenamed"]),
            2 => {
                let done = change(store, organization, async |unit| {
                    issue(unit, shared).await?;
                    rename(unit, shared).await?;
                    issue(unit, shared).await?;
                    rename(unit, shared).await
                })
                .await;
                (done, &["TokenIssued", "ThirdPartyRenamed", "TokenIssued", "ThirdPartyRenamed"])
            }
            _ => {
                let done = change(store, organization, async |unit| issue(unit, shared).await.map(drop)).await;
                assert!(done.result.is_ok(), "a token contends with nobody: {:?}", done.result);
                (done, &["TokenIssued"])
            }
        };
        calls.push(Call { organization, done, expected, called, answered: Instant::now() });
    }
    calls
}

async fn add(unit: &countersign_persistence::UnitOfWork, name: &str) -> Result<(), ChangeError> {
    use countersign_domain::third_party::{Contact, Mode};
    use countersign_domain::values::{PersonName, ThirdPartyName};
    use countersign_domain::{ThirdParty, ThirdPartyCommand};
    let add = ThirdPartyCommand::Add {
        name: ThirdPartyName::parse(name).unwrap(),
        contact: Contact { name: Some(PersonName::parse("Ann Lee").unwrap()), email: None },
        requirements: None,
        mode: Mode::Manual,
    };
    unit.create::<ThirdParty>(add).await.map(drop)
}

/// Reads on from the last position seen, as a follower does: it must never be shown something before it later.
async fn follow(store: &Store, organization: OrganizationId, working: &AtomicUsize) {
    let mut seen = 0_i64;
    loop {
        let last_round = working.load(Ordering::Relaxed) == 0;
        let sql = "SELECT position FROM events WHERE position > $1 ORDER BY position";
        for row in store.pool().read(organization, sql, &[&seen]).await.unwrap() {
            assert_eq!(row.get::<_, i64>(0), seen + 1, "a follower is shown positions in order");
            seen += 1;
        }
        if last_round {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What was answered before another was called stands before it.
fn assert_in_the_order_of_calls(journal: &[Stored], calls: &[&Call]) {
    let positions = journal.iter().map(|event| (event.request, event.position)).collect::<HashMap<_, _>>();
    let mut placed = calls
        .iter()
        .filter_map(|call| Some((*positions.get(&call.done.request)?, call.called, call.answered)))
        .collect::<Vec<_>>();
    placed.sort_by_key(|(position, ..)| std::cmp::Reverse(*position));
    let mut earliest_answer_after = None::<Instant>;
    for (position, called, answered) in placed {
        if let Some(earliest) = earliest_answer_after {
            assert!(earliest >= called, "{position} was called after a later position was answered");
        }
        earliest_answer_after = Some(earliest_answer_after.map_or(answered, |earliest| earliest.min(answered)));
    }
}

/// Each rename saw the one before it: none was decided on a state that somebody else had changed.
fn assert_renames_follow_each_other(journal: &[Stored]) {
    let mut names = HashMap::new();
    for event in journal {
        let name = match event.event_type.as_str() {
            "ThirdPartyAdded" => &event.payload["name"],
            "ThirdPartyRenamed" => {
                assert_eq!(names.get(&event.stream), Some(&&event.payload["name"]["from"]), "at {}", event.position);
                &event.payload["name"]["to"]
            }
            _ => continue,
        };
        names.insert(event.stream, name);
    }
}
