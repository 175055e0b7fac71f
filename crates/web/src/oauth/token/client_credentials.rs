//! The client credentials grant (RFC 6749 section 4.4).

use countersign_domain::token::ACCESS_TOKEN_LIFETIME;
use countersign_domain::{Secret, SecretKind, Token, TokenCommand};
use countersign_persistence::ChangeError;

use super::{Grant, GrantRequest, IssuedTokens};
use crate::oauth::OAuthError;

/// The entry in the table of grants.
pub(super) const GRANT: Grant = Grant { name: "client_credentials", issue: |request| Box::pin(issue(request)) };

async fn issue(request: GrantRequest<'_>) -> Result<IssuedTokens, OAuthError> {
    let GrantRequest { state, client, parameters, context } = request;
    let scopes = granted_scopes(&client.scopes, parameters.get("scope"))?;
    let secret = state
        .store
        .change(&context, async |unit| {
            let secret = Secret::generate(SecretKind::AccessToken, unit.services());
            let command = TokenCommand::IssueAccess {
                third_party: client.third_party,
                client: client.id,
                digest: secret.digest(),
                last_four: secret.last_four(),
                scopes: scopes.clone(),
                lifetime: Some(ACCESS_TOKEN_LIFETIME),
                authorization: None,
            };
            unit.create::<Token>(command).await?;
            Ok::<_, ChangeError>(secret)
        })
        .await?;
    Ok(IssuedTokens {
        access_token: secret.expose().to_owned(),
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
        scope: scopes.join(" "),
    })
}

/// What was asked for, each scope once; everything the client may have when nothing was (RFC 6749 section 3.3).
fn granted_scopes(allowed: &[String], requested: Option<&str>) -> Result<Vec<String>, OAuthError> {
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
