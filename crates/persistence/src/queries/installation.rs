//! What only the operators read: all organizations. Nothing else asks across organizations.

use std::collections::HashMap;

use countersign_domain::OrganizationId;
use countersign_domain::organization::OPERATORS_SLUG;
use jiff::Timestamp;
use uuid::Uuid;

use super::containing;
use crate::pool::parameters;
use crate::{Store, StoreError};

/// Which organizations to list; those that fulfil all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganizationFilter {
    /// A part of the slug.
    pub slug: Option<String>,
    /// Whether it is suspended.
    pub suspended: Option<bool>,
}

/// Where a page begins. A slug stays, so a page is the same whatever was added since.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SlugCursor {
    /// With the first.
    #[default]
    First,
    /// With the first after a slug.
    After(String),
    /// So that it ends with the last before a slug.
    Before(String),
}

/// A page of the organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organizations {
    /// The organizations, by slug.
    pub items: Vec<OrganizationSummary>,
    /// How many pass the filter, on all pages.
    pub total: u64,
    /// The slug for [`SlugCursor::Before`] that leads back; `None` at the beginning.
    pub previous: Option<String>,
    /// The slug for [`SlugCursor::After`] that leads on; `None` at the end.
    pub next: Option<String>,
}

/// An organization in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationSummary {
    /// Which one.
    pub id: OrganizationId,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The host name of its own, if it has one.
    pub host: Option<String>,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// More active tokens than this are not counted.
pub const MOST_COUNTED: u64 = 10_000;

/// An organization as its operators see it: how much there is, and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationFacts {
    /// What the list says of it.
    pub summary: OrganizationSummary,
    /// Members who may sign in.
    pub members: u64,
    /// Third parties that are not deleted.
    pub third_parties: u64,
    /// Clients that are not deleted.
    pub clients: u64,
    /// Tokens that are Active and have not expired; [`MOST_COUNTED`] + 1 stands for more.
    pub active_tokens: u64,
    /// The last position of the journal.
    pub position: u64,
    /// When that event happened.
    pub last_event_at: Timestamp,
}

const FILTERED: &str = "FROM organization_slugs s \
     LEFT JOIN suspended_organizations x ON x.organization = s.organization \
     WHERE s.slug <> $1 AND ($2::text IS NULL OR s.slug ILIKE $2) \
     AND ($3::boolean IS NULL OR (x.organization IS NOT NULL) = $3)";

/// A page of the customers' organizations that pass the filter, by slug.
pub async fn organizations(
    store: &Store,
    filter: &OrganizationFilter,
    cursor: &SlugCursor,
    size: u32,
) -> Result<Organizations, StoreError> {
    let part = filter.slug.as_deref().map(containing);
    let (place, slug, order) = match cursor {
        SlugCursor::First => ("s.slug > $4", "", "ASC"),
        SlugCursor::After(slug) => ("s.slug > $4", slug.as_str(), "ASC"),
        SlugCursor::Before(slug) => ("s.slug < $4", slug.as_str(), "DESC"),
    };
    // One more than fits, to see whether there are more in this direction.
    let sql =
        format!("SELECT s.organization, s.slug {FILTERED} AND {place} ORDER BY s.slug {order} LIMIT {}", size + 1);
    let slug = slug.replace('\0', "");
    let rows = store.pool().read_installation(&sql, parameters![OPERATORS_SLUG, part, filter.suspended, slug]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push((OrganizationId(row.try_get(0)?), row.try_get::<_, String>(1)?));
    }
    let has_more = found.len() > size as usize;
    found.truncate(size as usize);
    if order == "DESC" {
        found.reverse();
    }
    let sql = format!("SELECT count(*) {FILTERED}");
    let rows = store.pool().read_installation(&sql, parameters![OPERATORS_SLUG, part, filter.suspended]).await?;
    let total: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    let first = found.first().map(|(_, slug)| slug.clone());
    let last = found.last().map(|(_, slug)| slug.clone());
    // In the other direction lies at least the page that the cursor came from.
    let (previous, next) = match cursor {
        SlugCursor::First => (None, last.filter(|_| has_more)),
        SlugCursor::After(slug) => (Some(first.unwrap_or_else(|| slug.clone())), last.filter(|_| has_more)),
        SlugCursor::Before(_) => (first.filter(|_| has_more), Some(last.unwrap_or_default())),
    };
    let ids = found.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    let mut summaries = summaries(store, &ids).await?;
    let items = ids.iter().filter_map(|id| summaries.remove(id)).collect();
    Ok(Organizations { items, total: total.unsigned_abs(), previous, next })
}

/// What stands in the organizations' own rows, each of which only its organization, or the operators, can read.
async fn summaries(
    store: &Store,
    ids: &[OrganizationId],
) -> Result<HashMap<OrganizationId, OrganizationSummary>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT org_id, slug, name, host, suspended, created_at FROM organizations WHERE org_id = ANY($1)";
    let uuids = ids.iter().map(|id| id.uuid()).collect::<Vec<Uuid>>();
    let rows = store.pool().read_of_several(ids, sql, parameters![uuids]).await?;
    rows.iter()
        .map(|row| {
            let id = OrganizationId(row.try_get(0)?);
            let summary = OrganizationSummary {
                id,
                slug: row.try_get(1)?,
                name: row.try_get(2)?,
                host: row.try_get(3)?,
                suspended: row.try_get(4)?,
                created_at: row.try_get(5)?,
            };
            Ok((id, summary))
        })
        .collect()
}

/// What there is in an organization of a customer.
pub async fn organization(store: &Store, slug: &str, now: Timestamp) -> Result<Option<OrganizationFacts>, StoreError> {
    let entry = store.directory().organization_by_slug(slug).await?;
    let Some(id) = entry.filter(|entry| !entry.is_operators()).map(|entry| entry.id) else { return Ok(None) };
    let Some(summary) = summaries(store, &[id]).await?.remove(&id) else { return Ok(None) };
    let sql = format!(
        "SELECT (SELECT count(*) FROM members WHERE org_id = $1 AND active), \
         (SELECT count(*) FROM third_parties WHERE org_id = $1 AND NOT deleted), \
         (SELECT count(*) FROM clients WHERE org_id = $1 AND NOT deleted), \
         (SELECT count(*) FROM (SELECT FROM tokens WHERE org_id = $1 AND status = 'active' \
             AND (expires_at IS NULL OR expires_at > $2) LIMIT {}) active), \
         h.position, h.occurred_at FROM org_heads h WHERE h.org_id = $1",
        MOST_COUNTED + 1
    );
    let rows = store.pool().read(id, &sql, parameters![id.uuid(), now]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let count = |column| row.try_get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Some(OrganizationFacts {
        summary,
        members: count(0)?,
        third_parties: count(1)?,
        clients: count(2)?,
        active_tokens: count(3)?,
        position: count(4)?,
        last_event_at: row.try_get(5)?,
    }))
}
