//! The member's own password.

use countersign_persistence::clock;
use countersign_persistence::sign_in::{self, Candidate};

use super::sessions::end_other_sessions;
use crate::caller::{Caller, UseOwnProfile};
use crate::changes::sign_in::confirmation::{Confirmation, Proof};
use crate::error::FieldError;
use crate::form::Fields;
use crate::state::AppState;
use crate::{WebError, password};

pub(super) async fn change_password(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
    fields: &Fields,
) -> Result<(), WebError> {
    let new = fields.get("new_password");
    let about = [caller.session.email.as_deref().unwrap_or_default(), &caller.organization.name];
    password::check(new, &about).map_err(|problem| WebError::field("new_password", &problem))?;
    confirm_password(state, caller, fields).await?;
    let phc = state.passwords.hash(new.to_owned()).await?;
    sign_in::set_password(&state.store, &caller.context(), caller.session.member, phc).await?;
    end_other_sessions(state, caller).await
}

/// Makes sure that it is the member, by the current password where there is one.
pub(super) async fn confirm_password(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
    fields: &Fields,
) -> Result<(), WebError> {
    let confirmation = Confirmation::of(state, caller.organization.id, caller.session.member).await?;
    if confirmation.proof != Proof::Password {
        return Ok(());
    }
    match confirmation.attempt(state, fields.get("current_password"), clock::now()).await {
        Err(WebError::WrongPassword) => Err(wrong_password("This is not your current password")),
        Err(error @ WebError::Throttled { .. }) => Err(wrong_password(&error.to_string())),
        other => other,
    }
}

fn wrong_password(message: &str) -> WebError {
    WebError::Invalid(vec![FieldError::new("current_password", &message)])
}

/// The caller as somebody who signs in by password.
pub(super) async fn candidate(state: &AppState, caller: &Caller<UseOwnProfile>) -> Result<Option<Candidate>, WebError> {
    Ok(sign_in::candidate_by_id(&state.store, caller.organization.id, caller.session.member).await?)
}
