//! The authorization code grant (RFC 6749 section 4.1.3, with PKCE by RFC 7636).
//!
//! Who redeems a code is decided by the expected version of its stream within the append: of any number of parallel
//! redemptions, in whichever processes, one finds the code unused. The others are replays.

use countersign_domain::{Authorization, AuthorizationCommand, GrantType, ParsedSecret, Secret, SecretKind, secret};
use countersign_persistence::queries::authorizations;

use super::access_token::{granted_lifetime, issue as issue_access_token};
use super::refusal::{end_what_was_misused, member_must_be_active};
use super::{Grant, GrantRequest, IssuedTokens};
use crate::oauth::OAuthError;
use crate::oauth::parameters::redirect_uri;

/// The entry in the table of grants.
pub(super) const GRANT: Grant =
    Grant { grant_type: GrantType::AuthorizationCode, issue: |request| Box::pin(issue(request)) };

const UNKNOWN: &str = "The code was not issued by this organization: begin again at the authorization endpoint";

async fn issue(request: GrantRequest<'_>) -> Result<IssuedTokens, OAuthError> {
    let GrantRequest { state, client, organization, parameters, context } = request;
    let presented = parameters.get("code").ok_or(OAuthError::invalid_request("The parameter code is missing"))?;
    let redirect_uri = redirect_uri(parameters.get("redirect_uri"), parameters.get("redirect_url"))
        .map_err(OAuthError::invalid_request)?;
    let grant = match secret::parse(presented) {
        Ok(ParsedSecret { kind: SecretKind::AuthorizationCode, digest }) => {
            authorizations::of_code(&state.store, organization.id, digest).await?
        }
        _ => None,
    };
    let grant = grant.ok_or(OAuthError::invalid_grant(UNKNOWN))?;
    let id = grant.authorization;
    let lifetime = granted_lifetime(state, &client, organization).await?;
    let may_refresh = client.settings.grant_types.contains(&GrantType::RefreshToken);
    let redeemed = state
        .store
        .change(&context, async |unit| {
            let refresh_token = may_refresh.then(|| Secret::generate(SecretKind::RefreshToken, unit.services()));
            let redeem = AuthorizationCommand::Redeem {
                client: client.id,
                redirect_uri: redirect_uri.map(str::to_owned),
                code_verifier: parameters.get("code_verifier").map(str::to_owned),
                refresh: refresh_token.as_ref().map(Secret::digest),
            };
            unit.execute::<Authorization>(id.uuid(), redeem).await?;
            member_must_be_active(state, organization.id, grant.member).await?;
            let access_token = issue_access_token(unit, &client, &grant.scopes, lifetime, Some(id)).await?;
            Ok::<_, OAuthError>(IssuedTokens::new(&access_token, lifetime, refresh_token.as_ref(), &grant.scopes))
        })
        .await;
    match redeemed {
        Ok(issued) => Ok(issued),
        Err(error) => Err(end_what_was_misused(state, &context, id, error).await),
    }
}
