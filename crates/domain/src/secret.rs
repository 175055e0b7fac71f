//! The format of everything secret that Countersign generates: `cs_<kind>_<43 base62 digits><6 base62 digits>`.
//!
//! The first part is 256 random bits, the second a CRC-32 of all that precedes it. So a typo is told apart from a
//! foreign string without a look-up, and leak scanners have a pattern to look for. Only SHA-256 digests are stored: at
//! 256 bits of entropy a slow hash adds nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::DomainServices;

/// The digits of base62, from 0 to 61.
pub const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The same in a regular expression.
const ANY_DIGIT: &str = "[0-9A-Za-z]";
const BODY_LENGTH: usize = 43;
/// How many characters at the end are the CRC-32 (IEEE 802.3) of those before them, as a big-endian number in base62.
pub const CHECKSUM_LENGTH: usize = 6;
/// What examples are made of instead of random bits, so that they are the same everywhere.
const EXAMPLE: [u8; 32] = *b"This is an example of a secret..";

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

    /// What somebody has who finds one.
    pub fn description(self) -> &'static str {
        match self {
            Self::ClientSecret => "A client secret: with the Client ID it authenticates an OAuth client",
            Self::AccessToken => "An access token: it gives an OAuth client access for a while",
            Self::RefreshToken => "A refresh token: its client gets new access tokens for it",
            Self::ManualToken => "A token that an admin made: it gives a third party access, often for months",
            Self::AuthorizationCode => "An authorization code: its client gets tokens for it, once and soon",
            Self::Delivery => "The link of a delivery: it shows what was handed over by it",
            Self::Session => "A session: it acts for the member who signed in",
            Self::SignInLink => "A sign-in link: it signs a member in, once",
        }
    }

    /// How every secret of this kind begins.
    pub fn prefix(self) -> String {
        format!("cs_{}_", self.code())
    }

    /// The regular expression that finds secrets of this kind in a text. What it finds is one if the checksum is right.
    pub fn pattern(self) -> String {
        format!("{}{ANY_DIGIT}{{{}}}", self.prefix(), BODY_LENGTH + CHECKSUM_LENGTH)
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
        let mut text = kind.prefix();
        push_base62(&mut text, &entropy, BODY_LENGTH);
        let checksum = crc32fast::hash(text.as_bytes());
        push_base62(&mut text, &checksum.to_be_bytes(), CHECKSUM_LENGTH);
        Self { text, kind }
    }

    /// A secret that is whole and never issued, to show and to try things with.
    pub fn example(kind: SecretKind) -> Self {
        Self::from_entropy(kind, EXAMPLE)
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
        write!(f, "{}…", self.kind.prefix())
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
    let (kind, rest) = split_kind(text).ok_or(SecretError::Foreign)?;
    let well_formed =
        rest.len() == BODY_LENGTH + CHECKSUM_LENGTH && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !well_formed {
        return Err(SecretError::Mistyped);
    }
    let (signed, presented) = text.split_at(text.len() - CHECKSUM_LENGTH);
    let mut checksum = crc32fast::hash(signed.as_bytes()) as usize;
    for digit in presented.bytes().rev() {
        if ALPHABET.as_bytes()[checksum % 62] != digit {
            return Err(SecretError::Mistyped);
        }
        checksum /= 62;
    }
    Ok(ParsedSecret { kind, digest: Digest::of(text) })
}

/// What a presented string claims to be, by its prefix alone; `None` for what is none of ours.
pub fn claimed_kind(text: &str) -> Option<SecretKind> {
    split_kind(text).map(|(kind, _)| kind)
}

fn split_kind(text: &str) -> Option<(SecretKind, &str)> {
    let (code, rest) = text.strip_prefix("cs_")?.split_once('_')?;
    let kind = SecretKind::ALL.into_iter().find(|kind| kind.code() == code)?;
    Some((kind, rest))
}

/// Appends the big-endian number in `bytes`, whose length is a multiple of four, as exactly `length` base62 digits.
fn push_base62(text: &mut String, bytes: &[u8], length: usize) {
    let (words, _) = bytes.as_chunks::<4>();
    let mut number = words.iter().map(|word| u32::from_be_bytes(*word)).collect::<Vec<_>>();
    let mut digits = vec![0_u8; length];
    // Five digits a division: 62⁵ is the largest power that fits a word.
    for group in digits.rchunks_mut(5) {
        let mut remainder = 0_u64;
        for word in &mut number {
            let value = (remainder << 32) | u64::from(*word);
            *word = u32::try_from(value / FIVE_DIGITS).unwrap_or(u32::MAX);
            remainder = value % FIVE_DIGITS;
        }
        for digit in group.iter_mut().rev() {
            *digit = ALPHABET.as_bytes()[usize::try_from(remainder % 62).unwrap_or_default()];
            remainder /= 62;
        }
    }
    text.extend(digits.into_iter().map(char::from));
}

const FIVE_DIGITS: u64 = 62_u64.pow(5);
