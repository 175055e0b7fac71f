//! The members of an organization.

use countersign_domain::{MemberId, OrganizationId, Role};
use jiff::Timestamp;
use tokio_postgres::Row;

use super::parse;
use crate::pool::parameters;
use crate::{Store, StoreError};

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSummary {
    /// Which one.
    pub id: MemberId,
    /// Where mail goes and by what the person signs in; `None` once erased.
    pub email: Option<String>,
    /// What the person is called; `None` once erased.
    pub name: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// Whether the person may sign in.
    pub active: bool,
    /// Whether a code is asked for at sign-in.
    pub asks_for_code: bool,
    /// Since when.
    pub added_at: Timestamp,
}

macro_rules! select_members {
    ($rest:literal) => {
        concat!(
            "SELECT member_id, email, name, role, active, added_at, EXISTS (SELECT FROM second_factors f \
             WHERE f.org_id = m.org_id AND f.member_id = m.member_id) FROM members m WHERE org_id = $1 ",
            $rest
        )
    };
}

/// All members by name, the deactivated ones too.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<MemberSummary>, StoreError> {
    let sql = select_members!("ORDER BY lower(name) NULLS LAST, lower(email) NULLS LAST, member_id");
    store.pool().read(organization, sql, parameters![organization.uuid()]).await?.iter().map(summary).collect()
}

/// One member.
pub async fn get(
    store: &Store,
    organization: OrganizationId,
    id: MemberId,
) -> Result<Option<MemberSummary>, StoreError> {
    let sql = select_members!("AND member_id = $2");
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?;
    rows.first().map(summary).transpose()
}

fn summary(row: &Row) -> Result<MemberSummary, StoreError> {
    Ok(MemberSummary {
        id: MemberId(row.try_get(0)?),
        email: row.try_get(1)?,
        name: row.try_get(2)?,
        role: parse("role", row.try_get(3)?)?,
        active: row.try_get(4)?,
        added_at: row.try_get(5)?,
        asks_for_code: row.try_get(6)?,
    })
}
