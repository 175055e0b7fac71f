//! Keeps the directory true to what other processes change.
//!
//! A connection listens. A question sent on it at an instant, once answered, proves that every change acknowledged
//! before that instant has been told of: notices come before the answer, in order. Each proof lets the cache be used
//! for one second from the instant of the question.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{self, Either};
use tokio::time::{interval, sleep, timeout};
use tokio_postgres::{AsyncMessage, Config, NoTls};

use super::Directory;
use super::notice::{self, CHANNEL};
use crate::clock::monotonic;

/// How long after a change another process may still go by what it kept: once it has passed, every process goes by the
/// change.
pub const LEASE: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_millis(200);
const HEARTBEAT_LIMIT: Duration = Duration::from_millis(800);
/// A server that takes a connection and then says nothing must not be waited for: it may never say anything.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// Follows until the task is aborted.
pub(crate) async fn follow(directory: Arc<Directory>, database: Config) {
    loop {
        if let Err(error) = follow_once(&directory, &database).await {
            tracing::warn!(%error, "the link to other processes is down: the database is asked until it is back");
        }
        directory.distrust();
        metrics::gauge!("countersign_directory_trusted").set(0.0);
        sleep(RECONNECT_PAUSE).await;
    }
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    #[error("no answer in time")]
    Silent,
    #[error("the connection was closed")]
    Closed,
}

async fn follow_once(directory: &Directory, database: &Config) -> Result<(), FollowError> {
    let (client, mut connection) =
        timeout(CONNECT_LIMIT, database.connect(NoTls)).await.map_err(|_| FollowError::Silent)??;
    // Notices are handled where the connection is driven, so each takes effect before the answer that follows it.
    let drive = future::poll_fn(move |context| {
        loop {
            match std::task::ready!(connection.poll_message(context)) {
                Some(Ok(AsyncMessage::Notification(notification))) => {
                    for (organization, stream) in notice::read(notification.payload()) {
                        directory.evict(organization, stream);
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return std::task::Poll::Ready(FollowError::from(error)),
                None => return std::task::Poll::Ready(FollowError::Closed),
            }
        }
    });
    let ask = async {
        let listen = format!("LISTEN {CHANNEL}");
        timeout(CONNECT_LIMIT, client.batch_execute(&listen)).await.map_err(|_| FollowError::Silent)??;
        // What was kept before may have missed a change.
        directory.clear();
        let mut beat = interval(HEARTBEAT);
        loop {
            beat.tick().await;
            let asked_at = monotonic();
            timeout(HEARTBEAT_LIMIT, client.batch_execute("SELECT 1")).await.map_err(|_| FollowError::Silent)??;
            directory.trust(asked_at, LEASE);
            metrics::gauge!("countersign_directory_trusted").set(1.0);
        }
    };
    match future::select(Box::pin(ask), Box::pin(drive)).await {
        Either::Left((result, _)) => result,
        Either::Right((error, _)) => Err(error),
    }
}
