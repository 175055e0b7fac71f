//! Salted commitments of personal data, as SD-JWT makes them (RFC 9901 sections 4.2.1 and 4.2.3).
//!
//! A disclosure is the base64url string of the JSON array `[salt, label, value]`; the commitment is the base64url
//! SHA-256 of that string. The record holds the commitment; without the disclosure nobody can tell what it stands for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What opens a commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    encoded: String,
    label: String,
    value: String,
}

/// The string is not a disclosure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a disclosure: base64url of a JSON array of salt, label and value is expected")]
pub struct NotADisclosure;

impl Disclosure {
    /// A disclosure of the value under a fresh 128-bit salt.
    pub fn new(salt: [u8; 16], label: &str, value: &str) -> Self {
        let array = serde_json::json!([URL_SAFE_NO_PAD.encode(salt), label, value]);
        Self { encoded: URL_SAFE_NO_PAD.encode(array.to_string()), label: label.to_owned(), value: value.to_owned() }
    }

    /// Reads a disclosure string.
    pub fn parse(encoded: &str) -> Result<Self, NotADisclosure> {
        let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotADisclosure)?;
        let (_salt, label, value): (String, String, String) =
            serde_json::from_slice(&json).map_err(|_| NotADisclosure)?;
        Ok(Self { encoded: encoded.to_owned(), label, value })
    }

    /// The exact string that the commitment is made over.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    /// What the value is, such as `contact_email`.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The value itself.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The commitment: base64url of SHA-256 over the encoded string.
    pub fn sha256(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.encoded.as_bytes()))
    }
}

impl std::fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disclosure({}: …)", self.label)
    }
}
