//! Signing in: who may, how often somebody may try, the sessions that begin, and one-use links.
//!
//! A person may be a member of several organizations under the same e-mail address, with a password in each. The
//! directory, installation-wide, leads from the address (as a digest) to the organizations; everything else is read
//! under the organization's own row-level security.

mod links;
mod lockout;
mod members;
mod pending;
mod second_factor;
mod sessions;

use countersign_domain::{Digest, MemberId, OrganizationId, Role};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use crate::pool::parameters;
use crate::projections::unique_names::{NameKind, member_email_key};
use crate::{Store, StoreError};

pub use links::{consume_link, create_link, issue_link};
pub use lockout::{
    FREE_FAILURES, LONGEST_LOCK, SHORTEST_LOCK, locked_until, record_failure, reset_failures, restore_failures,
    take_back_failure,
};
pub use members::{add_member, set_password, take_in};
pub use pending::{
    FirstFactor, PENDING_LIFETIME, PENDING_TRIES, PendingSignIn, begin_pending, end_pending, is_pending, try_pending,
};
pub use second_factor::{
    NewSecondFactor, disable_totp, enable_totp, recovery_codes_left, replace_recovery_codes, totp_secret,
    use_recovery_code, use_totp_step,
};
pub use sessions::{
    CONFIRMATION_LIFETIME, NewSession, SESSION_IDLE_LIMIT, SESSION_LIFETIME, SessionEntry, SessionSummary,
    confirm_session, create_session, end_session, end_sessions_of, find_session, organizations_of_session, sessions_of,
    touch_session,
};

/// A member who may be the person that signs in.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The organization.
    pub organization: OrganizationId,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub organization_name: String,
    /// Whether the operator suspended it.
    pub suspended: bool,
    /// The member.
    pub member: MemberId,
    /// What the member may do.
    pub role: Role,
    /// The Argon2id verifier of the password, if one was set.
    pub phc: Option<String>,
    /// Whether a code is asked for after the password.
    pub asks_for_code: bool,
    /// How many attempts failed in a row.
    pub failures: u32,
    /// When the last of them did.
    pub last_failed_at: Option<Timestamp>,
}

/// Leaves the verifier out.
impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate")
            .field("organization", &self.organization)
            .field("member", &self.member)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

/// Under what the sign-in directory knows an e-mail address: SHA-256 of the address without regard to case.
pub fn email_digest(email: &str) -> Digest {
    Digest::of(&member_email_key(email.trim()))
}

/// The active members with this e-mail address, over all organizations.
pub async fn candidates(store: &Store, email: &str) -> Result<Vec<Candidate>, StoreError> {
    let sql = "SELECT organization FROM sign_in_directory WHERE email_digest = $1 ORDER BY organization";
    let listed = store.pool().read_installation(sql, parameters![email_digest(email).0.as_slice()]).await?;
    let mut candidates = Vec::new();
    for row in listed {
        candidates.extend(candidate(store, OrganizationId(row.try_get(0)?), email).await?);
    }
    Ok(candidates)
}

/// What is read of a candidate; [`candidate_of`] takes it from there.
const CANDIDATE: &str = "SELECT o.slug, o.name, o.suspended, m.member_id, m.role, v.phc, t.member_id IS NOT NULL, \
    f.failures, f.last_failed_at \
    FROM members m \
    JOIN organizations o ON o.org_id = m.org_id AND o.organization_id = m.org_id \
    LEFT JOIN verifiers v ON v.org_id = m.org_id AND v.verifier_id = m.verifier_id \
    LEFT JOIN second_factors t ON t.org_id = m.org_id AND t.member_id = m.member_id \
    LEFT JOIN sign_in_failures f ON f.org_id = m.org_id AND f.member_id = m.member_id";

/// The active member with this e-mail address in one organization. Found by the unique name rather than the address
/// as typed, because that is what the rules compare.
async fn candidate(store: &Store, organization: OrganizationId, email: &str) -> Result<Option<Candidate>, StoreError> {
    let sql = format!(
        "{CANDIDATE} JOIN unique_names n ON n.org_id = m.org_id AND n.holder_id = m.member_id \
         WHERE n.org_id = $1 AND n.kind = $2 AND n.name = $3 AND m.active"
    );
    let key = member_email_key(email.trim());
    let rows = store
        .pool()
        .read(organization, &sql, parameters![organization.uuid(), NameKind::MemberEmail.as_str(), key])
        .await?;
    rows.first().map(|row| candidate_of(organization, row)).transpose()
}

/// An active member as somebody who signs in.
pub async fn candidate_by_id(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
) -> Result<Option<Candidate>, StoreError> {
    let sql = format!("{CANDIDATE} WHERE m.org_id = $1 AND m.member_id = $2 AND m.active");
    let rows = store.pool().read(organization, &sql, parameters![organization.uuid(), member.uuid()]).await?;
    rows.first().map(|row| candidate_of(organization, row)).transpose()
}

fn candidate_of(organization: OrganizationId, row: &Row) -> Result<Candidate, StoreError> {
    Ok(Candidate {
        organization,
        slug: row.try_get(0)?,
        organization_name: row.try_get(1)?,
        suspended: row.try_get(2)?,
        member: MemberId(row.try_get(3)?),
        role: role_of(row.try_get(4)?)?,
        phc: row.try_get(5)?,
        asks_for_code: row.try_get(6)?,
        failures: row.try_get::<_, Option<i32>>(7)?.unwrap_or_default().unsigned_abs(),
        last_failed_at: row.try_get(8)?,
    })
}

fn role_of(text: &str) -> Result<Role, StoreError> {
    text.parse().map_err(|_| StoreError::UnexpectedValue(format!("role {text}")))
}

/// An instant moved by a duration, within representable time.
fn moved(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(instant)
}
