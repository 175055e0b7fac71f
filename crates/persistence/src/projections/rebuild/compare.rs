//! Compares the projections of an organization with the shadow, and mends them from it.

use countersign_domain::OrganizationId;
use tokio_postgres::{Error, Row, Transaction};

use super::{Difference, Fault, MAXIMUM_DIFFERENCES, RebuildError, Subject};
use crate::pool::parameters;
use crate::projections::{Column, Folds, Table};

/// What came of comparing one organization.
#[derive(Default)]
pub(super) struct Comparison {
    /// How many rows differ.
    pub rows: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// Compares every projection, row by row and both ways.
pub(super) async fn compare(transaction: &Transaction<'_>, subject: &Subject<'_>) -> Result<Comparison, RebuildError> {
    let mut comparison = Comparison::default();
    for table in Folds::TABLES {
        let limit = i64::try_from(MAXIMUM_DIFFERENCES).unwrap_or(i64::MAX);
        let rows = transaction.query(&differences(table), parameters![subject.id.uuid(), limit]).await?;
        if let Some(row) = rows.first() {
            comparison.rows += row.try_get::<_, i64>(0)?.unsigned_abs();
        }
        for row in &rows {
            comparison.differences.push(read_difference(subject, table, row)?);
        }
    }
    Ok(comparison)
}

fn read_difference(subject: &Subject<'_>, table: &Table, row: &Row) -> Result<Difference, Error> {
    let fault = match (row.try_get(2)?, row.try_get(3)?) {
        (false, _) => Fault::Missing,
        (true, false) => Fault::Unexpected,
        (true, true) => Fault::Altered(row.try_get(4)?),
    };
    Ok(Difference { slug: subject.slug.clone(), table: table.name, row: row.try_get(1)?, fault })
}

/// Makes the rows that differ what they are in the shadow. Wrong rows go first, because a right one may need a value
/// that must be unique.
pub(super) async fn mend(transaction: &Transaction<'_>, organization: OrganizationId) -> Result<(), Error> {
    for table in Folds::TABLES {
        transaction.execute(&delete_wrong(table), parameters![organization.uuid()]).await?;
        transaction.execute(&insert_missing(table), parameters![organization.uuid()]).await?;
    }
    Ok(())
}

/// Selects the number of all differing rows, the columns that name the row, whether the projection and the shadow have
/// it, and the columns that differ. `p` is the projection, `s` the shadow.
fn differences(table: &Table) -> String {
    let Table { name, key, values, shown } = table;
    let label = each(shown, ", ", |column| format!("'{column}=' || coalesce(s.{column}, p.{column})"));
    let differing =
        each(values, ", ", |column| format!("CASE WHEN p.{column} IS DISTINCT FROM s.{column} THEN '{column}' END"));
    format!(
        "SELECT count(*) OVER (), concat_ws(', ', {label}), p.org_id IS NOT NULL, s.org_id IS NOT NULL, \
         array_remove(ARRAY[{differing}], NULL) \
         FROM (SELECT * FROM public.{name} WHERE org_id = $1) p \
         FULL JOIN (SELECT * FROM countersign_shadow.{name} WHERE org_id = $1) s ON {} \
         WHERE p.org_id IS NULL OR s.org_id IS NULL OR {} IS DISTINCT FROM {} \
         ORDER BY 2 LIMIT $2",
        same_key(key),
        row_of("p", values),
        row_of("s", values),
    )
}

fn delete_wrong(table: &Table) -> String {
    let Table { name, key, values, .. } = table;
    format!(
        "DELETE FROM public.{name} p WHERE p.org_id = $1 AND NOT EXISTS (SELECT FROM countersign_shadow.{name} s \
         WHERE {} AND {} IS NOT DISTINCT FROM {})",
        same_key(key),
        row_of("p", values),
        row_of("s", values),
    )
}

fn insert_missing(table: &Table) -> String {
    let Table { name, key, values, .. } = table;
    let columns = each(&[*key, *values].concat(), ", ", str::to_owned);
    format!(
        "INSERT INTO public.{name} (org_id, {columns}) SELECT org_id, {columns} FROM countersign_shadow.{name} s \
         WHERE s.org_id = $1 AND NOT EXISTS (SELECT FROM public.{name} p WHERE {})",
        same_key(key),
    )
}

fn same_key(key: &[Column]) -> String {
    format!("p.org_id = s.org_id AND {}", each(key, " AND ", |column| format!("p.{column} = s.{column}")))
}

fn row_of(alias: &str, columns: &[Column]) -> String {
    format!("ROW({})", each(columns, ", ", |column| format!("{alias}.{column}")))
}

fn each(columns: &[Column], separator: &str, text: impl Fn(&str) -> String) -> String {
    columns.iter().map(|(column, _)| text(column)).collect::<Vec<_>>().join(separator)
}
