//! Value types: each can only be made by parsing, so a command never holds something unacceptable.
//!
//! That holds for deserializing too. Events carry plain text instead, so what was acceptable when it happened stays
//! readable when the rules get stricter.

mod redirect_uri;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use url::Host;

pub use redirect_uri::RedirectUri;

/// Why an input is not acceptable, and what is, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(pub Cow<'static, str>);

impl InvalidValue {
    fn because(problem: impl Into<Cow<'static, str>>) -> Self {
        Self(problem.into())
    }
}

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }
    };
}
pub(crate) use text_value;

/// One line of readable text: composed (Unicode NFC), trimmed, inner white space folded, no control or invisible
/// characters.
fn one_line(text: &str, what: &str, maximum: usize) -> Result<String, InvalidValue> {
    let text = text.nfc().collect::<String>();
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !folded.chars().any(is_visible) {
        return Err(InvalidValue::because(format!("Enter {what}")));
    }
    if folded.chars().count() > maximum {
        return Err(InvalidValue::because(format!("Use at most {maximum} characters for {what}")));
    }
    if text.chars().any(|character| is_invisible(character) && !character.is_whitespace())
        || text.contains(['\n', '\r'])
    {
        return Err(InvalidValue::because(format!("Use one line of readable characters for {what}")));
    }
    Ok(folded)
}

/// Control characters, and the formatting characters, fillers, tags and noncharacters that can make two names look
/// alike, reorder a line or hide text in it.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{200B}'
            | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}')
        || u32::from(character) & 0xFFFE == 0xFFFE
}

/// Joiners and variation selectors: some scripts and emoji need them, but no eye sees them by themselves.
fn is_joiner(character: char) -> bool {
    matches!(character,
        '\u{200C}' | '\u{200D}' | '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether the character alone is something to read; U+2800 is a letter-like blank.
fn is_visible(character: char) -> bool {
    !character.is_whitespace() && !is_invisible(character) && !is_joiner(character) && character != '\u{2800}'
}

/// What two names are compared by: lower case, compatibility forms unified (Unicode NFKC), without the joiners that some
/// scripts need and no eye sees.
fn comparison_key(text: &str) -> String {
    text.nfkc().filter(|character| !is_joiner(*character)).collect::<String>().to_lowercase().nfkc().collect()
}

text_value! {
    /// The name of a third party: 1 to 120 characters, unique in the organization without regard to case.
    ThirdPartyName
}

impl ThirdPartyName {
    /// Accepts one line of 1 to 120 readable characters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        one_line(text, "a name", 120).map(Self)
    }

    /// What must be unique of a name as it stands in an event: the name without regard to case.
    pub fn unique_key_of(name: &str) -> String {
        comparison_key(name)
    }
}

text_value! {
    /// The name of an organization: 1 to 120 characters.
    OrganizationName
}

impl OrganizationName {
    /// Accepts one line of 1 to 120 readable characters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        one_line(text, "a name", 120).map(Self)
    }
}

text_value! {
    /// The name of a person: 1 to 120 characters.
    PersonName
}

impl PersonName {
    /// Accepts one line of 1 to 120 readable characters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        one_line(text, "a name", 120).map(Self)
    }
}

text_value! {
    /// An e-mail address (RFC 5321 mailbox, ASCII or internationalized), at most 254 bytes.
    EmailAddress
}

impl EmailAddress {
    /// Accepts `local@domain` without white space, quotes, brackets or commas, so that it can't smuggle a header or a
    /// second recipient. No encoded words (`=?…?=`) either: mail software has decoded them in addresses.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::because("Enter an e-mail address like name@example.com");
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or_else(invalid)?;
        let forbidden = |character: char| {
            character.is_whitespace()
                || is_invisible(character)
                || is_joiner(character)
                || "\"<>(),:;[]\\@".contains(character)
        };
        let local_is_valid = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && !local.contains("=?")
            && !local.contains(forbidden);
        if text.len() > 254 || !local_is_valid || !is_mail_domain(domain) {
            return Err(invalid());
        }
        Ok(Self(text.to_owned()))
    }

    /// What must be unique among an organization's members: the address without regard to case.
    pub fn unique_key_of(address: &str) -> String {
        comparison_key(address)
    }
}

/// A host name, in ASCII or in its normal Unicode form. Judged as the DNS will see it: there the limits apply, and there
/// numbers and full-width letters turn out to be an IP address or another name.
fn is_mail_domain(domain: &str) -> bool {
    let Ok(Host::Domain(ascii)) = Host::parse(domain) else { return false };
    let as_written = domain.to_lowercase();
    (ascii == as_written || url::quirks::domain_to_unicode(&ascii) == as_written) && is_host_name(&ascii)
}

/// Dot-separated labels of ASCII letters, digits and hyphens (RFC 1123 section 2.1, with its limits).
fn is_host_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

text_value! {
    /// Free text of several lines: requirements reviewed with a third party, or the reason for a change.
    Note
}

impl Note {
    /// The longest note, in characters.
    pub const MAXIMUM: usize = 4000;

    /// Accepts 1 to 4,000 characters; line ends become `\n`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
        let text = text.trim();
        if !text.chars().any(is_visible) {
            return Err(InvalidValue::because("Enter a text"));
        }
        if text.chars().count() > Self::MAXIMUM {
            return Err(InvalidValue::because(format!("Use at most {} characters", Self::MAXIMUM)));
        }
        if text.chars().any(|character| is_invisible(character) && !matches!(character, '\n' | '\t')) {
            return Err(InvalidValue::because("Remove invisible and control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

text_value! {
    /// The part of an organization's URLs that names it: lower-case letters, digits and hyphens.
    Slug
}

impl Slug {
    /// Accepts 1 to 63 of `a–z`, `0–9` and `-`, not at the ends.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let well_formed = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if !well_formed {
            return Err(InvalidValue::because(
                "Use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

text_value! {
    /// A host name of an organization's own, in lower case.
    HostName
}

impl HostName {
    /// Accepts a fully qualified name in ASCII (an internationalized one in its xn-- form), without scheme and port.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let name = text.trim().to_ascii_lowercase();
        // What the URL standard reads as an IP address is none of ours.
        let is_name = matches!(Host::parse(&name), Ok(Host::Domain(read)) if read == name);
        if !is_name || !name.contains('.') || !is_host_name(&name) {
            return Err(InvalidValue::because(
                "Use a full host name like access.example.com: no https://, no port, no path; other letters than a–z in \
                 the xn-- form",
            ));
        }
        Ok(Self(name))
    }
}

text_value! {
    /// The client identifier of the protocol (`client_id`, RFC 6749 section 2.2), unique in the organization.
    ClientIdentifier
}

impl ClientIdentifier {
    /// Accepts 1 to 200 printable ASCII characters (RFC 6749 appendix A.1), without leading or trailing spaces.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let well_formed = (1..=200).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7E).contains(&byte));
        if !well_formed {
            return Err(InvalidValue::because("Use 1 to 200 printable ASCII characters for the Client ID"));
        }
        Ok(Self(text.to_owned()))
    }

    /// A generated identifier: `[a-z0-9_]` only, because popular clients don't form-encode Basic credentials.
    pub fn generate(services: &dyn crate::DomainServices) -> Self {
        let mut random = [0; 12];
        services.fill_random(&mut random);
        Self(format!("cs_ci_{}", hex::encode(random)))
    }
}

text_value! {
    /// One scope token (RFC 6749 section 3.3).
    Scope
}

impl Scope {
    /// Accepts 1 to 100 of the characters that RFC 6749 allows in a scope token.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let well_formed = (1..=100).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
        if !well_formed {
            return Err(InvalidValue::because("Use 1 to 100 printable ASCII characters without space, \" and \\"));
        }
        Ok(Self(text.to_owned()))
    }
}
