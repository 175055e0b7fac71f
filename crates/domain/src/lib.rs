//! The rules of Countersign, free of I/O: aggregates with their commands, events and errors, value types, and the
//! pure functions (token validity, permissions, expiry) that every other part calls.
//!
//! Time, randomness and commitments of personal data come in through [`Services`] only, so any rule can be tested at
//! any date.

pub mod api_scope;
pub mod authorization;
pub mod client;
pub mod client_settings;
pub mod consent;
pub mod event;
pub mod expiry;
pub mod identifiers;
pub mod member;
pub mod organization;
pub mod permissions;
pub mod personal;
pub mod secret;
pub mod services;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod third_party;
pub mod token;
pub mod validity;
pub mod values;

pub use api_scope::{ApiScope, Rights};
pub use authorization::{Authorization, AuthorizationCommand, AuthorizationError, AuthorizationEvent};
pub use client::{Client, ClientCommand, ClientError, ClientEvent};
pub use client_settings::{ClientSettings, GrantType, SettingsBounds};
pub use consent::{Consent, ConsentCommand, ConsentError, ConsentEvent};
pub use event::{Change, DomainError, JournalEvent, JournaledAggregate, References};
pub use identifiers::{
    AuthorizationId, ClientId, ConsentId, JobId, MemberId, OrganizationId, SecretId, SessionId, StreamId, SubjectId,
    ThirdPartyId, TokenId, VerifierId,
};
pub use member::{Member, MemberCommand, MemberError, MemberEvent};
pub use organization::{
    AccessTokenLifetimes, Organization, OrganizationCommand, OrganizationError, OrganizationEvent, OrganizationSettings,
};
pub use permissions::{Right, Role};
pub use personal::Personal;
pub use secret::{Digest, ParsedSecret, Secret, SecretError, SecretKind};
pub use services::{Actor, DomainServices, Services};
pub use third_party::{ThirdParty, ThirdPartyCommand, ThirdPartyError, ThirdPartyEvent};
pub use token::{Token, TokenCommand, TokenError, TokenEvent};
pub use values::InvalidValue;
