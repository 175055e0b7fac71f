//! What a client may do at the protocol's endpoints: its scopes and grants, and how strict the endpoints are with it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::{ClientError, ClientType};
use crate::expiry::add_calendar_months;
use crate::{ApiScope, Rights};

/// A way to come by tokens (RFC 6749 section 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A member gives access by a code (RFC 6749 section 4.1).
    AuthorizationCode,
    /// The client asks for itself (RFC 6749 section 4.4).
    ClientCredentials,
    /// A refresh token brings the next access token (RFC 6749 section 6).
    RefreshToken,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::ClientCredentials, Self::RefreshToken];

    /// The value of `grant_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// The shortest life of an access token that can be set, in seconds.
pub const SHORTEST_LIFETIME: u32 = 60;

/// The settings of a client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientSettings {
    /// What the client may ask for.
    pub scopes: Vec<String>,
    /// How it may come by tokens.
    pub grant_types: Vec<GrantType>,
    /// Whether its authorization requests must use PKCE (RFC 7636).
    pub pkce_required: bool,
    /// How long its access tokens live, in seconds; `None` for the default.
    pub access_token_lifetime: Option<u32>,
    /// Whether it may introspect tokens of other clients (RFC 7662).
    pub may_introspect: bool,
    /// Whether it is an API key of the organization: its scopes are [`ApiScope`]s, and its access tokens open the JSON
    /// API.
    #[serde(default, skip_serializing_if = "is_off")]
    pub api_access: bool,
}

/// Left out, so that what ordinary clients have on record reads as it did before there were API keys.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_off(switch: &bool) -> bool {
    !switch
}

/// Within what bounds the settings of a client can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsBounds {
    /// The organization's limit to the life of manual tokens, in calendar months, which no access token outlives either.
    pub maximum_months: u16,
    /// The organization's limit to the life of access tokens, in seconds.
    pub maximum_seconds: Option<u32>,
    /// What whoever asks may do: no API key goes beyond the rights of who makes it.
    pub rights: Rights,
}

impl SettingsBounds {
    /// Those of whoever runs the installation, who may do everything, in an organization without a limit of seconds.
    pub fn of_operator(maximum_months: u16) -> Self {
        Self { maximum_months, maximum_seconds: None, rights: Rights::all() }
    }
}

impl ClientSettings {
    /// What a client begins with.
    pub fn initial(client_type: ClientType, scopes: Vec<String>) -> Self {
        let grant_types = match client_type {
            ClientType::Confidential => GrantType::ALL.to_vec(),
            ClientType::Public => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        };
        Self {
            scopes,
            grant_types,
            pkce_required: true,
            access_token_lifetime: None,
            may_introspect: false,
            api_access: false,
        }
    }

    /// The settings with each scope and grant type once, if a client of this type that has the saved ones may have them.
    pub(crate) fn checked(
        mut self,
        saved: &Self,
        client_type: ClientType,
        bounds: &SettingsBounds,
        now: Timestamp,
    ) -> Result<Self, ClientError> {
        self.grant_types.sort();
        self.grant_types.dedup();
        let mut scopes = Vec::with_capacity(self.scopes.len());
        for scope in std::mem::take(&mut self.scopes) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        self.scopes = scopes;
        if self.api_access {
            self.check_api_key(saved, client_type, &bounds.rights)?;
        }
        let has = |grant| self.grant_types.contains(&grant);
        if self.grant_types.is_empty() {
            return Err(ClientError::NoGrantType);
        }
        if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) {
            return Err(ClientError::RefreshTokenAlone);
        }
        if client_type == ClientType::Public {
            if has(GrantType::ClientCredentials) {
                return Err(ClientError::PublicClientCredentials);
            }
            if !self.pkce_required {
                return Err(ClientError::PublicWithoutPkce);
            }
            if self.may_introspect {
                return Err(ClientError::PublicIntrospection);
            }
        }
        let longest = add_calendar_months(now, bounds.maximum_months).map(|end| end.duration_since(now).as_secs());
        let is_in_range =
            |seconds: u32| seconds >= SHORTEST_LIFETIME && longest.is_some_and(|longest| i64::from(seconds) <= longest);
        if self.access_token_lifetime.is_some_and(|seconds| !is_in_range(seconds)) {
            return Err(ClientError::LifetimeOutOfRange { months: bounds.maximum_months });
        }
        // One that was set before the limit is cut when tokens are issued.
        if let (Some(seconds), Some(maximum)) = (self.access_token_lifetime, bounds.maximum_seconds)
            && seconds > maximum
            && self.access_token_lifetime != saved.access_token_lifetime
        {
            return Err(ClientError::LifetimeBeyondMaximum { seconds: maximum });
        }
        Ok(self)
    }

    fn check_api_key(&self, saved: &Self, client_type: ClientType, rights: &Rights) -> Result<(), ClientError> {
        if client_type == ClientType::Public {
            return Err(ClientError::PublicApiKey);
        }
        if self.grant_types != [GrantType::ClientCredentials] {
            return Err(ClientError::ApiKeyGrantTypes);
        }
        if self.scopes.is_empty() {
            return Err(ClientError::ApiKeyWithoutScope);
        }
        let had = Rights::of_scopes(if saved.api_access { &saved.scopes } else { &[] });
        for text in &self.scopes {
            let scope = text.parse::<ApiScope>().map_err(|_| ClientError::NotAnApiScope { scope: text.clone() })?;
            if !had.cover(scope) && !rights.cover(scope) {
                return Err(ClientError::BeyondOwnRights { scope });
            }
        }
        Ok(())
    }

    /// Whether somebody with these rights may have a secret of the client: that of an API key gives its rights.
    pub fn may_be_handed_to(&self, rights: &Rights) -> Result<(), ClientError> {
        let scopes = self.scopes.iter().filter(|_| self.api_access).filter_map(|scope| scope.parse::<ApiScope>().ok());
        match scopes.into_iter().find(|scope| !rights.cover(*scope)) {
            Some(scope) => Err(ClientError::BeyondOwnRights { scope }),
            None => Ok(()),
        }
    }
}
