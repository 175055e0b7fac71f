//! The format of everything secret that Countersign generates: `cs_<kind>_<43 base62 digits><6 base62 digits>`.
//!
//! The first part is 256 random bits, the second a CRC-32 of all that precedes it. So a typo is told apart from a
//! foreign string without a look-up, and leak scanners have a pattern to look for. Only SHA-256 digests are stored: at
//! 256 bits of entropy a slow hash adds nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::DomainServices;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;

/// What a generated secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// A client secret.
    ClientSecret,
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// A manual token.
    ManualToken,
    /// An authorization code.
    AuthorizationCode,
    /// The link of a delivery.
    Delivery,
    /// A member's session.
    Session,
    /// A one-use sign-in link.
    SignInLink,
}

impl SecretKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::ClientSecret,
        Self::AccessToken,
        Self::RefreshToken,
        Self::ManualToken,
        Self::AuthorizationCode,
        Self::Delivery,
        Self::Session,
        Self::SignInLink,
    ];

    /// The two letters between the underscores.
    pub fn code(self) -> &'static str {
        match self {
            Self::ClientSecret => "sk",
            Self::AccessToken => "at",
            Self::RefreshToken => "rt",
            Self::ManualToken => "mt",
            Self::AuthorizationCode => "ac",
            Self::Delivery => "dl",
            Self::Session => "ss",
            Self::SignInLink => "sl",
        }
    }
}

/// The SHA-256 digest of a secret: what is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of any text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// A freshly generated secret in clear. It lives from generation to the one answer that shows it.
pub struct Secret {
    text: String,
    kind: SecretKind,
}

impl Secret {
    /// A new secret of 256 random bits.
    pub fn generate(kind: SecretKind, services: &dyn DomainServices) -> Self {
        let mut entropy = [0; 32];
        services.fill_random(&mut entropy);
        Self::from_entropy(kind, entropy)
    }

    /// The secret that stands for the given bits.
    pub fn from_entropy(kind: SecretKind, entropy: [u8; 32]) -> Self {
        let mut text = format!("cs_{}_", kind.code());
        push_base62(&mut text, &entropy, BODY_LENGTH);
        let checksum = crc32fast::hash(text.as_bytes());
        push_base62(&mut text, &checksum.to_be_bytes(), CHECKSUM_LENGTH);
        Self { text, kind }
    }

    /// The secret in clear. For the answer that shows it once, and nothing else.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.text)
    }

    /// The last four characters, by which people tell secrets apart.
    pub fn last_four(&self) -> String {
        self.text[self.text.len() - 4..].to_owned()
    }

    /// What the secret is for.
    pub fn kind(&self) -> SecretKind {
        self.kind
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cs_{}_…", self.kind.code())
    }
}

/// A presented string that has the form of one of our secrets; whether it was ever issued is another question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedSecret {
    /// What the secret says it is for.
    pub kind: SecretKind,
    /// What to look up.
    pub digest: Digest,
}

/// Why a presented string can't be one of our secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It does not begin like one of ours: something else was presented.
    #[error("this was not issued by Countersign")]
    Foreign,
    /// It begins like one of ours, but its length, letters or checksum are wrong.
    #[error("this is mistyped or incomplete")]
    Mistyped,
}

/// Recognizes a presented string by its form and checksum alone.
pub fn parse(text: &str) -> Result<ParsedSecret, SecretError> {
    let after_prefix = text.strip_prefix("cs_").ok_or(SecretError::Foreign)?;
    let (code, rest) = after_prefix.split_once('_').ok_or(SecretError::Foreign)?;
    let kind = SecretKind::ALL.into_iter().find(|kind| kind.code() == code).ok_or(SecretError::Foreign)?;
    let well_formed =
        rest.len() == BODY_LENGTH + CHECKSUM_LENGTH && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !well_formed {
        return Err(SecretError::Mistyped);
    }
    let (signed, presented) = text.split_at(text.len() - CHECKSUM_LENGTH);
    let mut expected = String::with_capacity(CHECKSUM_LENGTH);
    push_base62(&mut expected, &crc32fast::hash(signed.as_bytes()).to_be_bytes(), CHECKSUM_LENGTH);
    if presented != expected {
        return Err(SecretError::Mistyped);
    }
    Ok(ParsedSecret { kind, digest: Digest::of(text) })
}

/// Appends the big-endian number in `bytes` as exactly `length` base62 digits.
fn push_base62(text: &mut String, bytes: &[u8], length: usize) {
    let mut number = bytes.to_vec();
    let mut digits = vec![0_u8; length];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = ALPHABET[remainder as usize];
    }
    text.extend(digits.into_iter().map(char::from));
}
