//! Signing in by password, and out again.
//!
//! Nobody learns by trying whether an e-mail address belongs to a member: unknown addresses cost the same work, are
//! locked out after as many failures, and get the same answers.

use actix_web::HttpRequest;
use countersign_domain::member::{SignInFailure, SignInMethod};
use countersign_domain::{
    Actor, Digest, Member, MemberCommand, MemberId, OrganizationId, Secret, SecretKind, SessionId,
};
use countersign_persistence::sign_in::{self, Candidate, NewSession, SESSION_LIFETIME};
use countersign_persistence::{Context, Source, Store, Via, clock};
use jiff::Timestamp;
use quick_cache::sync::Cache;
use uuid::Uuid;

use crate::WebError;
use crate::failed_attempts::Failure;
use crate::middleware::{Audience, audience, request_id, source};
use crate::state::AppState;

/// How many unknown addresses are remembered at once; guesses at more than that push the oldest out.
const REMEMBERED_STRANGERS: usize = 100_000;

/// From where and through what somebody signs in.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    via: Via,
    request: Uuid,
    source: Source,
}

impl Origin {
    /// Where the request comes from.
    pub fn of(request: &HttpRequest) -> Self {
        let via = if audience(request) == Audience::Page { Via::Web } else { Via::Api };
        Self { via, request: request_id(request), source: source(request) }
    }
}

/// A session that has begun.
pub(crate) struct SignedIn {
    /// Shown only now.
    pub secret: Secret,
    pub expires_at: Timestamp,
    /// Where the session is valid; at least one.
    pub memberships: Vec<Candidate>,
}

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

/// Signs a person in wherever the password fits, or only in the organization with the given slug.
pub(crate) async fn by_password(
    state: &AppState,
    origin: &Origin,
    email: &str,
    password: &str,
    organization: Option<&str>,
) -> Result<SignedIn, WebError> {
    let now = clock::now();
    let mut candidates = sign_in::candidates(&state.store, email).await?;
    candidates.retain(|candidate| organization.is_none_or(|slug| candidate.slug == slug));
    if candidates.is_empty() {
        return Err(refuse_stranger(state, sign_in::email_digest(email), password, now).await?);
    }
    let mut memberships = Vec::new();
    let mut failed = Vec::new();
    let mut wait = None;
    for candidate in candidates {
        match attempt(state, &candidate, password, now).await {
            Ok(()) => memberships.push(candidate),
            Err(WebError::WrongPassword) => failed.push(candidate),
            Err(WebError::Throttled { seconds }) => wait = wait.max(Some(seconds)),
            Err(other) => return Err(other),
        }
    }
    if memberships.is_empty() {
        for candidate in &failed {
            count(state, candidate, SignInFailure::WrongPassword);
        }
        return Err(wait.map_or(WebError::WrongPassword, |seconds| WebError::Throttled { seconds }));
    }
    for candidate in &failed {
        // Who has another password in another organization has not failed there by signing in here.
        sign_in::take_back_failure(&state.store, candidate.organization, candidate.member).await?;
    }
    let places = memberships.iter().map(|membership| (membership.organization, membership.member)).collect::<Vec<_>>();
    let (secret, expires_at) = begin(&state.store, origin, &places, SignInMethod::Password).await?;
    Ok(SignedIn { secret, expires_at, memberships })
}

/// One try of a password with one member. The failure is counted before the password is looked at and taken back when
/// it was right, so that tries made at the same time can't all slip in before the first of them is counted.
pub(crate) async fn attempt(
    state: &AppState,
    candidate: &Candidate,
    password: &str,
    now: Timestamp,
) -> Result<(), WebError> {
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
    if !state.passwords.verify(password.to_owned(), candidate.phc.clone()).await? {
        return Err(WebError::WrongPassword);
    }
    Ok(sign_in::reset_failures(&state.store, candidate.organization, candidate.member).await?)
}

fn count(state: &AppState, candidate: &Candidate, cause: SignInFailure) {
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

/// Begins one session: one secret, with a row and an event in each organization. Answers the secret and its end.
pub(crate) async fn begin(
    store: &Store,
    origin: &Origin,
    places: &[(OrganizationId, MemberId)],
    method: SignInMethod,
) -> Result<(Secret, Timestamp), WebError> {
    let mut entropy = [0; 32];
    clock::fill_random(&mut entropy);
    let secret = Secret::from_entropy(SecretKind::Session, entropy);
    let now = clock::now();
    for &(organization, member) in places {
        let session = SessionId(clock::new_id());
        // On the record first: a session that was never recorded must not exist.
        store
            .change(&context(origin, organization, member), async |unit| {
                unit.execute::<Member>(member.uuid(), MemberCommand::SignIn { session, method }).await
            })
            .await?;
        let new = NewSession {
            member,
            session,
            digest: secret.digest(),
            address: origin.source.address.clone(),
            user_agent: origin.source.user_agent.clone(),
            now,
            lifetime: SESSION_LIFETIME,
        };
        sign_in::create_session(store, organization, &new).await?;
    }
    Ok((secret, now.checked_add(SESSION_LIFETIME).unwrap_or(Timestamp::MAX)))
}

/// Ends the session of a secret in every organization where it is valid.
pub(crate) async fn out(store: &Store, origin: &Origin, digest: Digest) -> Result<(), WebError> {
    let now = clock::now();
    for organization in sign_in::organizations_of_session(store, digest, now).await? {
        let Some(entry) = sign_in::find_session(store, organization, digest, now).await? else { continue };
        // Ended first: an end that is on the record must have happened.
        if sign_in::end_session(store, organization, entry.member, entry.session).await? {
            store
                .change(&context(origin, organization, entry.member), async |unit| {
                    unit.execute::<Member>(entry.member.uuid(), MemberCommand::EndSession(entry.session)).await
                })
                .await?;
        }
    }
    Ok(())
}

fn context(origin: &Origin, organization: OrganizationId, member: MemberId) -> Context {
    Context {
        organization,
        actor: Actor::Member(member),
        via: origin.via,
        request: origin.request,
        source: Some(origin.source.clone()),
        reason: None,
    }
}
