//! Identifiers. Each is a UUID under a type of its own, so that one kind is never taken for another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The identifier of any event stream: one aggregate, one stream.
pub type StreamId = Uuid;

macro_rules! identifier {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The identifier as a plain UUID, for storage.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

identifier! {
    /// An organization (tenant).
    OrganizationId,
    /// Long work that a member asked for.
    JobId,
    /// A person in an organization.
    MemberId,
    /// A third party of an organization.
    ThirdPartyId,
    /// The record of an OAuth client. Not the `client_id` of the protocol: that is [`crate::values::ClientIdentifier`].
    ClientId,
    /// One member's grant to one client, with its code and its family of tokens.
    AuthorizationId,
    /// What one member lets one client have without being asked again.
    ConsentId,
    /// One of the secrets of a client.
    SecretId,
    /// A token, of whatever kind.
    TokenId,
    /// A signed-in browser or API session of a member.
    SessionId,
    /// The stored verifier of something a person chose (Argon2id).
    VerifierId,
    /// A natural person (or a source that may lead to one) whose data can be erased from the journal's disclosures.
    SubjectId,
}
