//! Leaf hashing of RFC 6962 section 2.1.

use std::fmt;

use sha2::{Digest, Sha256};

/// The RFC 6962 leaf hash of a record: SHA-256 over a zero byte and the record's exact bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeafHash(pub [u8; 32]);

impl LeafHash {
    /// Hashes the exact stored bytes of a record.
    pub fn of(record: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(record).finalize().into())
    }
}

impl fmt::Debug for LeafHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
