//! A writing connection with its prepared statements.

use std::future::Future;
use std::pin::Pin;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Error, NoTls, Row};

use crate::projections::{ArrayParameter, Statement};

/// A dedicated connection. Dropping it closes the session.
pub(super) struct Connection {
    client: ClientWrapper,
}

/// A statement of which every parameter is at hand.
pub(super) struct Prepared {
    statement: tokio_postgres::Statement,
    parameters: Vec<ArrayParameter>,
}

pub(super) type Sent<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

impl Connection {
    pub async fn open(database: &Config) -> Result<Self, Error> {
        let (client, connection) = database.connect(NoTls).await?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a writing connection ended");
            }
        });
        Ok(Self { client: ClientWrapper::new(client, task) })
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Prepares, once a connection; costs a round trip only the first time.
    pub async fn prepare(&self, statement: Statement) -> Result<Prepared, Error> {
        let Statement { sql, parameters } = statement;
        Ok(Prepared { statement: self.client.prepare_cached(sql).await?, parameters })
    }

    /// Sends when first polled: futures polled one after the other go out as one pipeline, in that order.
    pub fn execute<'a>(&'a self, prepared: &'a Prepared) -> Sent<'a, Vec<Row>> {
        Box::pin(async move {
            let parameters =
                prepared.parameters.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect::<Vec<_>>();
            self.client.query(&prepared.statement, &parameters).await
        })
    }

    /// Like [`Self::execute`], for text without parameters.
    pub fn run<'a>(&'a self, sql: &'a str) -> Sent<'a, Vec<Row>> {
        Box::pin(async move { self.client.batch_execute(sql).await.map(|()| Vec::new()) })
    }
}

/// Polls all from the first to the last, so that they are sent in this order, and waits for all or for the first error.
///
/// After a failed statement the others only say that the transaction is aborted, and a COMMIT then answers Ok although
/// it rolled back. After one that could not even be sent nothing more is sent: the database knows of no failure, and
/// would commit the rest.
pub(super) async fn pipeline(mut sent: Vec<Sent<'_, Vec<Row>>>) -> Result<Vec<Vec<Row>>, Error> {
    let mut answers = sent.iter().map(|_| None).collect::<Vec<Option<Vec<Row>>>>();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, answer) in sent.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match future.as_mut().poll(context)? {
                    std::task::Poll::Ready(rows) => *answer = Some(rows),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(Ok(())) }
    })
    .await?;
    Ok(answers.into_iter().flatten().collect())
}
