//! A server at work, from its start to its orderly end.

use std::time::Duration;

use countersign_persistence::Store;
use countersign_web::{RunningServer, WebOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::error::CommandError;

/// How long the last changes may take to be written. The journal gives up on a lost database by itself before that.
const UNTIL_CLOSED: Duration = Duration::from_secs(30);

/// SIGINT (Ctrl-C) and SIGTERM, which from here on are requests to end.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Begins to listen.
    pub fn listen() -> Result<Self, CommandError> {
        let listen = |kind| signal(kind).map_err(|error| CommandError::System("signals can't be received", error));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Binds and starts the server.
pub async fn start(store: &Store, options: WebOptions) -> Result<RunningServer, CommandError> {
    let address = options.listen;
    countersign_web::serve(store.clone(), options).await.map_err(|source| CommandError::Listen { address, source })
}

/// Serves until a signal asks for the end; then stops accepting, finishes the requests under way within `patience` (a
/// second signal ends them), and writes every change that was accepted.
pub async fn until_stopped(
    server: RunningServer,
    store: &Store,
    mut signals: StopSignals,
    patience: Duration,
) -> Result<(), CommandError> {
    let handle = server.handle();
    let mut serving = tokio::spawn(server.wait());
    let result = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping: no new requests; those under way are finished");
            tokio::select! {
                () = handle.stop() => {}
                () = tokio::time::sleep(patience) => tracing::warn!("requests that took too long were cut off"),
                signal = signals.next() => tracing::warn!(signal, "requests under way were cut off"),
            }
            Ok(())
        }
        ended = &mut serving => {
            let error = match ended {
                Ok(Ok(())) => std::io::Error::other("for no known reason"),
                Ok(Err(error)) => error,
                Err(error) => error.into(),
            };
            Err(CommandError::System("the server ended by itself", error))
        }
    };
    if timeout(UNTIL_CLOSED, store.close()).await.is_err() {
        tracing::error!("the last changes could not be written in time; whoever made them was not told that they were");
    }
    tracing::info!("stopped");
    result
}
