//! Chosen client secrets that were verified a moment ago, so that Argon2id is paid once in a while, not once a request.

use std::time::{Duration, Instant};

use countersign_domain::SecretId;
use countersign_persistence::clock;
use hmac::{Hmac, KeyInit, Mac};
use quick_cache::sync::Cache;
use sha2::Sha256;

use crate::network::Network;

const REMEMBERED: usize = 10_000;
const LIFETIME: Duration = Duration::from_mins(5);

/// What was verified, under a key that this process alone has and forgets when it ends. Under the secret's own
/// identifier: a removed or replaced secret is not among its client's any more, so its entry is never asked for. And
/// under the network that proved it: elsewhere, guesses at a weak secret would be answered here without being counted.
pub(crate) struct VerifiedSecrets {
    keyed: Hmac<Sha256>,
    verified: Cache<(SecretId, Network), ([u8; 32], Instant)>,
}

impl Default for VerifiedSecrets {
    fn default() -> Self {
        let mut key = [0; 64];
        clock::fill_random(&mut key);
        Self { keyed: Hmac::new(&key.into()), verified: Cache::new(REMEMBERED) }
    }
}

impl VerifiedSecrets {
    /// Whether this text was found to be the secret within the last minutes, from the same network.
    pub fn knows(&self, secret: SecretId, presented: &str, network: Network) -> bool {
        let Some((mac, verified_at)) = self.verified.get(&(secret, network)) else { return false };
        verified_at.elapsed() < LIFETIME && self.mac(secret, presented).verify_slice(&mac).is_ok()
    }

    /// Remembers that this text is the secret.
    pub fn remember(&self, secret: SecretId, presented: &str, network: Network) {
        let mac = self.mac(secret, presented).finalize().into_bytes().into();
        self.verified.insert((secret, network), (mac, Instant::now()));
    }

    fn mac(&self, secret: SecretId, presented: &str) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(secret.uuid().as_bytes());
        mac.update(presented.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verified_text_of_the_same_secret_is_known() {
        let secrets = VerifiedSecrets::default();
        let (one, other) = (SecretId(uuid::Uuid::from_u128(1)), SecretId(uuid::Uuid::from_u128(2)));
        let [here, elsewhere] = ["192.0.2.1", "192.0.2.2"].map(|address| Network::of(address.parse().ok()));
        assert!(!secrets.knows(one, "chosen by a person", here));
        secrets.remember(one, "chosen by a person", here);
        assert!(secrets.knows(one, "chosen by a person", here));
        assert!(!secrets.knows(one, "chosen by a person", elsewhere));
        assert!(!secrets.knows(one, "chosen by a persom", here));
        assert!(!secrets.knows(other, "chosen by a person", here));
        secrets.remember(one, "its successor", here);
        assert!(!secrets.knows(one, "chosen by a person", here));
    }
}
