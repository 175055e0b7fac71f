//! Value types: each can only be made by parsing, so a command never holds something unacceptable.
//!
//! Reading an event back does not parse again: what was acceptable when it happened stays readable.

mod redirect_uri;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

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
        #[serde(transparent)]
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
    };
}
pub(crate) use text_value;

/// One line of readable text: trimmed, inner white space folded, no control or invisible characters.
fn one_line(text: &str, what: &str, maximum: usize) -> Result<String, InvalidValue> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.is_empty() {
        return Err(InvalidValue::because(format!("Enter {what}")));
    }
    if folded.chars().count() > maximum {
        return Err(InvalidValue::because(format!("Use at most {maximum} characters for {what}")));
    }
    if text.chars().any(|character| is_invisible(character) && !character.is_whitespace()) || text.contains(['\n', '\r'])
    {
        return Err(InvalidValue::because(format!("Use one line of readable characters for {what}")));
    }
    Ok(folded)
}

/// Control characters, and the formatting characters that can make two names look alike or reorder a line.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// What two names are compared by: lower case, without the joiners that some scripts need and no eye sees.
fn comparison_key(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, '\u{200C}' | '\u{200D}')).collect::<String>().to_lowercase()
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

    /// What must be unique: the name without regard to case.
    pub fn unique_key(&self) -> String {
        comparison_key(&self.0)
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
    /// second recipient.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::because("Enter an e-mail address like name@example.com");
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or_else(invalid)?;
        let forbidden = |character: char| {
            character.is_whitespace() || is_invisible(character) || "\"<>(),:;[]\\@".contains(character)
        };
        let labels_are_valid = domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|character| character.is_alphanumeric() || character == '-')
        });
        let local_is_valid = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && !local.contains(forbidden);
        if text.len() > 254 || !local_is_valid || !labels_are_valid {
            return Err(invalid());
        }
        Ok(Self(text.to_owned()))
    }

    /// What must be unique among an organization's members: the address in lower case.
    pub fn unique_key(&self) -> String {
        comparison_key(&self.0)
    }
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
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim();
        if text.is_empty() {
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
