//! Names that must be unique within an organization. The journal asks here before it accepts an append.

use std::fmt;

use countersign_domain::values::{EmailAddress, ThirdPartyName};
use countersign_domain::{ClientEvent, JournalEvent, MemberEvent, ThirdPartyEvent};
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// What kind of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameKind {
    /// The name of a third party that was not deleted.
    ThirdParty,
    /// The `client_id` of a client that was not deleted.
    ClientIdentifier,
    /// The e-mail address of a member.
    MemberEmail,
    /// The slug of an organization; unique in the whole installation, not kept in this table.
    OrganizationSlug,
    /// The host name of an organization; likewise.
    HostName,
}

impl NameKind {
    /// The kind as it is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ThirdParty => "third_party",
            Self::ClientIdentifier => "client_identifier",
            Self::MemberEmail => "member_email",
            Self::OrganizationSlug => "organization_slug",
            Self::HostName => "host_name",
        }
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ThirdParty => "this third party name",
            Self::ClientIdentifier => "this Client ID",
            Self::MemberEmail => "this e-mail address",
            Self::OrganizationSlug => "this organization name",
            Self::HostName => "this host name",
        })
    }
}

/// The projection.
pub(crate) struct UniqueNames;

/// What an event does to a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NameChange {
    Taken(NameKind, String),
    Released(NameKind, String),
}

impl NameChange {
    pub(crate) fn key(&self) -> (String, String) {
        let (Self::Taken(kind, name) | Self::Released(kind, name)) = self;
        (kind.as_str().to_owned(), name.clone())
    }
}

impl UniqueNames {
    /// What the event does to names; releases come before takes, so that a change of case keeps the name.
    pub(crate) fn changes(event: &ProjectedEvent<'_>) -> Vec<NameChange> {
        use NameChange::{Released, Taken};
        match event.event {
            JournalEvent::ThirdParty(ThirdPartyEvent::ThirdPartyAdded { name, .. }) => {
                vec![Taken(NameKind::ThirdParty, third_party_key(name))]
            }
            JournalEvent::ThirdParty(ThirdPartyEvent::ThirdPartyRenamed { name }) => vec![
                Released(NameKind::ThirdParty, third_party_key(&name.from)),
                Taken(NameKind::ThirdParty, third_party_key(&name.to)),
            ],
            JournalEvent::ThirdParty(ThirdPartyEvent::ThirdPartyDeleted { name }) => {
                vec![Released(NameKind::ThirdParty, third_party_key(name))]
            }
            JournalEvent::Client(ClientEvent::ClientRegistered { identifier, .. }) => {
                vec![Taken(NameKind::ClientIdentifier, identifier.clone())]
            }
            JournalEvent::Client(ClientEvent::ClientDeleted { identifier }) => {
                vec![Released(NameKind::ClientIdentifier, identifier.clone())]
            }
            JournalEvent::Member(MemberEvent::MemberAdded { email, .. }) => event
                .reveal(email)
                .map(|email| Taken(NameKind::MemberEmail, member_email_key(&email)))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn third_party_key(name: &str) -> String {
    ThirdPartyName::unique_key_of(name)
}

/// By what a member's e-mail address is compared.
pub(crate) fn member_email_key(email: &str) -> String {
    EmailAddress::unique_key_of(email)
}

impl Projection for UniqueNames {
    type Key = (String, String);
    type Row = Uuid;

    const TABLE: &'static str = "unique_names";
    const KEY: &'static [Column] = &[("kind", "text"), ("name", "text")];
    const VALUES: &'static [Column] = &[("holder_id", "uuid")];
    // The name may be a person's e-mail address.
    const SHOWN: &'static [Column] = &[("kind", "text"), ("holder_id", "uuid")];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Self::Key> {
        let mut keys = Self::changes(event).iter().map(NameChange::key).collect::<Vec<_>>();
        keys.dedup();
        keys
    }

    fn creates(_: &ProjectedEvent<'_>) -> bool {
        false
    }

    fn apply(key: &Self::Key, row: Option<Uuid>, event: &ProjectedEvent<'_>) -> Option<Uuid> {
        Self::changes(event).iter().filter(|change| change.key() == *key).fold(row, |_, change| match change {
            NameChange::Taken(..) => Some(event.stream_id),
            NameChange::Released(..) => None,
        })
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Self::Key, Uuid), tokio_postgres::Error> {
        Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?))
    }

    fn key_arrays(keys: &[&Self::Key]) -> Vec<ArrayParameter> {
        vec![array(keys, |(kind, _)| kind.clone()), array(keys, |(_, name)| name.clone())]
    }

    fn value_arrays(rows: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(rows, |row| *row)]
    }
}
