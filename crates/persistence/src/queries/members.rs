//! The members of an organization.

use countersign_domain::{MemberId, OrganizationId, Role};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_postgres::Row;

use super::conditions::{Conditions, filled};
use super::listing::{Cut, Key, Rows};
use super::shown::shows_time_or_never;
use super::{ERASED, Page, containing, parse};
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
    /// Whether there is a password; without one the person signs in by links.
    pub has_password: bool,
    /// Since when.
    pub added_at: Timestamp,
    /// When the person last signed in.
    pub last_signed_in_at: Option<Timestamp>,
}

/// Which members to list: those that fulfil all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberFilter {
    /// A part of the name or the e-mail address, without regard to case.
    pub search: Option<String>,
    /// A part of the name, without regard to case.
    pub name: Option<String>,
    /// A part of the e-mail address, without regard to case.
    pub email: Option<String>,
    /// What the person may do.
    pub role: Option<Role>,
    /// Whether a code is asked for at sign-in.
    pub asks_for_code: Option<bool>,
    /// Whether the person may sign in.
    pub active: Option<bool>,
    /// A part of the last sign-in as [shown](super::TIME_AS_SHOWN), or of Never.
    pub last_signed_in: Option<String>,
    /// In which zone times are shown; UTC if `None`.
    pub zone: Option<TimeZone>,
}

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MemberSort {
    /// The name, without regard to case.
    #[default]
    Name,
    /// The e-mail address, without regard to case.
    Email,
    /// From owner to auditor.
    Role,
    /// Those without sign-in codes before those with.
    AsksForCode,
    /// Deactivated before active.
    Active,
    /// The last sign-in.
    LastSignedIn,
}

impl MemberSort {
    fn expression(self) -> &'static str {
        match self {
            Self::Name => "lower(name)",
            Self::Email => "lower(email)",
            Self::Role => "array_position(ARRAY['owner', 'admin', 'developer', 'auditor'], role)",
            Self::AsksForCode => ASKS_FOR_CODE,
            Self::Active => "active",
            Self::LastSignedIn => "last_signed_in_at",
        }
    }
}

/// Which members to list, and in which order: the name decides between equals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberList {
    /// Which members, the deactivated ones too.
    pub filter: MemberFilter,
    /// By what to sort. Those without a value come last in either direction.
    pub sort: MemberSort,
    /// From the largest down.
    pub descending: bool,
}

const ASKS_FOR_CODE: &str =
    "EXISTS (SELECT FROM second_factors f WHERE f.org_id = m.org_id AND f.member_id = m.member_id)";

/// The members that fulfil the rest of the statement.
fn select(rest: &str) -> String {
    format!(
        "SELECT member_id, email, name, role, active, verifier_id IS NOT NULL, added_at, last_signed_in_at, \
         {ASKS_FOR_CODE} FROM members m WHERE {rest}"
    )
}

/// All members by name, the deactivated ones too.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<MemberSummary>, StoreError> {
    let sql = select("org_id = $1 ORDER BY lower(name) NULLS LAST, lower(email) NULLS LAST, member_id");
    store.pool().read(organization, &sql, parameters![organization.uuid()]).await?.iter().map(summary).collect()
}

/// One member.
pub async fn get(
    store: &Store,
    organization: OrganizationId,
    id: MemberId,
) -> Result<Option<MemberSummary>, StoreError> {
    let sql = select("org_id = $1 AND member_id = $2");
    let rows = store.pool().read(organization, &sql, parameters![organization.uuid(), id.uuid()]).await?;
    rows.first().map(summary).transpose()
}

impl MemberList {
    fn rows(&self, organization: OrganizationId) -> Rows {
        let key = |expression, descending| Key { is_nullable: true, ..Key::of(expression, descending) };
        let first = key(self.sort.expression(), self.descending);
        Rows {
            id: "m.member_id",
            filtered: "members m".to_owned(),
            sorted: "members m".to_owned(),
            conditions: self.filter.conditions(organization),
            parameters: Vec::new(),
            order: vec![first, key("lower(name)", false), key("lower(email)", false), Key::of("m.member_id", false)],
        }
    }
}

/// How many members fulfil the filter.
pub async fn count(store: &Store, organization: OrganizationId, filter: &MemberFilter) -> Result<u64, StoreError> {
    let all = MemberList { filter: filter.clone(), ..MemberList::default() };
    all.rows(organization).count(store, organization).await
}

/// The members of one page.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    list: &MemberList,
    cut: Cut,
) -> Result<Page<MemberSummary>, StoreError> {
    let found = list.rows(organization).page(store, organization, cut).await?;
    let items = get_all(store, organization, &found.items).await?;
    Ok(Page { items, total: found.total, page: found.page, pages: found.pages })
}

/// The identifiers of all members of the list.
pub async fn identifiers(
    store: &Store,
    organization: OrganizationId,
    list: &MemberList,
) -> Result<Vec<MemberId>, StoreError> {
    list.rows(organization).all(store, organization).await
}

/// These members, in the order of the identifiers.
pub async fn get_all(
    store: &Store,
    organization: OrganizationId,
    ids: &[MemberId],
) -> Result<Vec<MemberSummary>, StoreError> {
    let sql = select("org_id = $1 AND member_id = ANY($2) ORDER BY array_position($2, member_id)");
    let ids = ids.iter().map(|id| id.uuid()).collect::<Vec<_>>();
    store.pool().read(organization, &sql, parameters![organization.uuid(), ids]).await?.iter().map(summary).collect()
}

impl MemberFilter {
    fn conditions(&self, organization: OrganizationId) -> Conditions {
        let mut conditions = Conditions::within(organization, "org_id = $1");
        let (name, email) =
            (format!("coalesce(name, '{ERASED}') ILIKE ?"), format!("coalesce(email, '{ERASED}') ILIKE ?"));
        if let Some(search) = filled(self.search.as_ref()) {
            conditions.push(&format!("({name} OR {email})"), containing(search));
        }
        for (condition, part) in [(&name, &self.name), (&email, &self.email)] {
            if let Some(part) = filled(part.as_ref()) {
                conditions.push(condition, containing(part));
            }
        }
        if let Some(role) = self.role {
            conditions.push("role = ?", role.as_str());
        }
        if let Some(asks_for_code) = self.asks_for_code {
            conditions.push(&format!("{ASKS_FOR_CODE} = ?"), asks_for_code);
        }
        if let Some(active) = self.active {
            conditions.push("active = ?", active);
        }
        if let Some(text) = filled(self.last_signed_in.as_ref()) {
            let zone = self.zone.as_ref();
            let signed_in = shows_time_or_never(&mut conditions, "last_signed_in_at", text, zone);
            conditions.and(&signed_in);
        }
        conditions
    }
}

fn summary(row: &Row) -> Result<MemberSummary, StoreError> {
    Ok(MemberSummary {
        id: MemberId(row.try_get(0)?),
        email: row.try_get(1)?,
        name: row.try_get(2)?,
        role: parse("role", row.try_get(3)?)?,
        active: row.try_get(4)?,
        has_password: row.try_get(5)?,
        added_at: row.try_get(6)?,
        last_signed_in_at: row.try_get(7)?,
        asks_for_code: row.try_get(8)?,
    })
}
