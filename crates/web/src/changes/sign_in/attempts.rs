//! Tries of passwords and codes, and how many may be made.

use countersign_domain::Digest;
use countersign_domain::member::{SignInFailure, SignInMethod};
use countersign_persistence::sign_in::{self, Candidate, FirstFactor};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::WebError;
use crate::failed_attempts::Failure;
use crate::sign_in_codes::TypedCode;
use crate::sign_in_codes::totp::TotpSecret;
use crate::state::AppState;

/// How many unknown addresses are remembered at once; guesses at more than that push the oldest out.
const REMEMBERED_STRANGERS: usize = 100_000;

/// Failures in a row at addresses that belong to nobody.
pub(crate) struct Strangers {
    failures: Cache<Digest, (u32, Timestamp)>,
}

impl Default for Strangers {
    fn default() -> Self {
        Self { failures: Cache::new(REMEMBERED_STRANGERS) }
    }
}

impl Strangers {
    fn locked_until(&self, address: Digest) -> Option<Timestamp> {
        let (failures, last_failed_at) = self.failures.get(&address)?;
        sign_in::locked_until(failures, Some(last_failed_at))
    }

    fn record_failure(&self, address: Digest, now: Timestamp) {
        let (failures, _) = self.failures.get(&address).unwrap_or((0, now));
        self.failures.insert(address, (failures.saturating_add(1), now));
    }
}

/// Whom a password fits, or only in the organization with the given slug; at least one.
pub(super) async fn whom_password_fits(
    state: &AppState,
    email: &str,
    password: &str,
    organization: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Candidate>, WebError> {
    let mut candidates = sign_in::candidates(&state.store, email).await?;
    candidates.retain(|candidate| organization.is_none_or(|slug| candidate.slug == slug));
    if candidates.is_empty() {
        return Err(refuse_stranger(state, sign_in::email_digest(email), password, now).await?);
    }
    let mut fitting = Vec::new();
    let mut failed = Vec::new();
    let mut wait = None;
    for candidate in candidates {
        match attempt(state, &candidate, password, now).await {
            Ok(()) => fitting.push(candidate),
            Err(WebError::WrongPassword) => failed.push(candidate),
            Err(WebError::Throttled { seconds }) => wait = wait.max(Some(seconds)),
            Err(other) => return Err(other),
        }
    }
    if fitting.is_empty() {
        for candidate in &failed {
            count(state, candidate, SignInFailure::WrongPassword);
        }
        return Err(wait.map_or(WebError::WrongPassword, |seconds| WebError::Throttled { seconds }));
    }
    for candidate in &failed {
        // Who has another password in another organization has not failed there by signing in here.
        sign_in::take_back_failure(&state.store, candidate.organization, candidate.member).await?;
    }
    Ok(fitting)
}

/// Who of these signs in with a code, and by what: those who are asked for none, and those whose code it is. At least
/// one code has to fit, where any is asked for.
pub(super) async fn whom_code_fits(
    state: &AppState,
    candidates: Vec<(Candidate, FirstFactor)>,
    code: &TypedCode,
    now: Timestamp,
) -> Result<Vec<(Candidate, SignInMethod)>, WebError> {
    let mut signing_in = Vec::new();
    let mut failed = Vec::new();
    let (mut fits, mut wait) = (false, None);
    for (candidate, first) in candidates {
        if !candidate.asks_for_code {
            signing_in.push((candidate, method(first, None)));
            continue;
        }
        match attempt_code(state, &candidate, code, now).await {
            Ok(()) => {
                fits = true;
                signing_in.push((candidate, method(first, Some(code))));
            }
            Err(WebError::WrongCode) => failed.push(candidate),
            Err(WebError::Throttled { seconds }) => wait = wait.max(Some(seconds)),
            Err(other) => return Err(other),
        }
    }
    // A code that fits elsewhere stays counted as a failure here: else somebody who knows the password could guess
    // without end by making it fit in an organization of their own.
    if fits || (failed.is_empty() && wait.is_none()) {
        return Ok(signing_in);
    }
    for candidate in &failed {
        count(state, candidate, SignInFailure::WrongCode);
    }
    Err(wait.map_or(WebError::WrongCode, |seconds| WebError::Throttled { seconds }))
}

/// The record's word for what somebody signed in by.
pub(super) fn method(first: FirstFactor, code: Option<&TypedCode>) -> SignInMethod {
    match (first, code) {
        (FirstFactor::Password, None) => SignInMethod::Password,
        (FirstFactor::Password, Some(TypedCode::Totp(_))) => SignInMethod::PasswordAndCode,
        (FirstFactor::Password, Some(TypedCode::Recovery(_))) => SignInMethod::PasswordAndRecoveryCode,
        (FirstFactor::Link, None) => SignInMethod::Link,
        (FirstFactor::Link, Some(TypedCode::Totp(_))) => SignInMethod::LinkAndCode,
        (FirstFactor::Link, Some(TypedCode::Recovery(_))) => SignInMethod::LinkAndRecoveryCode,
    }
}

/// One try of a password with one member.
pub(super) async fn attempt(
    state: &AppState,
    candidate: &Candidate,
    password: &str,
    now: Timestamp,
) -> Result<(), WebError> {
    admit(state, candidate, now).await?;
    if !state.passwords.verify(password.to_owned(), candidate.phc.clone()).await? {
        return Err(WebError::WrongPassword);
    }
    let Candidate { organization, member, last_failed_at, asks_for_code, .. } = candidate;
    if *asks_for_code {
        // Only the code ends a row of failures: else who knows the password could guess codes without end.
        sign_in::restore_failures(&state.store, *organization, *member, now, *last_failed_at).await?;
    } else {
        sign_in::reset_failures(&state.store, *organization, *member).await?;
    }
    Ok(())
}

/// One try of a code with one member who is asked for one.
pub(super) async fn attempt_code(
    state: &AppState,
    candidate: &Candidate,
    code: &TypedCode,
    now: Timestamp,
) -> Result<(), WebError> {
    admit(state, candidate, now).await?;
    let Candidate { organization, member, .. } = candidate;
    let fits = match code {
        TypedCode::Recovery(digest) => {
            sign_in::use_recovery_code(&state.store, *organization, *member, *digest).await?
        }
        TypedCode::Totp(code) => {
            let stored = sign_in::totp_secret(&state.store, *organization, *member).await?;
            let secret = stored.as_deref().and_then(TotpSecret::of_stored);
            let mut fits = false;
            for step in secret.iter().flat_map(|secret| secret.fitting_steps(code, now)) {
                fits = fits || sign_in::use_totp_step(&state.store, *organization, *member, step).await?;
            }
            fits
        }
    };
    if !fits {
        return Err(WebError::WrongCode);
    }
    Ok(sign_in::reset_failures(&state.store, *organization, *member).await?)
}

/// Lets a try be made, unless too many failed before. It is counted as a failure before it is looked at, and taken back
/// when it was right, so that tries made at the same time can't all slip in before the first of them is counted.
async fn admit(state: &AppState, candidate: &Candidate, now: Timestamp) -> Result<(), WebError> {
    let locked = |failures, last_failed_at| sign_in::locked_until(failures, last_failed_at).filter(|at| *at > now);
    let refuse = |until| {
        count(state, candidate, SignInFailure::LockedOut);
        Err(throttled(until, now))
    };
    if let Some(until) = locked(candidate.failures, candidate.last_failed_at) {
        return refuse(until);
    }
    let failures = sign_in::record_failure(&state.store, candidate.organization, candidate.member, now).await?;
    let before = failures.saturating_sub(1);
    if before > candidate.failures
        && let Some(until) = locked(before, Some(now))
    {
        return refuse(until);
    }
    Ok(())
}

pub(super) fn count(state: &AppState, candidate: &Candidate, cause: SignInFailure) {
    state.failed_attempts.count(candidate.organization, Failure::Member(candidate.member, cause));
}

/// Does for an address that belongs to nobody what a wrong password costs, and says what to answer.
async fn refuse_stranger(
    state: &AppState,
    address: Digest,
    password: &str,
    now: Timestamp,
) -> Result<WebError, WebError> {
    if let Some(until) = state.strangers.locked_until(address).filter(|until| *until > now) {
        return Ok(throttled(until, now));
    }
    state.strangers.record_failure(address, now);
    state.passwords.verify(password.to_owned(), None).await?;
    Ok(WebError::WrongPassword)
}

fn throttled(until: Timestamp, now: Timestamp) -> WebError {
    let seconds = until.duration_since(now).as_secs().max(0).unsigned_abs();
    WebError::Throttled { seconds: seconds + 1 }
}
