//! Whether a token gives access, and if not, why: one pure function for every endpoint and page that asks.

use jiff::Timestamp;

use crate::secret::SecretError;
use crate::token::TokenStatus;

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// Active, inactive or revoked.
    pub status: TokenStatus,
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// What it allows.
    pub scopes: Vec<String>,
}

/// Whether a third party or client may take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    On,
    /// Switched off.
    Off,
    /// Deleted.
    Deleted,
}

/// Whether what a member granted still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizationStanding {
    /// It does.
    On,
    /// It was revoked.
    Revoked,
    /// The member is deactivated.
    MemberInactive,
}

/// Everything that the validity of a token depends on, at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The token.
    pub token: &'a TokenFacts,
    /// Whether the organization is suspended.
    pub organization_suspended: bool,
    /// The third party the token was issued for, if it was for one.
    pub third_party: Option<Standing>,
    /// The client the token is bound to, if it is to one.
    pub client: Option<Standing>,
    /// The member's grant that the token comes from, if it comes from one.
    pub authorization: Option<AuthorizationStanding>,
    /// The scope that the protected resource asks for, if any.
    pub required_scope: Option<&'a str>,
    /// The instant.
    pub now: Timestamp,
}

/// The checks in the order in which they are made and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The presented string is a token of this organization.
    Recognized,
    /// The client's own credentials, where they were presented, are right.
    Credentials,
    /// The organization is not suspended.
    Organization,
    /// The third party is Enabled.
    ThirdPartyEnabled,
    /// The client is Active.
    ClientActive,
    /// The token is Active.
    TokenActive,
    /// The token has not expired.
    NotExpired,
    /// The token allows what was asked for.
    Scope,
}

impl Check {
    /// All checks in order.
    pub const ALL: [Self; 8] = [
        Self::Recognized,
        Self::Credentials,
        Self::Organization,
        Self::ThirdPartyEnabled,
        Self::ClientActive,
        Self::TokenActive,
        Self::NotExpired,
        Self::Scope,
    ];

    /// A stable name for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recognized => "token-recognized",
            Self::Credentials => "credentials",
            Self::Organization => "organization-active",
            Self::ThirdPartyEnabled => "third-party-enabled",
            Self::ClientActive => "client-active",
            Self::TokenActive => "token-active",
            Self::NotExpired => "not-expired",
            Self::Scope => "scope",
        }
    }

    /// What is checked, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Recognized => "The token is recognized",
            Self::Credentials => "The client's credentials are right",
            Self::Organization => "The organization is not suspended",
            Self::ThirdPartyEnabled => "The third party is Enabled",
            Self::ClientActive => "The client is Active",
            Self::TokenActive => "The token is Active",
            Self::NotExpired => "The token has not expired",
            Self::Scope => "The token allows this (scope)",
        }
    }

    /// What a failure of the check is called where many are counted.
    pub fn failure(self) -> &'static str {
        match self {
            Self::Recognized => "token not recognized",
            Self::Credentials => "wrong credentials",
            Self::Organization => "organization suspended",
            Self::ThirdPartyEnabled => "third party not Enabled",
            Self::ClientActive => "client not Active",
            Self::TokenActive => "token not Active",
            Self::NotExpired => "token expired",
            Self::Scope => "scope missing",
        }
    }
}

/// What became of a request that presented a token: what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestOutcome {
    /// It was let through.
    Allowed,
    /// It was refused by the first check that failed.
    Refused(Check),
}

impl RequestOutcome {
    /// A stable name for machines: `allowed`, or that of the check.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused(check) => check.name(),
        }
    }

    /// What it is called where many are counted.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused(check) => check.failure(),
        }
    }

    /// The outcome of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = Check::ALL.into_iter().map(Self::Refused);
        std::iter::once(Self::Allowed).chain(all).find(|outcome| outcome.name() == name)
    }
}

impl From<&Result<(), Denial>> for RequestOutcome {
    fn from(result: &Result<(), Denial>) -> Self {
        result.as_ref().map_or_else(|denial| Self::Refused(denial.check()), |()| Self::Allowed)
    }
}

/// Why a token gives no access: the first check that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum Denial {
    #[error("The token is mistyped or incomplete")]
    Mistyped,
    #[error("This is not a token of Countersign")]
    Foreign,
    #[error("The token is well-formed, but this organization never issued it")]
    Unknown,
    #[error("The client's credentials are wrong")]
    WrongCredentials,
    #[error("The organization is suspended")]
    OrganizationSuspended,
    #[error("The third party is not Enabled")]
    ThirdPartyDisabled,
    #[error("The third party was deleted")]
    ThirdPartyDeleted,
    #[error("The client is not Active")]
    ClientInactive,
    #[error("The client was deleted")]
    ClientDeleted,
    #[error("The token is not Active")]
    TokenInactive,
    #[error("The token was revoked")]
    TokenRevoked,
    #[error("The access was withdrawn by the member who granted it, or ended with its authorization")]
    AuthorizationRevoked,
    #[error("The member who granted the access is deactivated")]
    MemberInactive,
    #[error("The token expired on {at}")]
    Expired { at: Timestamp },
    #[error("The token does not allow this: the scope {scope} is missing")]
    ScopeMissing { scope: String },
}

impl From<SecretError> for Denial {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Foreign => Self::Foreign,
            SecretError::Mistyped => Self::Mistyped,
        }
    }
}

impl Denial {
    /// The check that failed.
    pub fn check(&self) -> Check {
        match self {
            Self::Mistyped | Self::Foreign | Self::Unknown => Check::Recognized,
            Self::WrongCredentials => Check::Credentials,
            Self::OrganizationSuspended => Check::Organization,
            Self::ThirdPartyDisabled | Self::ThirdPartyDeleted => Check::ThirdPartyEnabled,
            Self::ClientInactive | Self::ClientDeleted => Check::ClientActive,
            Self::TokenInactive | Self::TokenRevoked | Self::AuthorizationRevoked | Self::MemberInactive => {
                Check::TokenActive
            }
            Self::Expired { .. } => Check::NotExpired,
            Self::ScopeMissing { .. } => Check::Scope,
        }
    }

    /// What to do about it, in words for whoever looks into it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Mistyped => "Copy the whole token again: it begins with cs_ and its last characters are a checksum",
            Self::Foreign => "Present the token that the organization gave you: it begins with cs_",
            Self::Unknown => "Check that the token and the address belong to the same organization",
            Self::WrongCredentials => "Check the Client ID and Client Secret, or ask the organization for a new secret",
            Self::OrganizationSuspended => "Ask the operator of this installation",
            Self::ThirdPartyDisabled => "An admin of the organization can tick Enabled on the third party's page",
            Self::ThirdPartyDeleted => "Ask an admin of the organization to set the third party up again",
            Self::ClientInactive => "An admin of the organization can tick Active on the client's page",
            Self::ClientDeleted => "Ask an admin of the organization for new credentials",
            Self::TokenInactive => "An admin of the organization can tick Active beside the token",
            Self::TokenRevoked => "Ask an admin of the organization for a new token",
            Self::AuthorizationRevoked => "Send the member through the login and consent of the organization again",
            Self::MemberInactive => "Ask an admin of the organization for the access of another member",
            Self::Expired { .. } => "Ask an admin of the organization to renew the token",
            Self::ScopeMissing { .. } => "Ask an admin of the organization for a token with this scope",
        }
    }
}

/// Whether a recognized token gives access: `Ok`, or the first check that failed.
pub fn check(circumstances: &Circumstances<'_>) -> Result<(), Denial> {
    let Circumstances { token, organization_suspended, third_party, client, authorization, required_scope, now } =
        *circumstances;
    if organization_suspended {
        return Err(Denial::OrganizationSuspended);
    }
    match third_party {
        Some(Standing::Off) => return Err(Denial::ThirdPartyDisabled),
        Some(Standing::Deleted) => return Err(Denial::ThirdPartyDeleted),
        Some(Standing::On) | None => {}
    }
    match client {
        Some(Standing::Off) => return Err(Denial::ClientInactive),
        Some(Standing::Deleted) => return Err(Denial::ClientDeleted),
        Some(Standing::On) | None => {}
    }
    match token.status {
        TokenStatus::Inactive => return Err(Denial::TokenInactive),
        TokenStatus::Revoked => return Err(Denial::TokenRevoked),
        TokenStatus::Active => {}
    }
    match authorization {
        Some(AuthorizationStanding::Revoked) => return Err(Denial::AuthorizationRevoked),
        Some(AuthorizationStanding::MemberInactive) => return Err(Denial::MemberInactive),
        Some(AuthorizationStanding::On) | None => {}
    }
    if let Some(at) = token.expires_at.filter(|at| *at <= now) {
        return Err(Denial::Expired { at });
    }
    if let Some(scope) = required_scope.filter(|scope| !token.scopes.iter().any(|granted| granted == scope)) {
        return Err(Denial::ScopeMissing { scope: scope.to_owned() });
    }
    Ok(())
}

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// It holds.
    Passed,
    /// It is the first that doesn't.
    Failed,
    /// A check before it failed.
    NotReached,
}

/// Every check with its outcome, for people.
pub fn diagnosis(result: Result<(), &Denial>) -> impl Iterator<Item = (Check, CheckOutcome)> {
    let failed = result.err().map(Denial::check);
    Check::ALL.into_iter().map(move |check| {
        let outcome = match failed {
            Some(failed) if check == failed => CheckOutcome::Failed,
            Some(failed) if check > failed => CheckOutcome::NotReached,
            _ => CheckOutcome::Passed,
        };
        (check, outcome)
    })
}
