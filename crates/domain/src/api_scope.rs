//! What an API key may do: a client of the organization whose access tokens open the JSON API.
//!
//! These scopes mean something only to clients that are API keys. The organization's own scopes may be called the same.

use crate::{InvalidValue, Right, Role};

/// A scope of an API key. There is one for each right of members but that of the own profile, which clients don't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ApiScope {
    /// [`Right::ReadThirdParties`]
    ReadThirdParties,
    /// [`Right::ManageThirdParties`], and reading them
    ManageThirdParties,
    /// [`Right::ReadAudit`]
    ReadAudit,
    /// [`Right::ReadMembers`]
    ReadMembers,
    /// [`Right::ManageMembers`], and reading them
    ManageMembers,
    /// [`Right::ReadSettings`]
    ReadSettings,
    /// [`Right::ManageSettings`], and reading them
    ManageSettings,
}

impl ApiScope {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ReadThirdParties,
        Self::ManageThirdParties,
        Self::ReadAudit,
        Self::ReadMembers,
        Self::ManageMembers,
        Self::ReadSettings,
        Self::ManageSettings,
    ];

    /// The scope as it is written in token requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadThirdParties => "third-parties:read",
            Self::ManageThirdParties => "third-parties:manage",
            Self::ReadAudit => "audit:read",
            Self::ReadMembers => "members:read",
            Self::ManageMembers => "members:manage",
            Self::ReadSettings => "settings:read",
            Self::ManageSettings => "settings:manage",
        }
    }

    /// What the scope gives.
    pub fn rights(self) -> &'static [Right] {
        match self {
            Self::ReadThirdParties => &[Right::ReadThirdParties],
            Self::ManageThirdParties => &[Right::ReadThirdParties, Right::ManageThirdParties],
            Self::ReadAudit => &[Right::ReadAudit],
            Self::ReadMembers => &[Right::ReadMembers],
            Self::ManageMembers => &[Right::ReadMembers, Right::ManageMembers],
            Self::ReadSettings => &[Right::ReadSettings],
            Self::ManageSettings => &[Right::ReadSettings, Right::ManageSettings],
        }
    }

    /// The least scope that gives the right; none gives a profile.
    pub fn giving(right: Right) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.rights().contains(&right))
    }
}

impl std::str::FromStr for ApiScope {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        known.ok_or_else(|| InvalidValue(format!("Choose from {}", Self::ALL.map(Self::as_str).join(", ")).into()))
    }
}

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights(Vec<Right>);

impl Rights {
    /// Everything: those of whoever runs the installation.
    pub fn all() -> Self {
        Self(Right::ALL.to_vec())
    }

    /// Those of a member.
    pub fn of_role(role: Role) -> Self {
        Self(Right::ALL.into_iter().filter(|right| role.allows(*right)).collect())
    }

    /// Those that the scopes of an API key give. What is no such scope gives nothing.
    pub fn of_scopes(scopes: &[String]) -> Self {
        let known = scopes.iter().filter_map(|scope| scope.parse::<ApiScope>().ok());
        Self(known.flat_map(ApiScope::rights).copied().collect())
    }

    /// Those that are among others too.
    #[must_use]
    pub fn within(&self, others: &Self) -> Self {
        Self(self.0.iter().copied().filter(|right| others.allow(*right)).collect())
    }

    /// Whether the right is among them.
    pub fn allow(&self, right: Right) -> bool {
        self.0.contains(&right)
    }

    /// Whether all that the scope gives is among them.
    pub fn cover(&self, scope: ApiScope) -> bool {
        scope.rights().iter().all(|right| self.allow(*right))
    }
}
