//! The authorization: one member's grant to one client, with its code and its family of tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::event::journaled;
use crate::{ClientId, Digest, DomainServices, MemberId, References, StreamId, ThirdPartyId};

/// How long an authorization code lives (RFC 6749 section 4.1.2 recommends ten minutes at most).
pub const CODE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// For how long a rotated refresh token is answered with the same successor, so that a client which lost the answer can
/// ask again.
pub const REFRESH_RETRY_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// The current refresh token of a family, and the one before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RefreshFamily {
    current: Digest,
    previous: Option<(Digest, Timestamp)>,
}

/// The state of an authorization.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Authorization {
    grant: Option<Grant>,
    code_expires_at: Option<Timestamp>,
    redeemed: bool,
    revoked: bool,
    refresh: Option<RefreshFamily>,
}

/// What a member granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// To which client.
    pub client: ClientId,
    /// The third party that the client belongs to.
    pub third_party: Option<ThirdPartyId>,
    /// Who granted it: the passthru user.
    pub member: MemberId,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// Whether the authorization request named the redirect URI; the token request then has to name it again.
    pub redirect_uri_was_sent: bool,
    /// SHA-256 of the code.
    pub code: Digest,
    /// By which people tell the code apart.
    pub code_last_four: String,
    /// The PKCE challenge (RFC 7636 section 4.2, method S256).
    pub code_challenge: Option<String>,
}

/// What can be asked of an authorization.
#[derive(Debug, Clone)]
pub enum AuthorizationCommand {
    /// Put a member's grant on the record, with the code that goes to the client.
    Grant(Grant),
    /// Redeem the code (RFC 6749 section 4.1.3).
    Redeem {
        /// The authenticated client.
        client: ClientId,
        /// The `redirect_uri` of the token request.
        redirect_uri: Option<String>,
        /// The `code_verifier` of the token request (RFC 7636 section 4.5).
        code_verifier: Option<String>,
        /// SHA-256 of the refresh token that is given out, if one is.
        refresh: Option<Digest>,
    },
    /// End what a code gave, because it was presented again.
    RecordReplay,
    /// Replace the refresh token by its successor (RFC 6749 section 6, RFC 9700 section 4.14.2).
    Refresh {
        /// The authenticated client.
        client: ClientId,
        /// SHA-256 of the presented refresh token.
        presented: Digest,
        /// SHA-256 of its successor.
        successor: Digest,
    },
    /// End the family, because a refresh token was used again.
    RecordReuse,
    /// End the authorization and all its tokens.
    Revoke,
}

/// What can happen to an authorization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
#[expect(missing_docs, reason = "events are documented with their shapes in docs/journal-format.md")]
pub enum AuthorizationEvent {
    AuthorizationGranted {
        #[serde(flatten)]
        grant: Grant,
        code_expires_at: Timestamp,
    },
    CodeRedeemed {
        refresh: Option<Digest>,
    },
    CodeReplayed {},
    RefreshTokenRotated {
        from: Digest,
        to: Digest,
        rotated_at: Timestamp,
    },
    RefreshTokenReused {},
    AuthorizationRevoked {},
}

/// Why a command was refused. To the client most are the same `invalid_grant`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum AuthorizationError {
    #[error("the authorization exists already")]
    Exists,
    #[error("there is no such authorization")]
    Unknown,
    #[error("it was issued to another client")]
    OtherClient,
    #[error("the authorization was revoked")]
    Revoked,
    #[error("the code has expired: begin again at the authorization endpoint")]
    CodeExpired,
    #[error("the code was redeemed before, so everything it gave was revoked")]
    CodeReplayed,
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUriMismatch,
    #[error("code_verifier is missing: the authorization request had a code_challenge")]
    MissingVerifier,
    #[error("code_verifier was sent, but the authorization request had no code_challenge")]
    UnexpectedVerifier,
    #[error("code_verifier does not fit the code_challenge")]
    WrongVerifier,
    #[error("the refresh token was used before, so all tokens of its family were revoked")]
    RefreshTokenReused,
}

journaled!(
    Authorization = "authorization",
    AuthorizationCommand,
    AuthorizationEvent,
    AuthorizationError,
    [AuthorizationGranted, CodeRedeemed, CodeReplayed, RefreshTokenRotated, RefreshTokenReused, AuthorizationRevoked,]
);

impl Authorization {
    fn refers_to(&self, _id: StreamId) -> References {
        let (third_party, client) = match &self.grant {
            Some(grant) => (grant.third_party, Some(grant.client)),
            None => (None, None),
        };
        References { third_party, client, token: None }
    }

    /// What was granted, once it was.
    pub fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }

    /// Whether this is the refresh token that brings the next access token.
    pub fn is_current(&self, refresh_token: Digest) -> bool {
        !self.revoked && self.refresh.as_ref().is_some_and(|family| family.current == refresh_token)
    }

    fn decide(
        &self,
        command: AuthorizationCommand,
        services: &dyn DomainServices,
    ) -> Result<Option<AuthorizationEvent>, AuthorizationError> {
        use AuthorizationCommand as Command;
        use AuthorizationEvent as Event;

        let (command, grant) = match (command, &self.grant) {
            (Command::Grant(_), Some(_)) => return Err(AuthorizationError::Exists),
            (Command::Grant(grant), None) => {
                return Ok(Some(Event::AuthorizationGranted {
                    grant,
                    code_expires_at: services.now() + CODE_LIFETIME,
                }));
            }
            (_, None) => return Err(AuthorizationError::Unknown),
            (command, Some(grant)) => (command, grant),
        };
        Ok(match command {
            Command::Grant(_) => None,
            Command::Redeem { client, redirect_uri, code_verifier, refresh } => {
                self.check_redemption(
                    grant,
                    client,
                    redirect_uri.as_deref(),
                    code_verifier.as_deref(),
                    services.now(),
                )?;
                Some(Event::CodeRedeemed { refresh })
            }
            Command::RecordReplay => (!self.revoked).then_some(Event::CodeReplayed {}),
            Command::Refresh { client, presented, successor } => {
                self.refresh(grant, client, presented, successor, services.now())?
            }
            Command::RecordReuse => (!self.revoked).then_some(Event::RefreshTokenReused {}),
            Command::Revoke => (!self.revoked).then_some(Event::AuthorizationRevoked {}),
        })
    }

    /// Another client is refused first, so that it can't end what isn't its own.
    fn check_redemption(
        &self,
        grant: &Grant,
        client: ClientId,
        redirect_uri: Option<&str>,
        code_verifier: Option<&str>,
        now: Timestamp,
    ) -> Result<(), AuthorizationError> {
        if grant.client != client {
            return Err(AuthorizationError::OtherClient);
        }
        if self.redeemed {
            return Err(AuthorizationError::CodeReplayed);
        }
        if self.revoked {
            return Err(AuthorizationError::Revoked);
        }
        if self.code_expires_at.is_none_or(|at| at <= now) {
            return Err(AuthorizationError::CodeExpired);
        }
        match redirect_uri {
            Some(uri) if uri != grant.redirect_uri => return Err(AuthorizationError::RedirectUriMismatch),
            None if grant.redirect_uri_was_sent => return Err(AuthorizationError::RedirectUriMismatch),
            _ => {}
        }
        match (&grant.code_challenge, code_verifier) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(AuthorizationError::MissingVerifier),
            (None, Some(_)) => Err(AuthorizationError::UnexpectedVerifier),
            (Some(challenge), Some(verifier)) if *challenge == code_challenge(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(AuthorizationError::WrongVerifier),
        }
    }

    fn refresh(
        &self,
        grant: &Grant,
        client: ClientId,
        presented: Digest,
        successor: Digest,
        now: Timestamp,
    ) -> Result<Option<AuthorizationEvent>, AuthorizationError> {
        if grant.client != client {
            return Err(AuthorizationError::OtherClient);
        }
        if self.revoked {
            return Err(AuthorizationError::Revoked);
        }
        let family = self.refresh.as_ref().ok_or(AuthorizationError::Unknown)?;
        if presented == family.current {
            return Ok(Some(AuthorizationEvent::RefreshTokenRotated {
                from: presented,
                to: successor,
                rotated_at: now,
            }));
        }
        match family.previous {
            // The successor is derived from the presented token, so it is the one that was answered before.
            Some((previous, rotated_at))
                if previous == presented
                    && family.current == successor
                    && now.duration_since(rotated_at) <= REFRESH_RETRY_WINDOW =>
            {
                Ok(None)
            }
            _ => Err(AuthorizationError::RefreshTokenReused),
        }
    }
}

/// The S256 challenge of a verifier (RFC 7636 section 4.2).
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

impl Authorization {
    fn evolve(&mut self, event: AuthorizationEvent) {
        match event {
            AuthorizationEvent::AuthorizationGranted { grant, code_expires_at } => {
                *self = Self { grant: Some(grant), code_expires_at: Some(code_expires_at), ..Self::default() };
            }
            AuthorizationEvent::CodeRedeemed { refresh } => {
                self.redeemed = true;
                self.refresh = refresh.map(|current| RefreshFamily { current, previous: None });
            }
            AuthorizationEvent::RefreshTokenRotated { from, to, rotated_at } => {
                self.refresh = Some(RefreshFamily { current: to, previous: Some((from, rotated_at)) });
            }
            AuthorizationEvent::CodeReplayed {}
            | AuthorizationEvent::RefreshTokenReused {}
            | AuthorizationEvent::AuthorizationRevoked {} => self.revoked = true,
        }
    }
}
