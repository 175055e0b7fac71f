//! The token: what a third party presents. Each is a stream of its own, so issuing one never contends with another.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::event::journaled;
use crate::expiry::add_calendar_months;
use crate::values::Scope;
use crate::{AuthorizationId, ClientId, Digest, DomainServices, References, StreamId, ThirdPartyId};

/// What kind of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Added by an admin and handed over; expires after some calendar months.
    #[default]
    Manual,
    /// Issued by the token endpoint (RFC 6749 section 5.1).
    Access,
}

impl TokenKind {
    /// The kind as it is written in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Access => "access",
        }
    }

    /// The kind of a stored text, if it is one.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Manual, Self::Access].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Whether the token may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenStatus {
    /// It works, while everything around it does.
    #[default]
    Active,
    /// Switched off; can be switched on again.
    Inactive,
    /// Ended for good.
    Revoked,
}

impl TokenStatus {
    /// The status as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Revoked => "revoked",
        }
    }

    /// The status of a stored text, if it is one.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Revoked].into_iter().find(|status| status.as_str() == text)
    }
}

/// The state of a token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Token {
    issued: bool,
    status: TokenStatus,
    third_party: Option<ThirdPartyId>,
    client: Option<ClientId>,
}

/// What can be asked of a token.
#[derive(Debug, Clone)]
pub enum TokenCommand {
    /// Issue a manual token.
    IssueManual {
        /// Whom it is for.
        third_party: ThirdPartyId,
        /// The client it is bound to.
        client: ClientId,
        /// SHA-256 of the token.
        digest: Digest,
        /// By which people tell it apart.
        last_four: String,
        /// What it allows.
        scopes: Vec<Scope>,
        /// When it expires; after the organization's default unless chosen.
        expires_at: Option<Timestamp>,
        /// The organization's default, in calendar months from now.
        default_months: u16,
        /// The organization's limit, in calendar months from now.
        maximum_months: u16,
    },
    /// Issue an access token.
    IssueAccess {
        /// The third party that the client belongs to.
        third_party: Option<ThirdPartyId>,
        /// The client it is issued to.
        client: ClientId,
        /// SHA-256 of the token.
        digest: Digest,
        /// By which people tell it apart.
        last_four: String,
        /// What it allows.
        scopes: Vec<String>,
        /// For how long; `None` for a token that does not expire.
        lifetime: Option<SignedDuration>,
        /// The member's grant that it comes from, if it comes from one.
        authorization: Option<AuthorizationId>,
    },
    /// Switch it on again.
    Activate,
    /// Switch it off.
    Deactivate,
    /// End it for good.
    Revoke,
}

/// What can happen to a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
#[expect(missing_docs, reason = "events are documented with their shapes in docs/journal-format.md")]
pub enum TokenEvent {
    TokenIssued {
        kind: TokenKind,
        third_party: Option<ThirdPartyId>,
        client: Option<ClientId>,
        digest: Digest,
        last_four: String,
        scopes: Vec<String>,
        issued_at: Timestamp,
        expires_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authorization: Option<AuthorizationId>,
    },
    TokenActivated {},
    TokenDeactivated {},
    TokenRevoked {},
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum TokenError {
    #[error("the token exists already")]
    Exists,
    #[error("there is no such token")]
    Unknown,
    #[error("the token was revoked: a revoked token can't be switched on again, add a new one")]
    Revoked,
    #[error("choose a date in the future")]
    ExpiryInThePast,
    #[error("choose a date within {months} months: the organization allows no longer")]
    ExpiryTooLate { months: u16 },
}

journaled!(
    Token = "token",
    TokenCommand,
    TokenEvent,
    TokenError,
    [TokenIssued, TokenActivated, TokenDeactivated, TokenRevoked]
);

impl Token {
    fn refers_to(&self, id: StreamId) -> References {
        References { third_party: self.third_party, client: self.client, token: Some(id.into()) }
    }

    fn decide(&self, command: TokenCommand, services: &dyn DomainServices) -> Result<Option<TokenEvent>, TokenError> {
        use TokenCommand as Command;
        use TokenEvent as Event;

        let issued_at = services.now();
        if matches!(command, Command::IssueManual { .. } | Command::IssueAccess { .. }) == self.issued {
            return Err(if self.issued { TokenError::Exists } else { TokenError::Unknown });
        }
        Ok(match (command, self.status) {
            (
                Command::IssueManual {
                    third_party,
                    client,
                    digest,
                    last_four,
                    scopes,
                    expires_at,
                    default_months,
                    maximum_months,
                },
                _,
            ) => Some(Event::TokenIssued {
                kind: TokenKind::Manual,
                third_party: Some(third_party),
                client: Some(client),
                digest,
                last_four,
                scopes: scopes.iter().map(ToString::to_string).collect(),
                issued_at,
                expires_at: Some(manual_expiry(issued_at, expires_at, default_months, maximum_months)?),
                authorization: None,
            }),
            (Command::IssueAccess { third_party, client, digest, last_four, scopes, lifetime, authorization }, _) => {
                Some(Event::TokenIssued {
                    kind: TokenKind::Access,
                    third_party,
                    client: Some(client),
                    digest,
                    last_four,
                    scopes,
                    issued_at,
                    expires_at: lifetime.map(|lifetime| issued_at + lifetime),
                    authorization,
                })
            }
            (Command::Activate, TokenStatus::Revoked) => return Err(TokenError::Revoked),
            (Command::Activate, TokenStatus::Inactive) => Some(Event::TokenActivated {}),
            (Command::Deactivate, TokenStatus::Active) => Some(Event::TokenDeactivated {}),
            (Command::Revoke, TokenStatus::Active | TokenStatus::Inactive) => Some(Event::TokenRevoked {}),
            _ => None,
        })
    }
}

/// When a manual token expires: as chosen, within the organization's limit; otherwise after the organization's default,
/// or at the limit where that is shorter.
fn manual_expiry(
    issued_at: Timestamp,
    chosen: Option<Timestamp>,
    default_months: u16,
    maximum_months: u16,
) -> Result<Timestamp, TokenError> {
    let too_late = TokenError::ExpiryTooLate { months: maximum_months };
    let latest = add_calendar_months(issued_at, maximum_months).ok_or_else(|| too_late.clone())?;
    let at = chosen.unwrap_or_else(|| add_calendar_months(issued_at, default_months).unwrap_or(latest).min(latest));
    if at <= issued_at {
        return Err(TokenError::ExpiryInThePast);
    }
    if at > latest { Err(too_late) } else { Ok(whole_microseconds(at)) }
}

/// What the database keeps of an instant.
fn whole_microseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

impl Token {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "same shape as the other aggregates, which keep parts of the event"
    )]
    fn evolve(&mut self, event: TokenEvent) {
        match event {
            TokenEvent::TokenIssued { third_party, client, .. } => {
                *self = Self { issued: true, status: TokenStatus::Active, third_party, client };
            }
            TokenEvent::TokenActivated {} => self.status = TokenStatus::Active,
            TokenEvent::TokenDeactivated {} => self.status = TokenStatus::Inactive,
            TokenEvent::TokenRevoked {} => self.status = TokenStatus::Revoked,
        }
    }
}
