//! The lock-out: after a few failures in a row, every further one costs a longer wait.

use countersign_domain::{MemberId, OrganizationId};
use jiff::{SignedDuration, Timestamp};

use super::moved;
use crate::pool::parameters;
use crate::{Store, StoreError};

/// How many failures in a row cost nothing.
pub const FREE_FAILURES: u32 = 5;
/// The wait after the first failure that costs one; every further failure doubles it.
pub const SHORTEST_LOCK: SignedDuration = SignedDuration::from_secs(30);
/// The longest wait. Short enough that nobody can be kept out for good by somebody who guesses.
pub const LONGEST_LOCK: SignedDuration = SignedDuration::from_mins(15);

/// Until when no attempt is looked at, after so many failures in a row; `None` when the next may be made at once.
pub fn locked_until(failures: u32, last_failed_at: Option<Timestamp>) -> Option<Timestamp> {
    let doublings = failures.checked_sub(FREE_FAILURES + 1)?;
    let factor = 1_i32.checked_shl(doublings).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
    let wait = SHORTEST_LOCK.checked_mul(factor).unwrap_or(LONGEST_LOCK).min(LONGEST_LOCK);
    last_failed_at.map(|at| moved(at, wait))
}

/// Counts a failure and answers how many there are in a row now.
///
/// Counted before the password is looked at, and forgotten by [`reset_failures`] when it is right, guesses made at the
/// same time can't slip past the limit: each sees a count of its own.
pub async fn record_failure(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let sql = "INSERT INTO sign_in_failures AS f (org_id, member_id, failures, last_failed_at) \
               VALUES ($1, $2, 1, $3) ON CONFLICT (org_id, member_id) DO UPDATE \
               SET failures = least(f.failures, 2147483646) + 1, \
               last_failed_at = greatest(f.last_failed_at, EXCLUDED.last_failed_at) \
               RETURNING failures";
    let rows = store.pool().write(organization, sql, parameters![organization.uuid(), member.uuid(), now]).await?;
    let failures: i32 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    Ok(failures.unsigned_abs())
}

/// Takes one failure back that turned out to be none. The others stay, so that nobody can wipe out guesses this way.
pub async fn take_back_failure(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
) -> Result<(), StoreError> {
    let sql = "UPDATE sign_in_failures SET failures = greatest(failures - 1, 0) WHERE org_id = $1 AND member_id = $2";
    store.pool().write(organization, sql, parameters![organization.uuid(), member.uuid()]).await.map(drop)
}

/// Takes back the failure counted at `now` and leaves everything as it stood before, the time of the last failure too:
/// a right password of somebody whose code is still to come neither wipes out wrong codes nor makes the wait for the
/// next one longer.
pub async fn restore_failures(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    now: Timestamp,
    last_failed_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = "UPDATE sign_in_failures SET failures = greatest(failures - 1, 0), \
               last_failed_at = CASE WHEN last_failed_at = $3 THEN coalesce($4, last_failed_at) \
               ELSE last_failed_at END WHERE org_id = $1 AND member_id = $2";
    let parameters = parameters![organization.uuid(), member.uuid(), now, last_failed_at];
    store.pool().write(organization, sql, parameters).await.map(drop)
}

/// Forgets the failures after a success.
pub async fn reset_failures(store: &Store, organization: OrganizationId, member: MemberId) -> Result<(), StoreError> {
    let sql = "DELETE FROM sign_in_failures WHERE org_id = $1 AND member_id = $2";
    store.pool().write(organization, sql, parameters![organization.uuid(), member.uuid()]).await.map(drop)
}
