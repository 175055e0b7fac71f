//! The client credentials grant (RFC 6749 section 4.4).

use countersign_domain::GrantType;

use super::access_token::{granted_scopes, issue as issue_access_token, lifetime};
use super::{Grant, GrantRequest, IssuedTokens};
use crate::oauth::OAuthError;

/// The entry in the table of grants.
pub(super) const GRANT: Grant =
    Grant { grant_type: GrantType::ClientCredentials, issue: |request| Box::pin(issue(request)) };

async fn issue(request: GrantRequest<'_>) -> Result<IssuedTokens, OAuthError> {
    let GrantRequest { state, client, organization, parameters, context } = request;
    let scopes = granted_scopes(&client.settings.scopes, parameters.get("scope"))?;
    let lifetime = Some(lifetime(&client, organization));
    let access_token = state
        .store
        .change(&context, async |unit| issue_access_token(unit, &client, &scopes, lifetime, None).await)
        .await?;
    Ok(IssuedTokens::new(&access_token, lifetime, None, &scopes))
}
