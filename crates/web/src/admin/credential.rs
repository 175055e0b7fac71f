//! A token or client secret as the first page and the calendar name it.

use countersign_domain::token::TokenKind;
use countersign_persistence::queries::expirations::{Credential, Expiration};
use jiff::Timestamp;
use serde::Serialize;

use super::third_party::view::expires_soon;

/// Something with a page of its own.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    pub label: String,
    pub href: String,
}

/// What expires.
#[derive(Debug, Serialize)]
pub(super) struct ExpirationLine {
    expires_at: Timestamp,
    expires_soon: bool,
    kind: &'static str,
    mask: String,
    href: Option<String>,
    third_party: Option<Link>,
    client: Option<Link>,
    last_used_at: Option<Timestamp>,
}

impl ExpirationLine {
    /// `base` is where the organization's pages begin.
    pub fn of(expiration: &Expiration, base: &str, now: Timestamp) -> Self {
        let third_party = expiration.third_party.as_ref();
        let third_party =
            third_party.map(|(id, name)| Link { label: name.clone(), href: format!("{base}/third-parties/{id}") });
        let client = expiration.client.as_ref();
        let client = client.map(|(id, name)| Link { label: name.clone(), href: format!("{base}/clients/{id}") });
        Self {
            expires_at: expiration.expires_at,
            expires_soon: expires_soon(Some(expiration.expires_at), now),
            kind: kind_in_words(expiration.credential),
            mask: expiration.masked.clone(),
            href: page_of(expiration, base),
            third_party,
            client,
            last_used_at: expiration.last_used_at,
        }
    }
}

/// Where more is to be learnt. Only tokens that people handle have pages.
pub(super) fn page_of(expiration: &Expiration, base: &str) -> Option<String> {
    match expiration.credential {
        Credential::Token(TokenKind::Manual, token) => {
            let third_party = expiration.third_party.as_ref();
            third_party.map(|(id, _)| format!("{base}/third-parties/{id}/tokens/{token}"))
        }
        Credential::Token(TokenKind::Access, _) | Credential::ClientSecret(_) => {
            expiration.client.as_ref().map(|(id, _)| format!("{base}/clients/{id}"))
        }
    }
}

/// What it is called.
pub(super) fn kind_in_words(credential: Credential) -> &'static str {
    match credential {
        Credential::Token(TokenKind::Manual, _) => "OAuth Token",
        Credential::Token(TokenKind::Access, _) => "Access token",
        Credential::ClientSecret(_) => "Client Secret",
    }
}
