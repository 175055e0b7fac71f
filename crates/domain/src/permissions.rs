//! Who may do what: one table, asked by every page and every API route.

use serde::{Deserialize, Serialize};

/// A member's role in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, including who else may do what.
    Owner,
    /// Third parties, clients and tokens.
    Admin,
    /// The SDK, for the developer's own use.
    Developer,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Developer, Self::Auditor];

    /// The role as it is written in records and forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = crate::InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(crate::InvalidValue("Choose one of owner, admin, developer, auditor".into()))
    }
}

/// Something a route may require.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// One's own profile: password and sessions.
    UseOwnProfile,
    /// Reading third parties, clients and tokens.
    ReadThirdParties,
    /// Changing third parties, clients and tokens.
    ManageThirdParties,
    /// Reading the journal.
    ReadAudit,
    /// Reading who the members are.
    ReadMembers,
    /// Changing who the members are.
    ManageMembers,
    /// Reading the organization's settings.
    ReadSettings,
    /// Changing the organization's settings.
    ManageSettings,
    /// Running the installation: of owners of the operators' organization only.
    OperateInstallation,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 9] = [
        Self::UseOwnProfile,
        Self::ReadThirdParties,
        Self::ManageThirdParties,
        Self::ReadAudit,
        Self::ReadMembers,
        Self::ManageMembers,
        Self::ReadSettings,
        Self::ManageSettings,
        Self::OperateInstallation,
    ];

    /// Whether the right means anything in an organization: the operators' has no third parties, and the others have no
    /// installation to run.
    pub fn is_of(self, operators: bool) -> bool {
        match self {
            Self::UseOwnProfile | Self::ReadAudit | Self::ReadMembers | Self::ManageMembers => true,
            Self::OperateInstallation => operators,
            Self::ReadThirdParties | Self::ManageThirdParties | Self::ReadSettings | Self::ManageSettings => !operators,
        }
    }

    /// Whether using the right changes the organization, which a suspension forbids.
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::ManageThirdParties | Self::ManageMembers | Self::ManageSettings | Self::OperateInstallation
        )
    }
}

impl Role {
    /// Whether a member of this role has the right.
    pub fn allows(self, right: Right) -> bool {
        use Right::{ManageThirdParties, ReadAudit, ReadMembers, ReadSettings, ReadThirdParties, UseOwnProfile};
        match self {
            Self::Owner => true,
            Self::Admin => {
                matches!(
                    right,
                    UseOwnProfile | ReadThirdParties | ManageThirdParties | ReadAudit | ReadMembers | ReadSettings
                )
            }
            Self::Developer => matches!(right, UseOwnProfile),
            Self::Auditor => {
                matches!(right, UseOwnProfile | ReadThirdParties | ReadAudit | ReadMembers | ReadSettings)
            }
        }
    }
}
