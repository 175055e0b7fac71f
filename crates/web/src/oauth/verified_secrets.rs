//! Chosen client secrets that were verified a moment ago, so that Argon2id is paid once in a while, not once a request.

use std::time::{Duration, Instant};

use countersign_domain::SecretId;
use countersign_persistence::clock;
use hmac::{Hmac, KeyInit, Mac};
use quick_cache::sync::Cache;
use sha2::Sha256;

const REMEMBERED: usize = 10_000;
const LIFETIME: Duration = Duration::from_mins(5);

/// What was verified, under a key that this process alone has and forgets when it ends. Under the secret's own
/// identifier: a removed or replaced secret is not among its client's any more, so its entry is never asked for.
pub(crate) struct VerifiedSecrets {
    keyed: Hmac<Sha256>,
    verified: Cache<SecretId, ([u8; 32], Instant)>,
}

impl Default for VerifiedSecrets {
    fn default() -> Self {
        let mut key = [0; 64];
        clock::fill_random(&mut key);
        Self { keyed: Hmac::new(&key.into()), verified: Cache::new(REMEMBERED) }
    }
}

impl VerifiedSecrets {
    /// Whether this text was found to be the secret within the last minutes.
    pub fn knows(&self, secret: SecretId, presented: &str) -> bool {
        let Some((mac, verified_at)) = self.verified.get(&secret) else { return false };
        verified_at.elapsed() < LIFETIME && self.mac(secret, presented).verify_slice(&mac).is_ok()
    }

    /// Remembers that this text is the secret.
    pub fn remember(&self, secret: SecretId, presented: &str) {
        let mac = self.mac(secret, presented).finalize().into_bytes().into();
        self.verified.insert(secret, (mac, Instant::now()));
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
        assert!(!secrets.knows(one, "chosen by a person"));
        secrets.remember(one, "chosen by a person");
        assert!(secrets.knows(one, "chosen by a person"));
        assert!(!secrets.knows(one, "chosen by a persom"));
        assert!(!secrets.knows(other, "chosen by a person"));
        secrets.remember(one, "its successor");
        assert!(!secrets.knows(one, "chosen by a person"));
    }
}
