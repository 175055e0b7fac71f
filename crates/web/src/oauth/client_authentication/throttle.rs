//! How often client authentication may fail: by client and network, and by network alone.
//!
//! Only what would be refused, or would have to be verified slowly, is held back. So nobody shuts a client out by failing
//! in its name: a generated secret that is right, and a chosen one that the same network proved a moment ago, are never
//! asked for an allowance. Identifiers count as presented, whether there is such a client or not.

use std::cell::OnceCell;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_domain::{Digest, OrganizationId};
use quick_cache::unsync::Cache;

use super::Credentials;
use crate::WebError;
use crate::network::Network;

/// As one client from one network: ten failures at once, then one every six seconds.
const BY_CLIENT: Limit = Limit { at_once: 10, pause: Duration::from_secs(6) };
/// From one network, as whichever clients: a hundred at once, then one every 600 milliseconds.
const BY_NETWORK: Limit = Limit { at_once: 100, pause: Duration::from_millis(600) };
/// How many of either are remembered; what failed least of late is forgotten first.
const REMEMBERED: usize = 50_000;

/// What is forgotten of failures: one every `pause`. So many may be remembered `at_once`.
struct Limit {
    at_once: u32,
    pause: Duration,
}

/// A Client ID as presented to an organization, from a network. Only a digest of it is kept, as it may be long.
type AsClient = (OrganizationId, Digest, Network);

/// When everything will be forgotten, by who failed.
struct Failures<K> {
    limit: Limit,
    forgotten_at: Cache<K, Instant>,
}

impl<K: Hash + Eq> Failures<K> {
    fn new(limit: Limit) -> Self {
        Self { limit, forgotten_at: Cache::new(REMEMBERED) }
    }

    /// How long to wait until one more may fail.
    fn wait(&self, key: &K, now: Instant) -> Duration {
        let remembered = self.forgotten_at.get(key).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        remembered.saturating_sub(self.limit.pause * (self.limit.at_once - 1))
    }

    fn add(&mut self, key: K, now: Instant) {
        let from = self.forgotten_at.get(&key).map_or(now, |at| now.max(*at));
        self.forgotten_at.insert(key, from + self.limit.pause);
    }

    fn take_back(&mut self, key: &K) {
        if let Some(mut at) = self.forgotten_at.get_mut(key) {
            *at -= self.limit.pause;
        }
    }
}

/// The failures that this process remembers.
pub(crate) struct ClientFailures(Mutex<Remembered>);

struct Remembered {
    by_client: Failures<AsClient>,
    by_network: Failures<Network>,
}

impl Default for ClientFailures {
    fn default() -> Self {
        Self(Mutex::new(Remembered { by_client: Failures::new(BY_CLIENT), by_network: Failures::new(BY_NETWORK) }))
    }
}

impl ClientFailures {
    /// Counts a failure, or says for how long not to try.
    fn count(&self, clients: &[AsClient], network: Network, now: Instant) -> Result<(), Duration> {
        let mut remembered = self.remembered();
        let waits = clients.iter().map(|client| remembered.by_client.wait(client, now));
        let wait = waits.fold(remembered.by_network.wait(&network, now), Duration::max);
        if !wait.is_zero() {
            return Err(wait);
        }
        for client in clients {
            remembered.by_client.add(*client, now);
        }
        remembered.by_network.add(network, now);
        Ok(())
    }

    fn take_back(&self, clients: &[AsClient], network: Network) {
        let mut remembered = self.remembered();
        for client in clients {
            remembered.by_client.take_back(client);
        }
        remembered.by_network.take_back(&network);
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one attempt may fail. Asked for before a slow verification, so that attempts made at the same time can't all
/// slip in before the first of them has failed; decided once, however many readings the attempt has.
pub(super) struct Allowance<'a> {
    failures: &'a ClientFailures,
    organization: OrganizationId,
    readings: &'a [Credentials<'a>],
    /// Made when first needed: whoever proves who they are pays for no digest.
    clients: OnceCell<Vec<AsClient>>,
    network: Network,
    decided: OnceCell<Result<(), Duration>>,
}

impl<'a> Allowance<'a> {
    pub fn new(
        failures: &'a ClientFailures,
        organization: OrganizationId,
        network: Network,
        readings: &'a [Credentials<'a>],
    ) -> Self {
        Self { failures, organization, readings, clients: OnceCell::new(), network, decided: OnceCell::new() }
    }

    fn clients(&self) -> &[AsClient] {
        self.clients.get_or_init(|| {
            let digests = self.readings.iter().map(|reading| Digest::of(&reading.identifier));
            let mut clients = digests.map(|digest| (self.organization, digest, self.network)).collect::<Vec<_>>();
            clients.dedup();
            clients
        })
    }

    /// Where the attempt comes from.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Counts the attempt as failed, unless its network has to wait.
    pub fn ask(&self) -> Result<(), WebError> {
        let decided = self.decided.get_or_init(|| self.failures.count(self.clients(), self.network, Instant::now()));
        decided.map_err(|wait| WebError::Throttled { seconds: wait.as_secs() + 1 })
    }

    /// The attempt has succeeded, or nobody knows.
    pub fn give_back(&self) {
        if let Some(Ok(())) = self.decided.get() {
            self.failures.take_back(self.clients(), self.network);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn network(last: u8) -> Network {
        Network::of(Some(IpAddr::from([192, 0, 2, last])))
    }

    fn client(name: &str, network: Network) -> AsClient {
        (OrganizationId(uuid::Uuid::from_u128(1)), Digest::of(name), network)
    }

    /// How many of so many attempts may fail.
    fn allowed(failures: &ClientFailures, client: AsClient, attempts: u32, now: Instant) -> u32 {
        (0..attempts).map(|_| u32::from(failures.count(&[client], client.2, now).is_ok())).sum()
    }

    #[test]
    fn ten_failures_as_one_client_are_allowed_and_then_one_every_six_seconds() {
        let (failures, now) = (ClientFailures::default(), Instant::now());
        let (known, other) = (client("known", network(1)), client("other", network(1)));
        assert_eq!(allowed(&failures, known, 50, now), 10);
        assert_eq!(failures.count(&[known], network(1), now), Err(Duration::from_secs(6)));
        assert_eq!(failures.count(&[other, known], network(1), now), Err(Duration::from_secs(6)), "any of them");
        assert_eq!(allowed(&failures, client("known", network(2)), 50, now), 10, "from elsewhere");
        assert_eq!(allowed(&failures, other, 50, now), 10, "as another");
        let elsewhere = (OrganizationId(uuid::Uuid::from_u128(2)), known.1, known.2);
        assert_eq!(allowed(&failures, elsewhere, 50, now), 10, "in another organization");
        assert_eq!(allowed(&failures, known, 50, now + Duration::from_secs(5)), 0);
        assert_eq!(allowed(&failures, known, 50, now + Duration::from_secs(6)), 1);
        assert_eq!(allowed(&failures, known, 50, now + Duration::from_mins(2)), 10, "all is forgotten");
    }

    #[test]
    fn a_hundred_failures_from_one_network_are_allowed_as_whichever_clients() {
        let (failures, now) = (ClientFailures::default(), Instant::now());
        let sum = (0..300).map(|n| allowed(&failures, client(&n.to_string(), network(1)), 1, now)).sum::<u32>();
        assert_eq!(sum, 100);
        assert_eq!(allowed(&failures, client("0", network(2)), 1, now), 1);
        assert_eq!(allowed(&failures, client("0", network(1)), 50, now + Duration::from_millis(600)), 1);
        assert_eq!(allowed(&failures, client("fresh", network(1)), 50, now + Duration::from_mins(2)), 10);
    }

    #[test]
    fn what_succeeded_after_all_does_not_count() {
        let (failures, now) = (ClientFailures::default(), Instant::now());
        let known = client("known", network(1));
        for _ in 0..300 {
            assert_eq!(failures.count(&[known], network(1), now), Ok(()));
            failures.take_back(&[known], network(1));
        }
        assert_eq!(allowed(&failures, known, 50, now), 10);
    }

    #[test]
    fn an_attempt_is_decided_once_and_has_each_client_once() {
        let failures = ClientFailures::default();
        let reading = |proof: &'static str| Credentials { identifier: "known".into(), proof: proof.into() };
        let organization = OrganizationId(uuid::Uuid::from_u128(1));
        let readings = [reading("one reading"), reading("the other")];
        let attempt = || Allowance::new(&failures, organization, network(1), &readings);
        let attempts = (0..20).map(|_| attempt()).collect::<Vec<_>>();
        let decisions = || attempts.iter().map(|attempt| attempt.ask().is_ok()).collect::<Vec<_>>();
        let decided = decisions();
        assert_eq!(decided.iter().filter(|allowed| **allowed).count(), 10);
        attempts[0].give_back();
        assert!(attempt().ask().is_ok());
        assert_eq!(decisions(), decided, "what was refused stays refused");
        attempts[19].give_back();
        assert!(attempt().ask().is_err(), "what was refused has nothing to give back");
    }
}
