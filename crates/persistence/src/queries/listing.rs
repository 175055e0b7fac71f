//! What lists share: rows that are filtered, counted, ordered and cut, before anything else of them is read.

use countersign_domain::OrganizationId;
use futures_util::future::try_join;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::Page;
use super::conditions::Conditions;
use crate::{Store, StoreError};

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// From 1 on; one past the end answers the last.
    pub page: u32,
    /// How many rows a page has.
    pub size: u32,
}

/// What rows are sorted by.
pub(super) struct Key {
    pub expression: String,
    pub descending: bool,
    /// Rows without a value come last in either direction.
    pub is_nullable: bool,
}

impl Key {
    /// A key that every row has.
    pub fn of(expression: &str, descending: bool) -> Self {
        Self { expression: expression.to_owned(), descending, is_nullable: false }
    }

    fn sql(&self, backwards: bool) -> String {
        let direction = if self.descending == backwards { "ASC" } else { "DESC" };
        let nulls = match (self.is_nullable, backwards) {
            (false, _) => "",
            (true, false) => " NULLS LAST",
            (true, true) => " NULLS FIRST",
        };
        format!("{} {direction}{nulls}", self.expression)
    }
}

/// The rows of a list.
pub(super) struct Rows {
    /// The column with their identifiers.
    pub id: &'static str,
    /// The tables that the conditions look at.
    pub filtered: String,
    /// The tables that conditions and order look at.
    pub sorted: String,
    pub conditions: Conditions,
    /// Parameters of `sorted` that follow those of the conditions.
    pub parameters: Vec<Box<dyn ToSql + Sync + Send>>,
    pub order: Vec<Key>,
}

impl Rows {
    /// How many there are.
    pub async fn count(&self, store: &Store, organization: OrganizationId) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", self.filtered, self.conditions.sql());
        let rows = store.pool().read(organization, &sql, &self.conditions.parameters()).await?;
        Ok(rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?.unwrap_or_default().unsigned_abs())
    }

    /// All of them.
    pub async fn all<I: From<Uuid>>(&self, store: &Store, organization: OrganizationId) -> Result<Vec<I>, StoreError> {
        self.read(store, organization, false, None).await
    }

    /// One page of them.
    pub async fn page<I: From<Uuid>>(
        &self,
        store: &Store,
        organization: OrganizationId,
        cut: Cut,
    ) -> Result<Page<I>, StoreError> {
        let size = cut.size.max(1);
        if cut.page <= 1 {
            let first = self.read(store, organization, false, Some((size.into(), 0)));
            let (total, ids) = try_join(self.count(store, organization), first).await?;
            return Ok(Page::new(ids, total, 1, Some(size)));
        }
        let total = self.count(store, organization).await?;
        let mut page = Page::new(Vec::new(), total, cut.page, Some(size));
        let before = u64::from(page.page - 1) * u64::from(size);
        let shown = total.saturating_sub(before).min(size.into());
        let after = total - before - shown;
        // The way from the nearer end: sorting is the quicker the fewer rows have to be kept.
        let is_nearer_the_end = after < before;
        let skipped = if is_nearer_the_end { after } else { before };
        let cut = Some((shown.cast_signed(), skipped.cast_signed()));
        page.items = self.read(store, organization, is_nearer_the_end, cut).await?;
        if is_nearer_the_end {
            page.items.reverse();
        }
        Ok(page)
    }

    async fn read<I: From<Uuid>>(
        &self,
        store: &Store,
        organization: OrganizationId,
        backwards: bool,
        cut: Option<(i64, i64)>,
    ) -> Result<Vec<I>, StoreError> {
        let mut parameters = self.conditions.parameters();
        parameters.extend(self.parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)));
        let order = self.order.iter().map(|key| key.sql(backwards)).collect::<Vec<_>>().join(", ");
        let limits = match &cut {
            Some((limit, offset)) => {
                let place = parameters.len() + 1;
                parameters.extend([limit as &(dyn ToSql + Sync), offset]);
                format!("LIMIT ${place} OFFSET ${}", place + 1)
            }
            None => String::new(),
        };
        let (id, tables, conditions) = (self.id, &self.sorted, self.conditions.sql());
        let sql = format!("SELECT {id} FROM {tables} WHERE {conditions} ORDER BY {order} {limits}");
        let rows = store.pool().read(organization, &sql, &parameters).await?;
        rows.iter().map(|row| Ok(I::from(row.try_get::<_, Uuid>(0)?))).collect()
    }
}
