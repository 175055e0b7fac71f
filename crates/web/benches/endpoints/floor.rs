//! What this machine can do without Countersign: a bare handler that answers the same bytes, and one that first has the
//! same rows committed, together with those of its neighbours.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use countersign_domain::OrganizationId;
use countersign_persistence::{Store, clock, testing};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Statement};
use uuid::Uuid;

const LARGEST_BATCH: usize = 128;

type Waiting = oneshot::Sender<()>;

/// Serves `/answer`, which answers at once, and `/insert`, which answers once its rows are durable.
pub async fn serve(
    listener: TcpListener,
    workers: usize,
    answer: String,
    database: &str,
    store: &Store,
    like: OrganizationId,
) {
    let (sender, receiver) = mpsc::channel::<Waiting>(1024);
    let writer = Writer::open(database, store, like).await;
    tokio::spawn(writer.run(receiver));
    let server = HttpServer::new(move || {
        let (at_once, durable, sender) = (answer.clone(), answer.clone(), sender.clone());
        App::new()
            .route(
                "/answer",
                web::post().to(move |_: web::Bytes| {
                    let answer = at_once.clone();
                    async move { HttpResponse::Ok().content_type("application/json").body(answer) }
                }),
            )
            .route(
                "/insert",
                web::post().to(move |_: web::Bytes| {
                    let (answer, sender) = (durable.clone(), sender.clone());
                    async move {
                        let (answered, committed) = oneshot::channel();
                        sender.send(answered).await.unwrap();
                        committed.await.unwrap();
                        HttpResponse::Ok().content_type("application/json").body(answer)
                    }
                }),
            )
    });
    tokio::spawn(server.workers(workers).disable_signals().listen(listener).unwrap().run());
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Writes one event, one token and the new head for each who waits, a batch a transaction.
struct Writer {
    client: Client,
    organization: Uuid,
    position: i64,
    record: Vec<u8>,
    begin: String,
    events: Statement,
    tokens: Statement,
    head: Statement,
}

impl Writer {
    async fn open(database: &str, store: &Store, like: OrganizationId) -> Self {
        let sql = "SELECT record FROM events WHERE event_type = 'TokenIssued' LIMIT 1";
        let record = store.pool().read(like, sql, &[]).await.unwrap()[0].get(0);
        let mut config = database.parse::<Config>().unwrap();
        let (client, connection) = config.options("-c role=countersign_app").connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let organization = testing::random_id();
        let begin = format!("BEGIN; SET LOCAL countersign.batch = '{organization}'");
        let head = format!("INSERT INTO org_heads VALUES ('{organization}', 0, 'epoch')");
        client.batch_execute(&format!("{begin}; {head}; COMMIT")).await.unwrap();
        let events = "INSERT INTO events SELECT $1, position, 'token', stream_id, 1, 'TokenIssued', 1, now(), $1, $1, $1, \
                      stream_id, $4, $5 FROM UNNEST($2::bigint[], $3::uuid[]) AS n(position, stream_id)";
        let tokens = "INSERT INTO tokens SELECT $1, id, 'access', 'active', NULL, $1, uuid_send(id) || uuid_send(id), \
                      'a9F2', 'read', now(), now() FROM UNNEST($2::uuid[]) AS n(id)";
        let head = "UPDATE org_heads SET position = $2 WHERE org_id = $1";
        Self {
            events: client.prepare(events).await.unwrap(),
            tokens: client.prepare(tokens).await.unwrap(),
            head: client.prepare(head).await.unwrap(),
            client,
            organization,
            position: 0,
            record,
            begin,
        }
    }

    async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>) {
        let mut batch = Vec::with_capacity(LARGEST_BATCH);
        while receiver.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
            self.write(batch.len()).await;
            batch.drain(..).for_each(|waiting| waiting.send(()).unwrap());
        }
    }

    async fn write(&mut self, rows: usize) {
        let last = self.position + i64::try_from(rows).unwrap();
        let positions = (self.position + 1..=last).collect::<Vec<_>>();
        let ids = (0..rows).map(|_| clock::new_id()).collect::<Vec<_>>();
        let (organization, leaf_hash) = (self.organization, vec![7_u8; 32]);
        let client = &self.client;
        let of_events: [&(dyn ToSql + Sync); 5] = [&organization, &positions, &ids, &self.record, &leaf_hash];
        let of_tokens: [&(dyn ToSql + Sync); 2] = [&organization, &ids];
        let of_head: [&(dyn ToSql + Sync); 2] = [&organization, &last];
        let (begun, events, tokens, head, committed) = tokio::join!(
            client.batch_execute(&self.begin),
            client.execute(&self.events, &of_events),
            client.execute(&self.tokens, &of_tokens),
            client.execute(&self.head, &of_head),
            client.batch_execute("COMMIT"),
        );
        begun.unwrap();
        assert_eq!((events.unwrap(), tokens.unwrap(), head.unwrap()), (rows as u64, rows as u64, 1));
        committed.unwrap();
        self.position = last;
    }
}
