//! What a refused code or refresh token amounts to.

use countersign_domain::{
    Authorization, AuthorizationCommand, AuthorizationError, AuthorizationId, DomainError, MemberId, OrganizationId,
};
use countersign_persistence::{ChangeError, Context};

use crate::WebError;
use crate::error::sentence;
use crate::oauth::OAuthError;
use crate::state::AppState;

/// Turns the rules' refusal into `invalid_grant`. A code or refresh token that was presented again ends everything that
/// its authorization gave, on the record, before the client is answered (RFC 6749 section 4.1.2, RFC 9700 section
/// 4.14.2).
pub(super) async fn end_what_was_misused(
    state: &AppState,
    context: &Context,
    id: AuthorizationId,
    error: OAuthError,
) -> OAuthError {
    let refusal = match error {
        OAuthError::Web(WebError::Change(ChangeError::Refused(DomainError::Authorization(refusal)))) => refusal,
        other => return other,
    };
    let end = match refusal {
        AuthorizationError::CodeReplayed => Some(AuthorizationCommand::RecordReplay),
        AuthorizationError::RefreshTokenReused => Some(AuthorizationCommand::RecordReuse),
        _ => None,
    };
    if let Some(end) = end {
        let ended =
            state.store.change(context, async |unit| unit.execute::<Authorization>(id.uuid(), end.clone()).await).await;
        if let Err(error) = ended {
            return error.into();
        }
    }
    OAuthError::invalid_grant(sentence(&refusal.to_string()))
}

/// Nobody acts for a member who may not act.
pub(super) async fn member_must_be_active(
    state: &AppState,
    organization: OrganizationId,
    member: MemberId,
) -> Result<(), OAuthError> {
    let member = state.store.directory().member(organization, member).await?;
    if member.is_some_and(|member| member.active) {
        Ok(())
    } else {
        Err(OAuthError::invalid_grant("The member who granted the access is deactivated"))
    }
}
