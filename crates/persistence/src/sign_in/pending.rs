//! Sign-ins that wait for a code: a password was right, or a link used, and the member has a second factor. They stand
//! beside the sessions, so that whatever ends a member's sessions ends these too, but nothing takes them for one.

use countersign_domain::{Digest, MemberId, OrganizationId};
use jiff::{SignedDuration, Timestamp};

use super::sessions::insert;
use super::{Candidate, NewSession, candidate_by_id};
use crate::pool::parameters;
use crate::{Store, StoreError};

/// For how long a code is awaited.
pub const PENDING_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How many codes may be tried before the password is asked for again.
pub const PENDING_TRIES: i32 = 5;

/// By what a sign-in that waits for a code began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstFactor {
    /// E-mail address and password.
    Password,
    /// A one-use link.
    Link,
}

impl FirstFactor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Password, Self::Link]
            .into_iter()
            .find(|factor| factor.as_str() == text)
            .ok_or_else(|| StoreError::UnexpectedValue(format!("first factor {text}")))
    }
}

/// A sign-in that waits for a code, in one organization.
#[derive(Debug, Clone)]
pub struct PendingSignIn {
    /// Who signs in.
    pub candidate: Candidate,
    /// By what it began.
    pub first: FirstFactor,
    /// Whether the code that is being tried is the last that may be.
    pub is_last_try: bool,
}

/// Lets a sign-in wait for a code.
pub async fn begin_pending(
    store: &Store,
    organization: OrganizationId,
    new: &NewSession,
    first: FirstFactor,
) -> Result<(), StoreError> {
    let new = NewSession { lifetime: new.lifetime.min(PENDING_LIFETIME), ..new.clone() };
    insert(store, organization, &new, Some(first.as_str())).await
}

/// Whether a sign-in under this secret waits for a code.
pub async fn is_pending(store: &Store, digest: Digest, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT member_id FROM sessions WHERE org_id = $1 AND digest = $2 AND expires_at > $3 \
               AND awaits_code_after IS NOT NULL AND codes_tried < $4";
    for organization in listed(store, digest).await? {
        let parameters = parameters![organization.uuid(), digest.0.as_slice(), now, PENDING_TRIES];
        if !store.pool().read(organization, sql, parameters).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts a code that is tried, before it is looked at, and answers who signs in by it: of any number that are tried at
/// the same time, only as many as are allowed get an answer.
pub async fn try_pending(store: &Store, digest: Digest, now: Timestamp) -> Result<Vec<PendingSignIn>, StoreError> {
    let count = "UPDATE sessions SET codes_tried = codes_tried + 1 WHERE org_id = $1 AND digest = $2 \
                 AND expires_at > $3 AND awaits_code_after IS NOT NULL AND codes_tried < $4 \
                 RETURNING member_id, awaits_code_after, codes_tried";
    let mut pending = Vec::new();
    for organization in listed(store, digest).await? {
        let parameters = parameters![organization.uuid(), digest.0.as_slice(), now, PENDING_TRIES];
        let counted = store.pool().write(organization, count, parameters).await?;
        let Some(counted) = counted.first() else { continue };
        let member = MemberId(counted.try_get(0)?);
        let Some(candidate) = candidate_by_id(store, organization, member).await? else { continue };
        pending.push(PendingSignIn {
            candidate,
            first: FirstFactor::parse(counted.try_get(1)?)?,
            is_last_try: counted.try_get::<_, i32>(2)? >= PENDING_TRIES,
        });
    }
    Ok(pending)
}

/// Ends the sign-in that waits for a code under this secret, wherever it does.
pub async fn end_pending(store: &Store, digest: Digest) -> Result<(), StoreError> {
    let sql = "WITH ended AS (DELETE FROM sessions WHERE org_id = $1 AND digest = $2 \
                   AND awaits_code_after IS NOT NULL RETURNING digest) \
               DELETE FROM session_directory d USING ended e WHERE d.digest = e.digest AND d.organization = $1";
    for organization in listed(store, digest).await? {
        store.pool().write(organization, sql, parameters![organization.uuid(), digest.0.as_slice()]).await?;
    }
    Ok(())
}

async fn listed(store: &Store, digest: Digest) -> Result<Vec<OrganizationId>, StoreError> {
    let sql = "SELECT organization FROM session_directory WHERE digest = $1 ORDER BY organization";
    let rows = store.pool().read_installation(sql, parameters![digest.0.as_slice()]).await?;
    rows.iter().map(|row| Ok(OrganizationId(row.try_get(0)?))).collect()
}
