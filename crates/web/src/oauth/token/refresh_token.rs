//! The refresh token grant (RFC 6749 section 6): every use replaces the token, a second use ends its family (RFC 9700
//! section 4.14.2).
//!
//! The successor is derived from the presented token under a key of the organization, so whoever lost the answer and
//! asks again within a few seconds gets the same one, after a restart too, and nothing is kept in clear.

use countersign_domain::{
    Authorization, AuthorizationCommand, GrantType, ParsedSecret, Secret, SecretKind, Token, TokenCommand, secret,
};
use countersign_persistence::queries::authorizations;

use super::access_token::{granted_lifetime, granted_scopes, issue as issue_access_token};
use super::refusal::{end_what_was_misused, member_must_be_active};
use super::{Grant, GrantRequest, IssuedTokens};
use crate::oauth::OAuthError;

/// The entry in the table of grants.
pub(super) const GRANT: Grant =
    Grant { grant_type: GrantType::RefreshToken, issue: |request| Box::pin(issue(request)) };

const UNKNOWN: &str = "The refresh token was not issued by this organization";

async fn issue(request: GrantRequest<'_>) -> Result<IssuedTokens, OAuthError> {
    let GrantRequest { state, client, organization, parameters, context } = request;
    let missing = OAuthError::invalid_request("The parameter refresh_token is missing");
    let presented = parameters.get("refresh_token").ok_or(missing)?;
    let Ok(ParsedSecret { kind: SecretKind::RefreshToken, digest }) = secret::parse(presented) else {
        return Err(OAuthError::invalid_grant(UNKNOWN));
    };
    let grant = authorizations::of_refresh_token(&state.store, organization.id, digest).await?;
    let grant = grant.ok_or(OAuthError::invalid_grant(UNKNOWN))?;
    let id = grant.authorization;
    let entropy = state.store.derive(organization.id, "refresh token", presented.as_bytes()).await?;
    let successor = Secret::from_entropy(SecretKind::RefreshToken, entropy);
    let lifetime = granted_lifetime(state, &client, organization).await?;
    let refreshed = state
        .store
        .change(&context, async |unit| {
            let refresh =
                AuthorizationCommand::Refresh { client: client.id, presented: digest, successor: successor.digest() };
            unit.execute::<Authorization>(id.uuid(), refresh).await?;
            member_must_be_active(state, organization.id, grant.member).await?;
            // What the client may no longer have is not renewed, and nothing is added to what was granted.
            let granted = grant.scopes.iter().filter(|scope| client.settings.scopes.contains(scope)).cloned();
            let scopes = granted_scopes(&granted.collect::<Vec<_>>(), parameters.get("scope"))?;
            if lifetime.is_none() {
                for token in authorizations::endless_tokens(&state.store, organization.id, id).await? {
                    unit.execute::<Token>(token.uuid(), TokenCommand::Revoke).await?;
                }
            }
            let access_token = issue_access_token(unit, &client, &scopes, lifetime, Some(id)).await?;
            Ok::<_, OAuthError>(IssuedTokens::new(&access_token, lifetime, Some(&successor), &scopes))
        })
        .await;
    match refreshed {
        Ok(issued) => Ok(issued),
        Err(error) => Err(end_what_was_misused(state, &context, id, error).await),
    }
}
