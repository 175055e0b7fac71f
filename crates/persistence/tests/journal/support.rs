//! Commands for the journal, and what must hold of it whatever happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use countersign_domain::values::{Scope, ThirdPartyName};
use countersign_domain::{
    OrganizationId, Secret, SecretKind, ThirdParty, ThirdPartyCommand, ThirdPartyId, Token, TokenCommand,
};
use countersign_ledger::Record;
use countersign_persistence::private_postgres::DatabaseUrls;
use countersign_persistence::projections::rebuild;
use countersign_persistence::{ChangeError, Store, StoreError, StoreOptions, UnitOfWork, testing};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// A store with few reading connections: a test build takes long to make one.
pub fn store(url: &str) -> Store {
    let options = StoreOptions { pool_size: 4, ..StoreOptions::default() };
    Store::open(url, testing::master_key_ring(), &options).unwrap()
}

/// How a unit of work with the given request came out.
pub struct Done<T = ()> {
    pub request: Uuid,
    pub result: Result<T, ChangeError>,
}

impl<T> Done<T> {
    /// Whether the journal may hold the request or not: the database went away while it was saved.
    pub fn is_unknown(&self) -> bool {
        matches!(self.result, Err(ChangeError::Store(StoreError::OutcomeUnknown)))
    }
}

/// Runs a unit of work under a request of its own.
pub async fn change<T>(
    store: &Store,
    organization: OrganizationId,
    work: impl AsyncFn(&UnitOfWork) -> Result<T, ChangeError>,
) -> Done<T> {
    let context = testing::operator(organization);
    let result = store.change(&context, work).await;
    Done { request: context.request, result }
}

/// Issues a token for a third party; the clear token is the answer.
pub async fn issue(unit: &UnitOfWork, third_party: ThirdPartyId) -> Result<String, ChangeError> {
    let secret = Secret::generate(SecretKind::ManualToken, unit.services());
    let issue = issue_command(&secret, third_party, secret.last_four());
    unit.create::<Token>(issue).await?;
    Ok(secret.expose().to_owned())
}

pub fn issue_command(secret: &Secret, third_party: ThirdPartyId, last_four: String) -> TokenCommand {
    TokenCommand::IssueManual {
        third_party,
        client: third_party.uuid().into(),
        digest: secret.digest(),
        last_four,
        scopes: vec![Scope::parse("orders:read").unwrap()],
        expires_at: None,
        default_months: 6,
        maximum_months: 24,
    }
}

/// Gives a third party a name that nobody had: always a change, and always one that contends with others like it.
pub async fn rename(unit: &UnitOfWork, third_party: ThirdPartyId) -> Result<(), ChangeError> {
    let name = ThirdPartyName::parse(&testing::random_id().to_string()).unwrap();
    unit.execute::<ThirdParty>(third_party.uuid(), ThirdPartyCommand::Rename(name)).await
}

pub async fn command(
    store: &Store,
    organization: OrganizationId,
    third_party: ThirdPartyId,
    command: ThirdPartyCommand,
) -> Result<(), ChangeError> {
    change(store, organization, async |unit| unit.execute::<ThirdParty>(third_party.uuid(), command.clone()).await)
        .await
        .result
}

/// A connection of a test's own, that no row-level security binds to one organization.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A stored event.
pub struct Stored {
    pub position: i64,
    pub stream: Uuid,
    pub request: Uuid,
    pub event_type: String,
    pub payload: serde_json::Value,
}

/// The journal of an organization, after making sure that it is one: positions and versions without gaps, time that
/// never goes back, records that agree with their columns and leaf hashes, a head that agrees with the last event.
pub async fn sound_journal(store: &Store, organization: OrganizationId) -> Vec<Stored> {
    let sql = "SELECT position, stream_type, stream_id, stream_version, event_type, event_version, occurred_at, \
               actor_id, third_party_id, client_id, token_id, record, leaf_hash FROM events ORDER BY position";
    let rows = store.pool().read(organization, sql, &[]).await.unwrap();
    let mut versions = HashMap::<Uuid, u64>::new();
    let mut last = Timestamp::MIN;
    let mut stored = Vec::with_capacity(rows.len());
    for (expected, row) in (1_i64..).zip(&rows) {
        let (position, stream): (i64, Uuid) = (row.get(0), row.get(2));
        assert_eq!(position, expected, "positions have no gaps");
        let version = versions.entry(stream).or_default();
        *version += 1;
        let occurred_at: Timestamp = row.get(6);
        assert!(occurred_at >= last, "time goes back at {position}");
        last = occurred_at;

        let bytes: &[u8] = row.get(11);
        let leaf = Sha256::new().chain_update([0]).chain_update(bytes).finalize();
        assert_eq!(row.get::<_, &[u8]>(12), leaf.as_slice(), "leaf hash of {position}");
        let record = Record::parse(bytes).unwrap();
        let tail = &record.tail;
        assert_eq!((record.organization, record.position), (organization.uuid(), position.unsigned_abs()));
        assert_eq!(record.occurred_at, occurred_at);
        assert_eq!((tail.stream.id, tail.stream.version), (stream, *version), "stream version of {position}");
        assert_eq!(row.get::<_, i64>(3).unsigned_abs(), *version);
        assert_eq!(tail.stream.stream_type, row.get::<_, &str>(1));
        assert_eq!(tail.event.event_type, row.get::<_, &str>(4));
        assert_eq!(i32::from(tail.event.version), i32::from(row.get::<_, i16>(5)));
        assert_eq!(
            (tail.actor.id, tail.third_party, tail.client, tail.token),
            (row.get(7), row.get(8), row.get(9), row.get(10))
        );
        stored.push(Stored {
            position,
            stream,
            request: tail.request,
            event_type: tail.event.event_type.clone(),
            payload: serde_json::from_str(tail.event.payload.get()).unwrap(),
        });
    }
    let heads = store.pool().read(organization, "SELECT position, occurred_at FROM org_heads", &[]).await.unwrap();
    assert_eq!(heads[0].get::<_, i64>(0), i64::try_from(rows.len()).unwrap());
    assert_eq!(heads[0].get::<_, Timestamp>(1), last);
    stored
}

/// The event types that each request left, in the order of their positions; the positions of a request are in a row.
pub fn by_request(journal: &[Stored]) -> BTreeMap<Uuid, Vec<&str>> {
    let mut requests = BTreeMap::<Uuid, Vec<&str>>::new();
    let mut previous = None;
    for event in journal {
        let types = requests.entry(event.request).or_default();
        assert!(types.is_empty() || previous == Some(event.request), "the append at {} is torn", event.position);
        types.push(&event.event_type);
        previous = Some(event.request);
    }
    requests
}

/// Makes sure that every answer is true: an acknowledged request left exactly its events, a refused one none, and one
/// of unknown outcome all or none.
pub fn assert_answers<'a, T: 'a>(
    journal: &[Stored],
    answers: impl IntoIterator<Item = (&'a Done<T>, &'a [&'static str])>,
) {
    let requests = by_request(journal);
    let mut answered = BTreeSet::new();
    for (done, expected) in answers {
        assert!(answered.insert(done.request));
        let found = requests.get(&done.request).map(Vec::as_slice);
        match &done.result {
            Ok(_) => assert_eq!(found, Some(expected), "acknowledged request {}", done.request),
            Err(_) if done.is_unknown() => assert!(found.is_none_or(|found| found == expected), "{found:?}"),
            Err(error) => assert_eq!(found, None, "request {} was refused: {error}", done.request),
        }
    }
}

/// Makes sure that the projections of every organization are what its journal says.
pub async fn assert_projections(urls: &DatabaseUrls) {
    let report = rebuild::check(&urls.owner, &testing::master_key_ring(), |_| {}).await.unwrap();
    assert_eq!(report.differences, []);
    assert!(report.organizations > 0);
}
