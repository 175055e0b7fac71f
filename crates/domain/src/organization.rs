//! The organization (tenant).

use serde::{Deserialize, Serialize};

use crate::client_settings::SHORTEST_LIFETIME;
use crate::event::journaled;
use crate::expiry::MANUAL_TOKEN_MONTHS;
use crate::values::{HostName, OrganizationName, Slug};
use crate::{Change, DomainServices, JobId, References, StreamId};

/// The state of an organization.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    created: bool,
    suspended: bool,
    is_operators: bool,
    settings: OrganizationSettings,
}

/// What is set in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationSettings {
    /// The name that people read.
    pub name: String,
    /// The host name of its own, if it has one.
    pub host: Option<String>,
    /// The longest life of a manual token, in calendar months.
    pub maximum_token_months: u16,
    /// The life of a manual token unless a date is chosen, in calendar months. The maximum goes before.
    pub default_token_months: u16,
    /// How long access tokens live.
    pub access_tokens: AccessTokenLifetimes,
    /// Whether members must sign in with codes (TOTP).
    pub sign_in_codes_required: bool,
}

impl Default for OrganizationSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            host: None,
            maximum_token_months: DEFAULT_MAXIMUM_TOKEN_MONTHS,
            default_token_months: MANUAL_TOKEN_MONTHS,
            access_tokens: AccessTokenLifetimes::default(),
            sign_in_codes_required: false,
        }
    }
}

impl OrganizationSettings {
    /// The life of a manual token for which no date is chosen, in calendar months.
    pub fn usual_token_months(&self) -> u16 {
        self.default_token_months.min(self.maximum_token_months)
    }
}

/// The name in URLs of the organization whose owners run the installation.
pub const OPERATORS_SLUG: &str = "operator";

/// Names in URLs that no organization of a customer gets: that of the operators, and one that means something else in
/// the addresses of their pages.
const RESERVED_SLUGS: [&str; 2] = [OPERATORS_SLUG, "new"];

/// The longest life of a manual token, in calendar months, in a new organization.
pub const DEFAULT_MAXIMUM_TOKEN_MONTHS: u16 = 24;
/// The life of an access token, in seconds, in a new organization.
pub const DEFAULT_ACCESS_TOKEN_SECONDS: u32 = 3600;
/// The longest life of access tokens that can be set, in seconds: ten years.
pub const LONGEST_ACCESS_TOKEN_SECONDS: u32 = 10 * 365 * 24 * 3600;

/// How long the access tokens of an organization's clients live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenLifetimes {
    /// Those of clients that are not set otherwise, in seconds. The maximum goes before.
    pub default: u32,
    /// The longest life, in seconds.
    pub maximum: Option<u32>,
}

impl Default for AccessTokenLifetimes {
    fn default() -> Self {
        Self { default: DEFAULT_ACCESS_TOKEN_SECONDS, maximum: None }
    }
}

impl AccessTokenLifetimes {
    /// The life of a client's tokens, of which the client's settings may say something.
    pub fn of(self, chosen: Option<u32>) -> u32 {
        self.cut(chosen.unwrap_or(self.default))
    }

    /// The life of tokens that have no end (`None`) unless the client's settings or the maximum give them one.
    pub fn of_endless(self, chosen: Option<u32>) -> Option<u32> {
        chosen.map(|seconds| self.cut(seconds)).or(self.maximum)
    }

    /// The part of a life that the maximum leaves.
    pub fn cut(self, seconds: u32) -> u32 {
        self.maximum.map_or(seconds, |maximum| seconds.min(maximum))
    }
}

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
    /// Begin the organization whose owners run the installation.
    CreateForOperators {
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
    /// Set the life of a manual token for which no date is chosen, in calendar months (1 to the longest life).
    SetDefaultTokenLifetime {
        /// Calendar months.
        months: u16,
    },
    /// Set the longest life of access tokens, or none.
    LimitAccessTokenLifetime {
        /// Seconds.
        seconds: Option<u32>,
    },
    /// Set the life of the access tokens of clients that are not set otherwise (60 seconds to the longest life).
    SetDefaultAccessTokenLifetime {
        /// Seconds.
        seconds: u32,
    },
    /// Set whether members must sign in with codes (TOTP).
    RequireSignInCodes(bool),
    /// Give the organization a host name of its own, or take it away. The name belongs to one organization of the
    /// installation.
    SetHostName(Option<HostName>),
    /// Note that the timeline was asked for as a file.
    ExportAudit {
        /// The job that writes it.
        job: JobId,
        /// As what.
        format: ExportFormat,
        /// By what it is filtered: names of filters, without their values, which may be about a person.
        filters: Vec<String>,
        /// The last position that can be in it.
        up_to: u64,
    },
}

/// As what the timeline is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// JSON, an object a line.
    Ndjson,
}

impl ExportFormat {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Ndjson];

    /// As it is written in records, forms and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
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
    DefaultTokenLifetimeChanged { months: Change<u16> },
    AccessTokenLifetimeLimited { seconds: Change<Option<u32>> },
    DefaultAccessTokenLifetimeChanged { seconds: Change<u32> },
    SignInCodesRequired {},
    SignInCodesMadeOptional {},
    AuditExported { job: JobId, format: ExportFormat, filters: Vec<String>, up_to: u64 },
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum OrganizationError {
    #[error("the organization exists already")]
    Exists,
    #[error("there is no such organization")]
    Unknown,
    #[error("{0} is reserved for those who run the installation: choose another name in URLs")]
    ReservedSlug(Slug),
    #[error("the organization of those who run the installation can't be suspended, and has no host name")]
    OfOperators,
    #[error("choose 1 to 120 months")]
    MonthsOutOfRange,
    #[error("choose 1 to {maximum} months: the longest life goes before")]
    DefaultMonthsOutOfRange { maximum: u16 },
    #[error("choose 60 to {LONGEST_ACCESS_TOKEN_SECONDS} seconds, or leave it empty")]
    SecondsOutOfRange,
    #[error("choose 60 to {maximum} seconds, which is as long as access tokens can live")]
    DefaultSecondsOutOfRange { maximum: u32 },
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
        HostNameChanged,
        DefaultTokenLifetimeChanged,
        AccessTokenLifetimeLimited,
        DefaultAccessTokenLifetimeChanged,
        SignInCodesRequired,
        SignInCodesMadeOptional,
        AuditExported,
    ]
);

impl Organization {
    #[expect(clippy::unused_self, reason = "same shape as the other aggregates, which know what they refer to")]
    fn refers_to(&self, _id: StreamId) -> References {
        References::default()
    }

    /// What is set in it.
    pub fn settings(&self) -> &OrganizationSettings {
        &self.settings
    }

    fn decide(
        &self,
        command: OrganizationCommand,
        _services: &dyn DomainServices,
    ) -> Result<Option<OrganizationEvent>, OrganizationError> {
        match command {
            OrganizationCommand::Create { slug, .. } if RESERVED_SLUGS.contains(&slug.as_str()) => {
                return Err(OrganizationError::ReservedSlug(slug));
            }
            OrganizationCommand::Create { slug, name } => return self.create(slug.to_string(), &name).map(Some),
            OrganizationCommand::CreateForOperators { name } => {
                return self.create(OPERATORS_SLUG.to_owned(), &name).map(Some);
            }
            _ if !self.created => return Err(OrganizationError::Unknown),
            OrganizationCommand::Suspend | OrganizationCommand::SetHostName(_) if self.is_operators => {
                return Err(OrganizationError::OfOperators);
            }
            _ => {}
        }
        let OrganizationSettings { access_tokens, maximum_token_months, .. } = &self.settings;
        Ok(match command {
            OrganizationCommand::Create { .. } | OrganizationCommand::CreateForOperators { .. } => None,
            OrganizationCommand::Rename(name) => Change::between(&self.settings.name, name.to_string())
                .map(|name| OrganizationEvent::OrganizationRenamed { name }),
            OrganizationCommand::Suspend => (!self.suspended).then_some(OrganizationEvent::OrganizationSuspended {}),
            OrganizationCommand::Resume => self.suspended.then_some(OrganizationEvent::OrganizationResumed {}),
            OrganizationCommand::LimitTokenLifetime { months } => {
                if !(1..=120).contains(&months) {
                    return Err(OrganizationError::MonthsOutOfRange);
                }
                Change::between(maximum_token_months, months)
                    .map(|months| OrganizationEvent::TokenLifetimeLimited { months })
            }
            OrganizationCommand::SetDefaultTokenLifetime { months } => {
                if !(1..=*maximum_token_months).contains(&months) {
                    return Err(OrganizationError::DefaultMonthsOutOfRange { maximum: *maximum_token_months });
                }
                Change::between(&self.settings.default_token_months, months)
                    .map(|months| OrganizationEvent::DefaultTokenLifetimeChanged { months })
            }
            OrganizationCommand::LimitAccessTokenLifetime { seconds } => {
                if seconds.is_some_and(|seconds| !(SHORTEST_LIFETIME..=LONGEST_ACCESS_TOKEN_SECONDS).contains(&seconds))
                {
                    return Err(OrganizationError::SecondsOutOfRange);
                }
                Change::between(&access_tokens.maximum, seconds)
                    .map(|seconds| OrganizationEvent::AccessTokenLifetimeLimited { seconds })
            }
            OrganizationCommand::SetDefaultAccessTokenLifetime { seconds } => {
                let maximum = access_tokens.cut(LONGEST_ACCESS_TOKEN_SECONDS);
                if !(SHORTEST_LIFETIME..=maximum).contains(&seconds) {
                    return Err(OrganizationError::DefaultSecondsOutOfRange { maximum });
                }
                Change::between(&access_tokens.default, seconds)
                    .map(|seconds| OrganizationEvent::DefaultAccessTokenLifetimeChanged { seconds })
            }
            OrganizationCommand::RequireSignInCodes(required) if required == self.settings.sign_in_codes_required => {
                None
            }
            OrganizationCommand::RequireSignInCodes(true) => Some(OrganizationEvent::SignInCodesRequired {}),
            OrganizationCommand::RequireSignInCodes(false) => Some(OrganizationEvent::SignInCodesMadeOptional {}),
            OrganizationCommand::SetHostName(host) => {
                Change::between(&self.settings.host, host.map(|host| host.to_string()))
                    .map(|host| OrganizationEvent::HostNameChanged { host })
            }
            OrganizationCommand::ExportAudit { job, format, filters, up_to } => {
                Some(OrganizationEvent::AuditExported { job, format, filters, up_to })
            }
        })
    }
}

impl Organization {
    fn create(&self, slug: String, name: &OrganizationName) -> Result<OrganizationEvent, OrganizationError> {
        if self.created {
            return Err(OrganizationError::Exists);
        }
        let name = name.to_string();
        Ok(OrganizationEvent::OrganizationCreated { slug, name, maximum_token_months: DEFAULT_MAXIMUM_TOKEN_MONTHS })
    }

    fn evolve(&mut self, event: OrganizationEvent) {
        match event {
            OrganizationEvent::OrganizationCreated { slug, name, maximum_token_months } => {
                self.created = true;
                self.is_operators = slug == OPERATORS_SLUG;
                self.settings = OrganizationSettings { name, maximum_token_months, ..OrganizationSettings::default() };
            }
            OrganizationEvent::OrganizationRenamed { name } => self.settings.name = name.to,
            OrganizationEvent::OrganizationSuspended {} => self.suspended = true,
            OrganizationEvent::OrganizationResumed {} => self.suspended = false,
            OrganizationEvent::TokenLifetimeLimited { months } => {
                self.settings.maximum_token_months = months.to;
            }
            OrganizationEvent::HostNameChanged { host } => self.settings.host = host.to,
            OrganizationEvent::DefaultTokenLifetimeChanged { months } => {
                self.settings.default_token_months = months.to;
            }
            OrganizationEvent::AccessTokenLifetimeLimited { seconds } => {
                self.settings.access_tokens.maximum = seconds.to;
            }
            OrganizationEvent::DefaultAccessTokenLifetimeChanged { seconds } => {
                self.settings.access_tokens.default = seconds.to;
            }
            OrganizationEvent::SignInCodesRequired {} => self.settings.sign_in_codes_required = true,
            OrganizationEvent::SignInCodesMadeOptional {} => self.settings.sign_in_codes_required = false,
            OrganizationEvent::AuditExported { .. } => {}
        }
    }
}
