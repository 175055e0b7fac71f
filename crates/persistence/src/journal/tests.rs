//! What only this crate can provoke.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_domain::values::Scope;
use countersign_domain::{Actor, OrganizationId, Secret, SecretKind, Token, TokenCommand};
use futures_util::future;
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use super::queue::Queue;
use super::{Append, Appended, Request};
use crate::{ChangeError, Store, StoreError, StoreOptions, UnitOfWork, testing};

const ORGANIZATIONS: u128 = 12;
const REQUESTS: i64 = 3_000;

fn request(organization: OrganizationId, number: i64) -> (Request, oneshot::Receiver<Result<Appended, StoreError>>) {
    let (answer, answered) = oneshot::channel();
    let append = Append {
        organization,
        instant: Timestamp::from_microsecond(number).unwrap(),
        actor: Actor::System,
        events: Vec::new(),
        fresh_streams: Vec::new(),
        disclosures: Vec::new(),
        known: HashMap::new(),
        attachments: Vec::new(),
    };
    (Request { append, disclosed: HashMap::new(), answer }, answered)
}

/// More lanes and fewer requests than there ever are, so that lanes go to sleep and are woken all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_queue_forgets_nobody_and_keeps_each_organization_in_one_batch() {
    let queue = Arc::new(Queue::new(1_000_000));
    let in_flight = Arc::new(Mutex::new(BTreeSet::new()));
    let lanes = (0..4).map(|lane| {
        let (queue, in_flight) = (Arc::clone(&queue), Arc::clone(&in_flight));
        tokio::spawn(async move {
            while let Some(requests) = queue.take(1 + lane).await {
                let batch = requests.iter().map(|request| request.append.organization).collect::<BTreeSet<_>>();
                for organization in &batch {
                    assert!(in_flight.lock().unwrap().insert(*organization), "in two batches at once");
                }
                tokio::task::yield_now().await;
                for organization in &batch {
                    in_flight.lock().unwrap().remove(organization);
                }
                let numbers = requests.iter().map(|request| request.append.instant.as_microsecond().unsigned_abs());
                let numbers = numbers.collect::<Vec<_>>();
                queue.finish(batch);
                for (request, number) in requests.into_iter().zip(numbers) {
                    request.answer.send(Ok(Appended { first: number, last: number })).unwrap();
                }
            }
        })
    });
    let lanes = lanes.collect::<Vec<_>>();
    let callers = (1..=ORGANIZATIONS).map(|organization| {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move {
            for number in 1..=REQUESTS {
                let (request, answered) = request(OrganizationId(Uuid::from_u128(organization)), number);
                queue.push(request).unwrap();
                let answer = timeout(Duration::from_secs(20), answered).await;
                assert_eq!(answer.expect("a lane is woken").unwrap().unwrap().first, number.unsigned_abs());
            }
        })
    });
    for caller in future::join_all(callers).await {
        caller.unwrap();
    }
    queue.close();
    for lane in lanes {
        timeout(Duration::from_secs(20), lane).await.expect("a lane ends").unwrap();
    }
    let (late, _) = request(OrganizationId(Uuid::from_u128(1)), 1);
    assert!(matches!(queue.push(late), Err(StoreError::Unavailable(_))));
}

/// An identifier made for a new stream is not looked up before; the database still refuses a second stream of it.
#[tokio::test]
async fn a_new_stream_under_a_known_identifier_is_refused_alone() {
    let options = StoreOptions { pool_size: 2, ..StoreOptions::default() };
    let store = Store::open(&testing::database().await.serve, testing::master_key_ring(), &options).unwrap();
    let organization = testing::organization(&store).await;
    let issue = async |unit: &UnitOfWork, id: Uuid| -> Result<(), ChangeError> {
        let secret = Secret::generate(SecretKind::ManualToken, unit.services());
        let issue = TokenCommand::IssueManual {
            third_party: organization.uuid().into(),
            client: organization.uuid().into(),
            digest: secret.digest(),
            last_four: secret.last_four(),
            scopes: vec![Scope::parse("orders:read").unwrap()],
            expires_at: None,
            default_months: 6,
            maximum_months: 24,
        };
        unit.create_with_id::<Token>(id, issue).await
    };
    let known = testing::random_id();
    let issue = &issue;
    let results = future::join_all((0..40).map(|number| {
        let (store, context) = (&store, testing::operator(organization));
        async move {
            let id = if number % 8 == 3 { known } else { testing::random_id() };
            (id, store.change(&context, async |unit| issue(unit, id).await).await)
        }
    }))
    .await;
    let (known_results, others) = results.into_iter().partition::<Vec<_>, _>(|(id, _)| *id == known);
    assert!(others.iter().all(|(_, result)| result.is_ok()));
    assert_eq!(known_results.iter().filter(|(_, result)| result.is_ok()).count(), 1);
    for (_, result) in &known_results {
        assert!(matches!(result, Ok(()) | Err(ChangeError::Store(StoreError::Conflict))), "{result:?}");
    }
    let count = "SELECT count(*), max(position) FROM events";
    let row = &store.pool().read(organization, count, &[]).await.unwrap()[0];
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1 + 35 + 1, 1 + 35 + 1));
}
