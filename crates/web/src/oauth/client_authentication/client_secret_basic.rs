//! `client_secret_basic`: Client ID and Client Secret by HTTP Basic (RFC 6749 section 2.3.1).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Credentials, Method, Presented, secrets};
use crate::oauth::OAuthError;

/// The entry in the table of methods.
pub(super) const METHOD: Method =
    Method { name: "client_secret_basic", proves: true, read, verify: |attempt| Box::pin(secrets::verify(attempt)) };

const UNREADABLE: &str = "The Authorization header holds no readable Basic credentials";

/// Both halves of Basic credentials, as sent.
pub(super) struct Basic {
    identifier: String,
    secret: String,
}

impl Basic {
    /// The credentials in the header, if it is one of this scheme.
    pub fn of(header: &str) -> Result<Option<Self>, OAuthError> {
        let (scheme, encoded) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("basic") {
            return Ok(None);
        }
        let unreadable = || OAuthError::invalid_request(UNREADABLE);
        let decoded = STANDARD.decode(encoded.trim()).map_err(|_| unreadable())?;
        let decoded = String::from_utf8(decoded).map_err(|_| unreadable())?;
        let (identifier, secret) = decoded.split_once(':').ok_or_else(unreadable)?;
        Ok(Some(Self { identifier: identifier.to_owned(), secret: secret.to_owned() }))
    }

    /// The half of the Client ID.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Whether the half of the secret is empty: nothing is proven then.
    pub fn is_without_secret(&self) -> bool {
        self.secret.is_empty()
    }

    /// RFC 6749 has both halves form-encoded. Many clients send them as they are, so both readings are tried where they
    /// differ.
    pub fn readings(&self) -> Vec<Credentials<'_>> {
        let as_sent = Credentials { identifier: Cow::Borrowed(&self.identifier), proof: Cow::Borrowed(&self.secret) };
        let decoded = Credentials {
            identifier: Cow::Owned(form_decode(&self.identifier)),
            proof: Cow::Owned(form_decode(&self.secret)),
        };
        if decoded == as_sent { vec![as_sent] } else { vec![decoded, as_sent] }
    }
}

fn read<'a>(presented: &'a Presented<'_>) -> Vec<Credentials<'a>> {
    let basic = presented.basic.as_ref().filter(|basic| !basic.is_without_secret());
    basic.map(Basic::readings).unwrap_or_default()
}

/// One value decoded as `application/x-www-form-urlencoded` (RFC 6749 appendix B).
fn form_decode(value: &str) -> String {
    // The separators of a form have no meaning within one value.
    let one_value = value.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(one_value.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}
