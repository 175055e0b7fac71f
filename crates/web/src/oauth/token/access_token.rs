//! What all grants end with: an access token on the record.

use countersign_domain::third_party::Mode;
use countersign_domain::{AuthorizationId, Secret, SecretKind, Token, TokenCommand};
use countersign_persistence::directory::{ClientEntry, OrganizationEntry};
use countersign_persistence::{ChangeError, StoreError, UnitOfWork};
use jiff::SignedDuration;

use crate::oauth::OAuthError;
use crate::state::AppState;

/// How long the tokens live that a client gets without a member's part in it.
pub(super) fn lifetime(client: &ClientEntry, organization: &OrganizationEntry) -> SignedDuration {
    SignedDuration::from_secs(organization.access_tokens.of(client.settings.access_token_lifetime).into())
}

/// How long the tokens live that a client gets by a member's grant. Those of a third party in automatic mode don't
/// expire (`None`) unless a lifetime is set or the organization has a maximum: they are stopped by clearing Active.
pub(super) async fn granted_lifetime(
    state: &AppState,
    client: &ClientEntry,
    organization: &OrganizationEntry,
) -> Result<Option<SignedDuration>, StoreError> {
    let third_party = match client.third_party {
        Some(id) => state.store.directory().third_party(organization.id, id).await?,
        None => None,
    };
    let is_automatic = third_party.is_some_and(|third_party| third_party.mode == Mode::Automatic);
    let endless = organization.access_tokens.of_endless(client.settings.access_token_lifetime);
    Ok(if is_automatic {
        endless.map(|seconds| SignedDuration::from_secs(seconds.into()))
    } else {
        Some(lifetime(client, organization))
    })
}

/// Issues an access token within a unit of work.
pub(super) async fn issue(
    unit: &UnitOfWork,
    client: &ClientEntry,
    scopes: &[String],
    lifetime: Option<SignedDuration>,
    authorization: Option<AuthorizationId>,
) -> Result<Secret, ChangeError> {
    let secret = Secret::generate(SecretKind::AccessToken, unit.services());
    let command = TokenCommand::IssueAccess {
        third_party: client.third_party,
        client: client.id,
        digest: secret.digest(),
        last_four: secret.last_four(),
        scopes: scopes.to_vec(),
        lifetime,
        authorization,
    };
    unit.create::<Token>(command).await?;
    Ok(secret)
}

/// What was asked for, each scope once; everything that is allowed when nothing was (RFC 6749 section 3.3).
pub(in crate::oauth) fn granted_scopes(allowed: &[String], requested: Option<&str>) -> Result<Vec<String>, OAuthError> {
    let Some(requested) = requested else { return Ok(allowed.to_vec()) };
    let mut scopes = Vec::new();
    for scope in requested.split(' ').filter(|scope| !scope.is_empty()) {
        if !allowed.iter().any(|known| known == scope) {
            return Err(OAuthError::InvalidScope("The client may not have one of the scopes it asks for".into()));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_asks_for_within_what_it_may_have() {
        let allowed = ["read".to_owned(), "write".to_owned()];
        assert_eq!(granted_scopes(&allowed, None).unwrap(), allowed);
        assert_eq!(granted_scopes(&allowed, Some("write  write")).unwrap(), ["write"]);
        assert!(matches!(granted_scopes(&allowed, Some("read admin")), Err(OAuthError::InvalidScope(_))));
        assert!(matches!(granted_scopes(&[], Some("read")), Err(OAuthError::InvalidScope(_))));
    }
}
