//! The list of third parties.

use countersign_domain::third_party::Mode;
use countersign_domain::{OrganizationId, ThirdPartyId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::conditions::{Conditions, filled};
use super::super::listing::{Cut, Key, Rows};
use super::super::shown::{any_of, says, shows_time, shows_time_or_never};
use super::super::{Page, containing, parse};
use crate::pool::parameters;
use crate::{Store, StoreError};

/// Which third parties to list: those that fulfil all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThirdPartyFilter {
    /// A part of the name, the contact's name or the contact's e-mail address, without regard to case.
    pub search: Option<String>,
    /// Whether its access is switched on.
    pub enabled: Option<bool>,
    /// How it comes by its tokens.
    pub mode: Option<Mode>,
    /// A part of the next expiry as [shown](super::super::TIME_AS_SHOWN), of Does not expire, or of No active token.
    pub next_expiry: Option<String>,
    /// A part of the last use as [shown](super::super::TIME_AS_SHOWN), or of Never.
    pub last_used: Option<String>,
    /// In which zone times are shown; UTC if `None`.
    pub zone: Option<TimeZone>,
}

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ThirdPartySort {
    /// The name, without regard to case.
    #[default]
    Name,
    /// Switched off before switched on.
    Enabled,
    /// Automatic before manual.
    Mode,
    /// The next expiry of a token.
    NextExpiry,
    /// The last use of a token.
    LastUsed,
}

/// A list in an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThirdPartyList {
    /// Which third parties.
    pub filter: ThirdPartyFilter,
    /// By what to sort; the name decides between equals. Those without a value come last in either direction.
    pub sort: ThirdPartySort,
    /// From the largest down.
    pub descending: bool,
}

/// A third party in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdPartySummary {
    /// Which one.
    pub id: ThirdPartyId,
    /// Its name.
    pub name: String,
    /// Whether its access is switched on.
    pub enabled: bool,
    /// How it comes by its tokens.
    pub mode: Mode,
    /// Whom to talk to.
    pub contact_name: Option<String>,
    /// Where mail goes.
    pub contact_email: Option<String>,
    /// When the first of its tokens that work now expires.
    pub next_expiry: Option<Timestamp>,
    /// Whether one of its active tokens never expires.
    pub never_expires: bool,
    /// How many of its tokens are active and have not expired.
    pub active_tokens: u64,
    /// When one of its tokens was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What is shown of the next expiry when there is none, and of what was never used.
const ENDLESS: &str = "Does not expire";
const NO_TOKEN: &str = "No active token";

/// The uses of the tokens that people handle.
const JOIN_USES: &str = "LEFT JOIN (SELECT t.third_party_id, max(u.last_used_at) AS last_used_at \
     FROM tokens t JOIN token_usage u ON u.org_id = t.org_id AND u.token_id = t.token_id \
     WHERE t.org_id = $1 AND t.third_party_id IS NOT NULL AND (t.kind = 'manual' OR t.expires_at IS NULL) \
     GROUP BY t.third_party_id) AS uses ON uses.third_party_id = p.third_party_id";

/// The next expiries of the tokens that people handle; `now` names a parameter. Without a row there is no such token.
fn join_expiries(now: &str) -> String {
    format!(
        "LEFT JOIN (SELECT t.third_party_id, min(t.expires_at) AS next_expiry FROM tokens t \
         WHERE t.org_id = $1 AND t.third_party_id IS NOT NULL AND (t.kind = 'manual' OR t.expires_at IS NULL) \
         AND t.status = 'active' AND (t.expires_at IS NULL OR t.expires_at > {now}) \
         GROUP BY t.third_party_id) AS expiries ON expiries.third_party_id = p.third_party_id"
    )
}

impl ThirdPartyFilter {
    fn conditions(&self, organization: OrganizationId) -> Conditions {
        let mut conditions = Conditions::within(organization, "p.org_id = $1 AND NOT p.deleted");
        if let Some(search) = filled(self.search.as_ref()) {
            conditions.push("p.search_key LIKE lower(?)", containing(search));
        }
        if let Some(enabled) = self.enabled {
            conditions.push("p.enabled = ?", enabled);
        }
        if let Some(mode) = self.mode {
            conditions.push("p.mode = ?", mode.as_str());
        }
        if let Some(text) = filled(self.next_expiry.as_ref()) {
            let column = "expiries.next_expiry";
            let (is_endless, has_none) = (
                format!("(expiries.third_party_id IS NOT NULL AND {column} IS NULL)"),
                "expiries.third_party_id IS NULL".to_owned(),
            );
            let words = [says(ENDLESS, text).then_some(is_endless), says(NO_TOKEN, text).then_some(has_none)];
            let time = shows_time(&mut conditions, column, text, self.zone.as_ref());
            conditions.and(&any_of([time].into_iter().chain(words)));
        }
        if let Some(text) = filled(self.last_used.as_ref()) {
            let used = shows_time_or_never(&mut conditions, "uses.last_used_at", text, self.zone.as_ref());
            conditions.and(&used);
        }
        conditions
    }
}

impl ThirdPartyList {
    /// What the rows are sorted by. The first order is that of an index, either way.
    fn order(&self) -> Vec<Key> {
        let expression = match self.sort {
            ThirdPartySort::Name => {
                return vec![Key::of("p.name_key", self.descending), Key::of("p.third_party_id", self.descending)];
            }
            ThirdPartySort::Enabled => "p.enabled",
            ThirdPartySort::Mode => "p.mode",
            ThirdPartySort::NextExpiry => "expiries.next_expiry",
            ThirdPartySort::LastUsed => "uses.last_used_at",
        };
        let first = Key { is_nullable: true, ..Key::of(expression, self.descending) };
        vec![first, Key::of("p.name_key", false), Key::of("p.third_party_id", false)]
    }

    fn rows(&self, organization: OrganizationId, now: Timestamp) -> Rows {
        let mut conditions = self.filter.conditions(organization);
        let mut parameters: Vec<Box<dyn ToSql + Sync + Send>> = Vec::new();
        let (mut filtered, mut sorted) = (vec!["third_parties p".to_owned()], Vec::new());
        if filled(self.filter.next_expiry.as_ref()).is_some() {
            let now = conditions.bind(now);
            filtered.push(join_expiries(&now));
        } else if self.sort == ThirdPartySort::NextExpiry {
            let place = conditions.parameters().len() + 1;
            sorted.push(join_expiries(&format!("${place}")));
            parameters.push(Box::new(now));
        }
        if filled(self.filter.last_used.as_ref()).is_some() {
            filtered.push(JOIN_USES.to_owned());
        } else if self.sort == ThirdPartySort::LastUsed {
            sorted.push(JOIN_USES.to_owned());
        }
        let filtered = filtered.join(" ");
        let sorted = format!("{filtered} {}", sorted.join(" "));
        Rows { id: "p.third_party_id", filtered, sorted, conditions, parameters, order: self.order() }
    }
}

/// How many third parties fulfil the filter.
pub async fn count(
    store: &Store,
    organization: OrganizationId,
    filter: &ThirdPartyFilter,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let list = ThirdPartyList { filter: filter.clone(), ..ThirdPartyList::default() };
    list.rows(organization, now).count(store, organization).await
}

/// All that fulfil the filter, in order.
pub async fn identifiers(
    store: &Store,
    organization: OrganizationId,
    list: &ThirdPartyList,
    now: Timestamp,
) -> Result<Vec<ThirdPartyId>, StoreError> {
    list.rows(organization, now).all(store, organization).await
}

/// One page of the third parties that were not deleted.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    list: &ThirdPartyList,
    cut: Cut,
    now: Timestamp,
) -> Result<Page<ThirdPartySummary>, StoreError> {
    let Page { items, total, page, pages } = list.rows(organization, now).page(store, organization, cut).await?;
    Ok(Page { items: get_all(store, organization, &items, now).await?, total, page, pages })
}

/// Third parties that were not deleted, in the order of their identifiers.
pub async fn get_all(
    store: &Store,
    organization: OrganizationId,
    ids: &[ThirdPartyId],
    now: Timestamp,
) -> Result<Vec<ThirdPartySummary>, StoreError> {
    let sql = "SELECT p.third_party_id, p.name, p.enabled, p.mode, p.contact_name, p.contact_email, next_expiry, \
                   active_tokens > expiring_tokens, active_tokens, last_used_at \
               FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (id, place) \
               JOIN third_parties p ON p.org_id = $1 AND p.third_party_id = wanted.id AND NOT p.deleted, LATERAL ( \
                   SELECT count(*) FILTER (WHERE is_live) AS active_tokens, \
                       count(expires_at) FILTER (WHERE is_live) AS expiring_tokens, \
                       min(expires_at) FILTER (WHERE is_live) AS next_expiry, max(last_used_at) AS last_used_at \
                   FROM (SELECT t.expires_at, u.last_used_at, \
                             t.status = 'active' AND (t.expires_at IS NULL OR t.expires_at > $3) AS is_live \
                         FROM tokens t LEFT JOIN token_usage u ON u.org_id = t.org_id AND u.token_id = t.token_id \
                         WHERE t.org_id = $1 AND t.third_party_id = p.third_party_id \
                         AND (t.kind = 'manual' OR t.expires_at IS NULL)) AS its_tokens \
               ) AS its_use ORDER BY wanted.place";
    let ids = ids.iter().map(|id| id.uuid()).collect::<Vec<_>>();
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), ids, now]).await?;
    rows.iter().map(summary).collect()
}

fn summary(row: &Row) -> Result<ThirdPartySummary, StoreError> {
    Ok(ThirdPartySummary {
        id: ThirdPartyId(row.try_get(0)?),
        name: row.try_get(1)?,
        enabled: row.try_get(2)?,
        mode: parse("mode", row.try_get(3)?)?,
        contact_name: row.try_get(4)?,
        contact_email: row.try_get(5)?,
        next_expiry: row.try_get(6)?,
        never_expires: row.try_get(7)?,
        active_tokens: row.try_get::<_, i64>(8)?.unsigned_abs(),
        last_used_at: row.try_get(9)?,
    })
}
