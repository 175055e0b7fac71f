//! Values that must be read again, sealed at rest: AES-256-GCM under a data key per organization, each wrapped by a
//! master key. A sealed value is bound to its place, so that moving one to another row or organization makes it
//! unreadable.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use countersign_domain::OrganizationId;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::clock::fill_random;

const NONCE_LENGTH: usize = 12;
/// The format byte in front of every sealed value.
const FORMAT: u8 = 1;

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// The master key is not 32 bytes of hexadecimal digits.
    #[error("master key {0:?} must be 64 hexadecimal digits (32 bytes)")]
    MalformedMasterKey(String),
    /// No master key is configured.
    #[error("no master key is configured: set sealing.master_key_file")]
    NoMasterKey,
    /// The value is sealed under a master key that is not in the ring.
    #[error("the master key {0:?} is not configured, but the database has values sealed under it")]
    MissingMasterKey(String),
    /// The value was altered, moved from another place, or sealed under another key.
    #[error("a sealed value can't be opened: it was altered or belongs elsewhere")]
    Unopenable,
}

/// Where a sealed value stands. It goes into the seal.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// The table.
    pub table: &'a str,
    /// The row, as text.
    pub row: &'a str,
    /// The column.
    pub column: &'a str,
}

impl Place<'_> {
    fn additional_data(&self) -> Vec<u8> {
        [self.organization.to_string().as_str(), self.table, self.row, self.column].join("\u{1f}").into_bytes()
    }
}

/// A 256-bit key. Shows nothing of itself.
#[derive(Clone)]
pub struct SealingKey {
    cipher: Arc<Aes256Gcm>,
    derivation: Hmac<Sha256>,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl SealingKey {
    fn from_bytes(bytes: &[u8; 32]) -> Self {
        // A key of its own for derivation: no two uses share one.
        let mut derivation = keyed(bytes);
        derivation.update(b"countersign derivation key");
        let derivation = keyed(&derivation.finalize().into_bytes().into());
        Self { cipher: Arc::new(Aes256Gcm::new(bytes.into())), derivation }
    }

    /// 256 bits that nobody can tell from random ones without this key, and that are always the same for the same
    /// purpose and input.
    pub fn derive(&self, purpose: &str, input: &[u8]) -> [u8; 32] {
        let mut derivation = self.derivation.clone();
        derivation.update(purpose.as_bytes());
        derivation.update(&[0]);
        derivation.update(input);
        derivation.finalize().into_bytes().into()
    }

    /// Seals a value for its place.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, SealingError> {
        let mut nonce = [0; NONCE_LENGTH];
        fill_random(&mut nonce);
        let payload = Payload { msg: value, aad: &place.additional_data() };
        let ciphertext = self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealingError::Unopenable)?;
        Ok([&[FORMAT], nonce.as_slice(), &ciphertext].concat())
    }

    /// Opens a value that was sealed for the same place under the same key.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealingError> {
        let (&format, rest) = sealed.split_first().ok_or(SealingError::Unopenable)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(SealingError::Unopenable)?;
        if format != FORMAT {
            return Err(SealingError::Unopenable);
        }
        let payload = Payload { msg: ciphertext, aad: &place.additional_data() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealingError::Unopenable)
    }
}

fn keyed(bytes: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(bytes);
    KeyInit::new(&block.into())
}

/// The master keys by name: the current one seals, the others still open.
#[derive(Debug, Clone)]
pub struct MasterKeyRing {
    current: String,
    keys: BTreeMap<String, SealingKey>,
}

impl MasterKeyRing {
    /// A ring from lines of `name hexadecimal-key`; the first is the current one. Empty lines and `#` comments are
    /// passed over.
    pub fn parse(text: &str) -> Result<Self, SealingError> {
        let mut current = None;
        let mut keys = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, key) = line.split_once(char::is_whitespace).unwrap_or(("", line));
            let malformed = || SealingError::MalformedMasterKey(name.to_owned());
            let mut bytes = [0; 32];
            hex::decode_to_slice(key.trim(), &mut bytes).map_err(|_| malformed())?;
            if name.is_empty() {
                return Err(malformed());
            }
            current.get_or_insert_with(|| name.to_owned());
            keys.insert(name.to_owned(), SealingKey::from_bytes(&bytes));
        }
        Ok(Self { current: current.ok_or(SealingError::NoMasterKey)?, keys })
    }

    /// The text of a new ring with one random key, to be kept in a file that only the service can read.
    pub fn generate() -> String {
        let mut bytes = [0; 32];
        fill_random(&mut bytes);
        format!("key-1 {}\n", hex::encode(bytes))
    }

    /// A new random data key, and the same wrapped under the current master key, whose name comes first.
    pub(crate) fn new_data_key(
        &self,
        organization: OrganizationId,
    ) -> Result<(SealingKey, &str, Vec<u8>), SealingError> {
        let mut bytes = [0; 32];
        fill_random(&mut bytes);
        let wrapped = self.key(&self.current)?.seal(data_key_place(organization), &bytes)?;
        Ok((SealingKey::from_bytes(&bytes), &self.current, wrapped))
    }

    /// Unwraps a stored data key.
    pub(crate) fn open_data_key(
        &self,
        organization: OrganizationId,
        master_key: &str,
        wrapped: &[u8],
    ) -> Result<SealingKey, SealingError> {
        let bytes = self.key(master_key)?.open(data_key_place(organization), wrapped)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| SealingError::Unopenable)?;
        Ok(SealingKey::from_bytes(&bytes))
    }

    fn key(&self, name: &str) -> Result<&SealingKey, SealingError> {
        self.keys.get(name).ok_or_else(|| SealingError::MissingMasterKey(name.to_owned()))
    }
}

fn data_key_place(organization: OrganizationId) -> Place<'static> {
    Place { organization, table: "data_keys", row: "1", column: "wrapped" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(organization: OrganizationId, row: &str) -> Place<'_> {
        Place { organization, table: "disclosures", row, column: "sealed" }
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_own_place() {
        let ring = MasterKeyRing::parse(&MasterKeyRing::generate()).unwrap();
        let (here, elsewhere) = (OrganizationId(uuid::Uuid::from_u128(1)), OrganizationId(uuid::Uuid::from_u128(2)));
        let (key, name, wrapped) = ring.new_data_key(here).unwrap();
        let sealed = key.seal(place(here, "a"), b"ann@partner.example").unwrap();
        assert!(!sealed.windows(3).any(|window| window == b"ann"));
        assert_eq!(key.open(place(here, "a"), &sealed).unwrap(), b"ann@partner.example");
        assert_eq!(key.open(place(here, "b"), &sealed), Err(SealingError::Unopenable));
        assert_eq!(key.open(place(elsewhere, "a"), &sealed), Err(SealingError::Unopenable));
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(key.open(place(here, "a"), &altered), Err(SealingError::Unopenable));
        assert_eq!(key.open(place(here, "a"), &sealed[..5]), Err(SealingError::Unopenable));

        let again = ring.open_data_key(here, name, &wrapped).unwrap();
        assert_eq!(again.open(place(here, "a"), &sealed).unwrap(), b"ann@partner.example");
        assert!(ring.open_data_key(elsewhere, name, &wrapped).is_err());
    }

    #[test]
    fn a_ring_opens_with_old_keys_and_seals_with_the_first() {
        let organization = OrganizationId(uuid::Uuid::from_u128(1));
        let old = MasterKeyRing::parse(&format!("old {}", "11".repeat(32))).unwrap();
        let (_, old_name, wrapped) = old.new_data_key(organization).unwrap();
        let ring =
            MasterKeyRing::parse(&format!("# ring\nnew {}\nold {}\n", "22".repeat(32), "11".repeat(32))).unwrap();
        assert!(ring.open_data_key(organization, old_name, &wrapped).is_ok());
        assert_eq!(ring.new_data_key(organization).unwrap().1, "new");
        assert_eq!(MasterKeyRing::parse("").unwrap_err(), SealingError::NoMasterKey);
        assert_eq!(MasterKeyRing::parse("a 123").unwrap_err(), SealingError::MalformedMasterKey("a".into()));
        assert_eq!(
            old.open_data_key(organization, "new", &wrapped).unwrap_err(),
            SealingError::MissingMasterKey("new".into())
        );
    }
}
