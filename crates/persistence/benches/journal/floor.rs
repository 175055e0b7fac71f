//! What PostgreSQL can do by itself: the rows that the journal writes for a token, written without the journal.

use std::time::{Duration, Instant};

use countersign_domain::OrganizationId;
use countersign_persistence::{Store, testing};
use futures_util::future;
use jiff::Timestamp;
use tokio_postgres::{Client, Config, NoTls, Statement};
use uuid::Uuid;

use crate::report::Measured;

/// A record as the journal wrote it, so that the floor's rows are as long.
pub struct Template {
    record: Vec<u8>,
    scopes: String,
}

impl Template {
    pub async fn read(store: &Store, organization: OrganizationId) -> Self {
        crate::load::issue(store, organization).await.unwrap();
        let sql = "SELECT record FROM events WHERE event_type = 'TokenIssued'";
        let rows = store.pool().read(organization, sql, &[]).await.unwrap();
        Self { record: rows[0].get(0), scopes: "orders:read orders:write".to_owned() }
    }
}

/// Writes rows for so long over so many connections, each for an organization of its own.
pub async fn run(url: &str, template: &Template, connections: usize, rows: usize, duration: Duration) -> Measured {
    let begin = Instant::now() + duration / 10;
    let end = begin + duration;
    let writers = future::join_all((0..connections).map(|_| Writer::open(url))).await;
    let loops = writers.into_iter().map(|mut writer| async move {
        let mut latencies = Vec::new();
        loop {
            let started = Instant::now();
            writer.write(template, rows).await;
            let answered = Instant::now();
            if answered >= end {
                return latencies;
            }
            if answered >= begin {
                latencies.push(answered - started);
            }
        }
    });
    let latencies = future::join_all(loops).await.concat();
    crate::measured(latencies, rows, duration)
}

struct Writer {
    client: Client,
    organization: Uuid,
    position: i64,
    begin: String,
    insert_events: Statement,
    insert_tokens: Statement,
    advance_head: Statement,
}

impl Writer {
    async fn open(url: &str) -> Self {
        let mut config = url.parse::<Config>().unwrap();
        let (client, connection) = config.options("-c role=countersign_app").connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let organization = testing::random_id();
        let begin = format!("BEGIN; SET LOCAL countersign.batch = '{organization}'");
        client
            .batch_execute(&format!("{begin}; INSERT INTO org_heads VALUES ('{organization}', 0, 'epoch'); COMMIT"))
            .await
            .unwrap();
        let insert_events = client
            .prepare(
                "INSERT INTO events SELECT $1, position, 'token', stream_id, 1, 'TokenIssued', 1, $4, $1, $1, $1, \
                 stream_id, record, leaf_hash \
                 FROM UNNEST($2::bigint[], $3::uuid[], $5::bytea[], $6::bytea[]) AS n(position, stream_id, record, leaf_hash)",
            )
            .await
            .unwrap();
        let insert_tokens = client
            .prepare(
                "INSERT INTO tokens SELECT $1, token_id, 'manual', 'active', $1, $1, digest, 'abcd', $4, $5, $5 \
                 FROM UNNEST($2::uuid[], $3::bytea[]) AS n(token_id, digest)",
            )
            .await
            .unwrap();
        let advance_head =
            client.prepare("UPDATE org_heads SET position = $2, occurred_at = $3 WHERE org_id = $1").await.unwrap();
        Self { client, organization, position: 0, begin, insert_events, insert_tokens, advance_head }
    }

    /// One transaction, sent as one pipeline.
    async fn write(&mut self, template: &Template, rows: usize) {
        let positions = (self.position + 1..).take(rows).collect::<Vec<_>>();
        self.position += i64::try_from(rows).unwrap();
        // Ordered by time, as the identifiers of the journal are.
        let tokens = (0..rows).map(|_| countersign_persistence::clock::new_id()).collect::<Vec<_>>();
        let digests = (0..rows).map(|_| random_digest()).collect::<Vec<_>>();
        let records = vec![template.record.as_slice(); rows];
        let now: Timestamp = countersign_persistence::clock::now();
        let (begun, events, head, inserted, committed) = future::join5(
            self.client.batch_execute(&self.begin),
            self.client
                .execute(&self.insert_events, &[&self.organization, &positions, &tokens, &now, &records, &digests]),
            self.client.execute(&self.advance_head, &[&self.organization, &self.position, &now]),
            self.client.execute(&self.insert_tokens, &[&self.organization, &tokens, &digests, &template.scopes, &now]),
            self.client.batch_execute("COMMIT"),
        )
        .await;
        begun.unwrap();
        events.unwrap();
        head.unwrap();
        inserted.unwrap();
        committed.unwrap();
    }
}

fn random_digest() -> Vec<u8> {
    let mut digest = vec![0; 32];
    countersign_persistence::clock::fill_random(&mut digest);
    digest
}
