//! Somebody who is signed in proves again who it is.

use countersign_domain::member::SignInFailure;
use countersign_domain::{MemberId, OrganizationId};
use countersign_persistence::sign_in::{self, Candidate};
use jiff::Timestamp;

use super::attempts::{attempt, attempt_code, count};
use super::typed_code;
use crate::WebError;
use crate::state::AppState;

/// By what a member can prove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Password,
    /// For who has no password, but sign-in codes.
    Code,
    /// For who signs in by links alone: only another sign-in proves it.
    Nothing,
}

/// A member who is to prove it.
pub(crate) struct Confirmation {
    candidate: Candidate,
    pub proof: Proof,
}

impl Confirmation {
    /// What the member can prove it by.
    pub async fn of(state: &AppState, organization: OrganizationId, member: MemberId) -> Result<Self, WebError> {
        let candidate = sign_in::candidate_by_id(&state.store, organization, member).await?;
        let candidate = candidate.ok_or(WebError::NotFound)?;
        let proof = match &candidate {
            Candidate { phc: Some(_), .. } => Proof::Password,
            Candidate { asks_for_code: true, .. } => Proof::Code,
            _ => Proof::Nothing,
        };
        Ok(Self { candidate, proof })
    }

    /// The name in URLs of the organization.
    pub fn slug(&self) -> &str {
        &self.candidate.slug
    }

    /// One try. Somebody at a screen left unlocked must not get to guess without end, so these tries count as sign-ins do.
    pub async fn attempt(&self, state: &AppState, typed: &str, now: Timestamp) -> Result<(), WebError> {
        let outcome = match self.proof {
            Proof::Password => attempt(state, &self.candidate, typed, now).await,
            Proof::Code => attempt_code(state, &self.candidate, &typed_code(typed)?, now).await,
            Proof::Nothing => Err(WebError::WrongPassword),
        };
        match &outcome {
            Err(WebError::WrongPassword) => count(state, &self.candidate, SignInFailure::WrongPassword),
            Err(WebError::WrongCode) => count(state, &self.candidate, SignInFailure::WrongCode),
            _ => {}
        }
        outcome
    }
}
