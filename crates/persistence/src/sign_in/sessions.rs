//! Sessions of members. The journal says when one began and ended; this is where it is looked up.
//!
//! One secret may be valid in several organizations, by one row in each: a person picks an organization without
//! signing in again.

use countersign_domain::{Digest, MemberId, OrganizationId, Role, SessionId};
use jiff::{SignedDuration, Timestamp};

use super::{moved, role_of};
use crate::pool::parameters;
use crate::{Store, StoreError};

/// The longest life of a session, however much it is used.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(12);
/// After so long without use a session has ended.
pub const SESSION_IDLE_LIMIT: SignedDuration = SignedDuration::from_mins(60);
/// The use of a session is written down at most this often.
const TOUCH_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// For how long a proof of who it is opens what reveals secrets or changes members.
pub const CONFIRMATION_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Whose it is.
    pub member: MemberId,
    /// Which one.
    pub session: SessionId,
    /// The digest of its secret.
    pub digest: Digest,
    /// From where the member signed in.
    pub address: String,
    /// With what.
    pub user_agent: String,
    /// When.
    pub now: Timestamp,
    /// For how long at most; never longer than [`SESSION_LIFETIME`].
    pub lifetime: SignedDuration,
}

/// A session that is valid now, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEntry {
    /// Which one.
    pub session: SessionId,
    /// Whose it is.
    pub member: MemberId,
    /// What the member is called; `None` once erased.
    pub name: Option<String>,
    /// The member's e-mail address; `None` once erased.
    pub email: Option<String>,
    /// What the member may do, now.
    pub role: Role,
    /// Whether the member signs in with codes (TOTP).
    pub has_sign_in_codes: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When the member last proved who it is: by signing in, or by password or code since.
    pub confirmed_at: Timestamp,
}

impl SessionEntry {
    /// Until when the last proof of who it is holds.
    pub fn confirmed_until(&self) -> Timestamp {
        moved(self.confirmed_at, CONFIRMATION_LIFETIME)
    }

    /// Whether the member proved so lately who it is that secrets may be revealed and members changed.
    pub fn is_confirmed(&self, now: Timestamp) -> bool {
        now < self.confirmed_until()
    }
}

/// A session in its member's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// Which one.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// From where the member signed in.
    pub address: String,
    /// With what.
    pub user_agent: String,
}

/// The instant such that a session last used before it has ended.
fn idle_since(now: Timestamp) -> Timestamp {
    moved(now, -SESSION_IDLE_LIMIT)
}

/// Begins a session, and clears away those of the member that have ended.
pub async fn create_session(store: &Store, organization: OrganizationId, new: &NewSession) -> Result<(), StoreError> {
    insert(store, organization, new, None).await
}

/// Writes the row of a session, or of a sign-in that waits for a code.
pub(super) async fn insert(
    store: &Store,
    organization: OrganizationId,
    new: &NewSession,
    awaits_code_after: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "WITH ended AS (DELETE FROM sessions WHERE org_id = $1 AND member_id = $4 \
                   AND (expires_at <= $5 OR last_seen_at <= $6) RETURNING digest), \
               unlisted AS (DELETE FROM session_directory d USING ended e \
                   WHERE d.digest = e.digest AND d.organization = $1), \
               listed AS (INSERT INTO session_directory (digest, organization) VALUES ($3, $1)) \
               INSERT INTO sessions (org_id, session_id, digest, member_id, created_at, last_seen_at, expires_at, \
                   address, user_agent, awaits_code_after, confirmed_at) \
               VALUES ($1, $2, $3, $4, $5, $5, $7, $8, $9, $10, $5)";
    let expires_at = moved(new.now, new.lifetime.min(SESSION_LIFETIME));
    let parameters = parameters![
        organization.uuid(),
        new.session.uuid(),
        new.digest.0.as_slice(),
        new.member.uuid(),
        new.now,
        idle_since(new.now),
        expires_at,
        new.address,
        new.user_agent,
        awaits_code_after,
    ];
    store.pool().write(organization, sql, parameters).await.map(drop)
}

/// The session of a secret, while it is valid and its member active.
pub async fn find_session(
    store: &Store,
    organization: OrganizationId,
    digest: Digest,
    now: Timestamp,
) -> Result<Option<SessionEntry>, StoreError> {
    let sql = "SELECT s.session_id, s.member_id, m.name, m.email, m.role, s.created_at, s.last_seen_at, \
               s.confirmed_at, \
               EXISTS (SELECT FROM second_factors f WHERE f.org_id = s.org_id AND f.member_id = s.member_id) \
               FROM sessions s JOIN members m ON m.org_id = s.org_id AND m.member_id = s.member_id \
               WHERE s.org_id = $1 AND s.digest = $2 AND s.expires_at > $3 AND s.last_seen_at > $4 AND m.active \
               AND s.awaits_code_after IS NULL";
    let parameters = parameters![organization.uuid(), digest.0.as_slice(), now, idle_since(now)];
    let rows = store.pool().read(organization, sql, parameters).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(SessionEntry {
        session: SessionId(row.try_get(0)?),
        member: MemberId(row.try_get(1)?),
        name: row.try_get(2)?,
        email: row.try_get(3)?,
        role: role_of(row.try_get(4)?)?,
        created_at: row.try_get(5)?,
        last_seen_at: row.try_get(6)?,
        confirmed_at: row.try_get(7)?,
        has_sign_in_codes: row.try_get(8)?,
    }))
}

/// The organizations in which the session of a secret is valid now.
pub async fn organizations_of_session(
    store: &Store,
    digest: Digest,
    now: Timestamp,
) -> Result<Vec<OrganizationId>, StoreError> {
    let sql = "SELECT organization FROM session_directory WHERE digest = $1 ORDER BY organization";
    let mut organizations = Vec::new();
    for row in store.pool().read_installation(sql, parameters![digest.0.as_slice()]).await? {
        let organization = OrganizationId(row.try_get(0)?);
        if find_session(store, organization, digest, now).await?.is_some() {
            organizations.push(organization);
        }
    }
    Ok(organizations)
}

/// Notes that a session was used, at most once a minute: most requests write nothing.
pub async fn touch_session(
    store: &Store,
    organization: OrganizationId,
    entry: &SessionEntry,
    now: Timestamp,
) -> Result<(), StoreError> {
    if now.duration_since(entry.last_seen_at) < TOUCH_INTERVAL {
        return Ok(());
    }
    let sql = "UPDATE sessions SET last_seen_at = $3 WHERE org_id = $1 AND session_id = $2 AND last_seen_at <= $4";
    let parameters = parameters![organization.uuid(), entry.session.uuid(), now, moved(now, -TOUCH_INTERVAL)];
    store.pool().write(organization, sql, parameters).await.map(drop)
}

/// Notes that the member of a session has proved again who it is.
pub async fn confirm_session(
    store: &Store,
    organization: OrganizationId,
    session: SessionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE sessions SET confirmed_at = $3 WHERE org_id = $1 AND session_id = $2 AND confirmed_at < $3";
    store.pool().write(organization, sql, parameters![organization.uuid(), session.uuid(), now]).await.map(drop)
}

/// The sessions of a member that are valid now, the last used first.
pub async fn sessions_of(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    now: Timestamp,
) -> Result<Vec<SessionSummary>, StoreError> {
    let sql = "SELECT session_id, created_at, last_seen_at, address, user_agent FROM sessions \
               WHERE org_id = $1 AND member_id = $2 AND expires_at > $3 AND last_seen_at > $4 \
               AND awaits_code_after IS NULL ORDER BY last_seen_at DESC, session_id DESC";
    let parameters = parameters![organization.uuid(), member.uuid(), now, idle_since(now)];
    let rows = store.pool().read(organization, sql, parameters).await?;
    rows.iter()
        .map(|row| {
            Ok(SessionSummary {
                id: SessionId(row.try_get(0)?),
                created_at: row.try_get(1)?,
                last_seen_at: row.try_get(2)?,
                address: row.try_get(3)?,
                user_agent: row.try_get(4)?,
            })
        })
        .collect()
}

/// Ends a session of a member; whether there was such a one.
pub async fn end_session(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    session: SessionId,
) -> Result<bool, StoreError> {
    let sql = "WITH ended AS (DELETE FROM sessions WHERE org_id = $1 AND member_id = $2 AND session_id = $3 \
                   RETURNING session_id, digest), \
               unlisted AS (DELETE FROM session_directory d USING ended e \
                   WHERE d.digest = e.digest AND d.organization = $1) \
               SELECT session_id FROM ended";
    let parameters = parameters![organization.uuid(), member.uuid(), session.uuid()];
    Ok(!store.pool().write(organization, sql, parameters).await?.is_empty())
}

/// Ends the sessions of a member but for one, after a new password or a deactivation, and voids the sign-in links and
/// sign-ins that wait; how many sessions there were.
pub async fn end_sessions_of(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    except: Option<SessionId>,
) -> Result<u64, StoreError> {
    let sql = "WITH voided AS (DELETE FROM sign_in_links WHERE org_id = $1 AND member_id = $2), \
               ended AS (DELETE FROM sessions WHERE org_id = $1 AND member_id = $2 \
                   AND session_id IS DISTINCT FROM $3 RETURNING session_id, digest, awaits_code_after), \
               unlisted AS (DELETE FROM session_directory d USING ended e \
                   WHERE d.digest = e.digest AND d.organization = $1) \
               SELECT session_id FROM ended WHERE awaits_code_after IS NULL";
    let except = except.map(SessionId::uuid);
    let rows = store.pool().write(organization, sql, parameters![organization.uuid(), member.uuid(), except]).await?;
    Ok(rows.len() as u64)
}
