//! One at a time from each network, in the order of arrival: who floods waits behind themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::network::Network;

type Front = Arc<tokio::sync::Mutex<()>>;

/// The lines in which somebody stands, with how many do: no more is kept than there are requests.
#[derive(Default, Clone)]
pub(crate) struct Lines(Arc<Mutex<HashMap<Network, (usize, Front)>>>);

/// Being the first of one's network. Clones are the same turn, which is over when the last of them is dropped.
#[derive(Clone)]
pub(crate) struct Turn {
    _held: Arc<(OwnedMutexGuard<()>, Standing)>,
}

/// A place in a line, also while it is waited in.
struct Standing {
    lines: Lines,
    network: Network,
}

impl Lines {
    /// Waits until everybody who came earlier from the same network is done.
    pub async fn wait(&self, network: Network) -> Turn {
        let (standing, front) = self.stand(network);
        Turn { _held: Arc::new((front.lock_owned().await, standing)) }
    }

    fn stand(&self, network: Network) -> (Standing, Front) {
        let mut lines = self.lines();
        let (standing, front) = lines.entry(network).or_default();
        *standing += 1;
        (Standing { lines: self.clone(), network }, Arc::clone(front))
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Network, (usize, Front)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lines().is_empty()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        let mut lines = self.lines.lines();
        if let Some((standing, _)) = lines.get_mut(&self.network) {
            *standing -= 1;
            if *standing == 0 {
                lines.remove(&self.network);
            }
        }
    }
}
