//! The member's own sessions.

use countersign_domain::{Member, MemberCommand, SessionId};
use countersign_persistence::clock;
use countersign_persistence::sign_in::{self, SessionSummary};

use crate::WebError;
use crate::caller::{Caller, UseOwnProfile};
use crate::state::AppState;

pub(super) async fn end_sessions(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
    which: &str,
) -> Result<&'static str, WebError> {
    if which == "others" {
        end_other_sessions(state, caller).await?;
        return Ok("sessions-ended");
    }
    let id = which.parse::<SessionId>().map_err(|_| WebError::NotFound)?;
    let session = own_sessions(state, caller).await?.into_iter().find(|session| session.id == id);
    let session = session.ok_or(WebError::NotFound)?;
    record_end(state, caller, &[session]).await?;
    sign_in::end_session(&state.store, caller.organization.id, caller.session.member, id).await?;
    Ok("session-ended")
}

pub(super) async fn end_other_sessions(state: &AppState, caller: &Caller<UseOwnProfile>) -> Result<(), WebError> {
    let current = caller.session.session;
    let mut others = own_sessions(state, caller).await?;
    others.retain(|session| session.id != current);
    record_end(state, caller, &others).await?;
    sign_in::end_sessions_of(&state.store, caller.organization.id, caller.session.member, Some(current)).await?;
    Ok(())
}

async fn record_end(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
    sessions: &[SessionSummary],
) -> Result<(), WebError> {
    let member = caller.session.member.uuid();
    state
        .store
        .change(&caller.context(), async |unit| {
            for session in sessions {
                unit.execute::<Member>(member, MemberCommand::EndSession(session.id)).await?;
            }
            Ok(())
        })
        .await
}

pub(super) async fn own_sessions(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
) -> Result<Vec<SessionSummary>, WebError> {
    let (organization, member) = (caller.organization.id, caller.session.member);
    Ok(sign_in::sessions_of(&state.store, organization, member, clock::now()).await?)
}
