//! Signing in, by password or link and, where the member switched it on, by a code after that; and out again.
//!
//! Nobody learns by trying whether an e-mail address belongs to a member: unknown addresses cost the same work, are
//! locked out after as many failures, and get the same answers.

mod attempts;
pub(crate) mod confirmation;

use actix_web::HttpRequest;
use countersign_domain::member::SignInMethod;
use countersign_domain::{
    Actor, Digest, InvalidValue, Member, MemberCommand, MemberId, OrganizationId, Secret, SecretKind, SessionId,
};
use countersign_persistence::sign_in::{
    self, Candidate, FirstFactor, NewSession, PENDING_LIFETIME, PendingSignIn, SESSION_LIFETIME,
};
use countersign_persistence::{Context, Source, Store, Via, clock};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::WebError;
use crate::middleware::{Audience, audience, request_id, source};
use crate::sign_in_codes::TypedCode;
use crate::state::AppState;

pub(crate) use attempts::Strangers;
use attempts::{method, whom_code_fits, whom_password_fits};

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

/// What a right password or a link that was not used before leads to.
pub(crate) enum FirstStep {
    SignedIn(SignedIn),
    /// A code is asked for; under this secret the sign-in waits for it.
    AwaitsCode(Secret),
}

/// Signs a person in wherever the password fits.
pub(crate) async fn by_password(
    state: &AppState,
    origin: &Origin,
    email: &str,
    password: &str,
) -> Result<FirstStep, WebError> {
    let fitting = whom_password_fits(state, email, password, None, clock::now()).await?;
    first_step(state, origin, fitting, FirstFactor::Password).await
}

/// Signs the member in whose link was used.
pub(crate) async fn by_link(
    state: &AppState,
    origin: &Origin,
    organization: OrganizationId,
    member: MemberId,
) -> Result<FirstStep, WebError> {
    let candidate = sign_in::candidate_by_id(&state.store, organization, member).await?;
    first_step(state, origin, candidate.into_iter().collect(), FirstFactor::Link).await
}

/// Signs a person in wherever the password and, where one is asked for, the code fit; or only in the organization with
/// the given slug.
pub(crate) async fn by_password_and_code(
    state: &AppState,
    origin: &Origin,
    email: &str,
    password: &str,
    code: Option<&str>,
    organization: Option<&str>,
) -> Result<SignedIn, WebError> {
    let code = code.map(typed_code).transpose()?;
    let now = clock::now();
    let fitting = whom_password_fits(state, email, password, organization, now).await?;
    let first = FirstFactor::Password;
    let signing_in = match &code {
        Some(code) => {
            let candidates = fitting.into_iter().map(|candidate| (candidate, first)).collect();
            whom_code_fits(state, candidates, code, now).await?
        }
        None if fitting.iter().any(|candidate| candidate.asks_for_code) => return Err(WebError::CodeNeeded),
        None => fitting.into_iter().map(|candidate| (candidate, method(first, None))).collect(),
    };
    begin(&state.store, origin, signing_in).await
}

/// Goes on with a sign-in that waits for a code. [`WebError::Unauthenticated`] when it waits no longer.
pub(crate) async fn by_code(
    state: &AppState,
    origin: &Origin,
    pending: Digest,
    typed: &str,
) -> Result<SignedIn, WebError> {
    let code = typed_code(typed)?;
    let now = clock::now();
    let waiting = sign_in::try_pending(&state.store, pending, now).await?;
    if waiting.is_empty() {
        return Err(WebError::Unauthenticated);
    }
    let is_last_try = waiting.iter().any(|pending| pending.is_last_try);
    let candidates = waiting.into_iter().map(|PendingSignIn { candidate, first, .. }| (candidate, first)).collect();
    match whom_code_fits(state, candidates, &code, now).await {
        Ok(signing_in) => {
            sign_in::end_pending(&state.store, pending).await?;
            begin(&state.store, origin, signing_in).await
        }
        Err(WebError::WrongCode) if is_last_try => {
            sign_in::end_pending(&state.store, pending).await?;
            Err(WebError::Unauthenticated)
        }
        Err(other) => Err(other),
    }
}

fn typed_code(typed: &str) -> Result<TypedCode, WebError> {
    let accepted = InvalidValue("Enter the 6 digits that your app shows now, or a recovery code".into());
    TypedCode::parse(typed).ok_or_else(|| WebError::field("code", &accepted))
}

async fn first_step(
    state: &AppState,
    origin: &Origin,
    candidates: Vec<Candidate>,
    first: FirstFactor,
) -> Result<FirstStep, WebError> {
    if !candidates.iter().any(|candidate| candidate.asks_for_code) {
        let signing_in = candidates.into_iter().map(|candidate| (candidate, method(first, None))).collect();
        return begin(&state.store, origin, signing_in).await.map(FirstStep::SignedIn);
    }
    let secret = new_secret();
    for candidate in &candidates {
        let id = SessionId(clock::new_id());
        let new = new_session(origin, candidate.member, id, &secret, clock::now(), PENDING_LIFETIME);
        sign_in::begin_pending(&state.store, candidate.organization, &new, first).await?;
    }
    Ok(FirstStep::AwaitsCode(secret))
}

/// Begins one session: one secret, with a row and an event in each organization.
async fn begin(
    store: &Store,
    origin: &Origin,
    signing_in: Vec<(Candidate, SignInMethod)>,
) -> Result<SignedIn, WebError> {
    if signing_in.is_empty() {
        return Err(WebError::Unauthenticated);
    }
    let secret = new_secret();
    let now = clock::now();
    let mut memberships = Vec::new();
    for (candidate, method) in signing_in {
        let (organization, member) = (candidate.organization, candidate.member);
        let session = SessionId(clock::new_id());
        // On the record first: a session that was never recorded must not exist.
        store
            .change(&context(origin, organization, member), async |unit| {
                unit.execute::<Member>(member.uuid(), MemberCommand::SignIn { session, method }).await
            })
            .await?;
        let new = new_session(origin, member, session, &secret, now, SESSION_LIFETIME);
        sign_in::create_session(store, organization, &new).await?;
        memberships.push(candidate);
    }
    let expires_at = now.checked_add(SESSION_LIFETIME).unwrap_or(Timestamp::MAX);
    Ok(SignedIn { secret, expires_at, memberships })
}

fn new_secret() -> Secret {
    let mut entropy = [0; 32];
    clock::fill_random(&mut entropy);
    Secret::from_entropy(SecretKind::Session, entropy)
}

fn new_session(
    origin: &Origin,
    member: MemberId,
    session: SessionId,
    secret: &Secret,
    now: Timestamp,
    lifetime: SignedDuration,
) -> NewSession {
    NewSession {
        member,
        session,
        digest: secret.digest(),
        address: origin.source.address.clone(),
        user_agent: origin.source.user_agent.clone(),
        now,
        lifetime,
    }
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
