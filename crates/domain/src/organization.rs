//! The organization (tenant).

use serde::{Deserialize, Serialize};

use crate::event::journaled;
use crate::values::{HostName, OrganizationName, Slug};
use crate::{Change, DomainServices, References, StreamId};

/// The state of an organization.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    created: bool,
    name: String,
    suspended: bool,
    maximum_token_months: u16,
    host: Option<String>,
}

/// The longest life of a manual token, in calendar months, in a new organization.
pub const DEFAULT_MAXIMUM_TOKEN_MONTHS: u16 = 24;

/// What can be asked of an organization.
#[derive(Debug, Clone)]
pub enum OrganizationCommand {
    /// Begin the organization.
    Create {
        /// The name in its URLs.
        slug: Slug,
        /// The name that people read.
        name: OrganizationName,
    },
    /// Change the name that people read.
    Rename(OrganizationName),
    /// Stop every access to and through the organization.
    Suspend,
    /// Undo a suspension.
    Resume,
    /// Set the longest life of a manual token, in calendar months (1 to 120).
    LimitTokenLifetime {
        /// Calendar months.
        months: u16,
    },
    /// Give the organization a host name of its own, or take it away. The name belongs to one organization of the
    /// installation.
    SetHostName(Option<HostName>),
}

/// What can happen to an organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
#[expect(missing_docs, reason = "events are documented with their shapes in docs/journal-format.md")]
pub enum OrganizationEvent {
    OrganizationCreated { slug: String, name: String, maximum_token_months: u16 },
    OrganizationRenamed { name: Change<String> },
    OrganizationSuspended {},
    OrganizationResumed {},
    TokenLifetimeLimited { months: Change<u16> },
    HostNameChanged { host: Change<Option<String>> },
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum OrganizationError {
    #[error("the organization exists already")]
    Exists,
    #[error("there is no such organization")]
    Unknown,
    #[error("choose 1 to 120 months")]
    MonthsOutOfRange,
}

journaled!(
    Organization = "organization",
    OrganizationCommand,
    OrganizationEvent,
    OrganizationError,
    [
        OrganizationCreated,
        OrganizationRenamed,
        OrganizationSuspended,
        OrganizationResumed,
        TokenLifetimeLimited,
        HostNameChanged
    ]
);

impl Organization {
    #[expect(clippy::unused_self, reason = "same shape as the other aggregates, which know what they refer to")]
    fn refers_to(&self, _id: StreamId) -> References {
        References::default()
    }

    fn decide(
        &self,
        command: OrganizationCommand,
        _services: &dyn DomainServices,
    ) -> Result<Option<OrganizationEvent>, OrganizationError> {
        if let OrganizationCommand::Create { slug, name } = command {
            if self.created {
                return Err(OrganizationError::Exists);
            }
            return Ok(Some(OrganizationEvent::OrganizationCreated {
                slug: slug.to_string(),
                name: name.to_string(),
                maximum_token_months: DEFAULT_MAXIMUM_TOKEN_MONTHS,
            }));
        }
        if !self.created {
            return Err(OrganizationError::Unknown);
        }
        Ok(match command {
            OrganizationCommand::Create { .. } => None,
            OrganizationCommand::Rename(name) => Change::between(&self.name, name.to_string())
                .map(|name| OrganizationEvent::OrganizationRenamed { name }),
            OrganizationCommand::Suspend => (!self.suspended).then_some(OrganizationEvent::OrganizationSuspended {}),
            OrganizationCommand::Resume => self.suspended.then_some(OrganizationEvent::OrganizationResumed {}),
            OrganizationCommand::LimitTokenLifetime { months } => {
                if !(1..=120).contains(&months) {
                    return Err(OrganizationError::MonthsOutOfRange);
                }
                Change::between(&self.maximum_token_months, months)
                    .map(|months| OrganizationEvent::TokenLifetimeLimited { months })
            }
            OrganizationCommand::SetHostName(host) => Change::between(&self.host, host.map(|host| host.to_string()))
                .map(|host| OrganizationEvent::HostNameChanged { host }),
        })
    }
}

impl Organization {
    fn evolve(&mut self, event: OrganizationEvent) {
        match event {
            OrganizationEvent::OrganizationCreated { name, maximum_token_months, .. } => {
                self.created = true;
                self.name = name;
                self.maximum_token_months = maximum_token_months;
            }
            OrganizationEvent::OrganizationRenamed { name } => self.name = name.to,
            OrganizationEvent::OrganizationSuspended {} => self.suspended = true,
            OrganizationEvent::OrganizationResumed {} => self.suspended = false,
            OrganizationEvent::TokenLifetimeLimited { months } => self.maximum_token_months = months.to,
            OrganizationEvent::HostNameChanged { host } => self.host = host.to,
        }
    }
}
