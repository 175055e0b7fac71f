//! The driver of projections: reads the rows that a batch touches, folds the events over them in memory, and writes
//! the outcome with one statement a table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use countersign_domain::OrganizationId;

use super::authorizations::Authorizations;
use super::client_overviews::ClientOverviews;
use super::client_secrets::ClientSecrets;
use super::clients::Clients;
use super::consents::Consents;
use super::members::Members;
use super::organizations::Organizations;
use super::refresh_tokens::RefreshTokens;
use super::third_parties::ThirdParties;
use super::tokens::Tokens;
use super::unique_names::UniqueNames;
use super::{ArrayParameter, Column, ProjectedEvent, Projection};

/// A statement with its parameters.
pub(crate) struct Statement {
    pub sql: &'static str,
    pub parameters: Vec<ArrayParameter>,
}

/// A projection's table, as a rebuild compares it.
pub(crate) struct Table {
    pub name: &'static str,
    pub key: &'static [Column],
    pub values: &'static [Column],
    /// See [`Projection::SHOWN`].
    pub shown: &'static [Column],
}

impl Table {
    const fn of<P: Projection>() -> Self {
        Self { name: P::TABLE, key: P::KEY, values: P::VALUES, shown: P::SHOWN }
    }
}

/// The SQL of one projection, made from its columns.
struct Sql {
    read: String,
    insert: String,
    upsert: String,
    delete: String,
}

impl Sql {
    fn of<P: Projection>() -> Self {
        let names = |columns: &[Column]| columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let arrays = |columns: &[Column]| {
            let types = std::iter::once("uuid").chain(columns.iter().map(|(_, column_type)| *column_type));
            types.enumerate().map(|(index, kind)| format!("${}::{kind}[]", index + 1)).collect::<Vec<_>>()
        };
        let (table, key, values) = (P::TABLE, names(P::KEY), names(P::VALUES));
        let all_columns = [P::KEY, P::VALUES].concat();
        let matches = std::iter::once("org_id")
            .chain(P::KEY.iter().map(|(name, _)| *name))
            .map(|name| format!("t.{name} = k.{name}"))
            .collect::<Vec<_>>()
            .join(" AND ");
        let selected = all_columns.iter().map(|(name, _)| format!("t.{name}")).collect::<Vec<_>>().join(", ");
        let assignments =
            P::VALUES.iter().map(|(name, _)| format!("{name} = EXCLUDED.{name}")).collect::<Vec<_>>().join(", ");
        let keys = format!("UNNEST({}) AS k(org_id, {key})", arrays(P::KEY).join(", "));
        // Beside each other in the select list they are stepped through together; in FROM each fills a table first.
        let rows = arrays(&all_columns).iter().map(|array| format!("unnest({array})")).collect::<Vec<_>>().join(", ");
        let insert = format!("INSERT INTO {table} (org_id, {key}, {values}) SELECT {rows}");
        Self {
            read: format!("SELECT {selected}, t.org_id FROM {keys} JOIN {table} t ON {matches}"),
            upsert: format!("{insert} ON CONFLICT (org_id, {key}) DO UPDATE SET {assignments}"),
            insert,
            delete: format!("DELETE FROM {table} t USING {keys} WHERE {matches}"),
        }
    }
}

/// One projection's rows during a batch.
pub(crate) struct Fold<P: Projection> {
    sql: &'static Sql,
    wanted: BTreeSet<(OrganizationId, P::Key)>,
    rows: BTreeMap<(OrganizationId, P::Key), Slot<P::Row>>,
}

struct Slot<R> {
    row: Option<R>,
    stored: Option<R>,
}

impl<P: Projection> Fold<P> {
    fn new(sql: &'static Sql) -> Self {
        Self { sql, wanted: BTreeSet::new(), rows: BTreeMap::new() }
    }

    /// The row as it is after the events folded so far.
    pub fn get(&self, organization: OrganizationId, key: &P::Key) -> Option<&P::Row> {
        self.rows.get(&(organization, key.clone())).and_then(|slot| slot.row.as_ref())
    }
}

/// A [`Fold`] of whichever projection.
pub(crate) trait AnyFold: Send {
    /// Notes which stored rows the event needs.
    fn want(&mut self, event: &ProjectedEvent<'_>);
    /// The statement that reads the wanted rows; `None` when none are.
    fn read_statement(&self) -> Option<Statement>;
    /// Takes the rows that the statement returned.
    fn accept(&mut self, rows: &[tokio_postgres::Row]) -> Result<(), tokio_postgres::Error>;
    /// Applies an event to the rows.
    fn fold(&mut self, event: &ProjectedEvent<'_>);
    /// The statements that write what has changed.
    fn write_statements(&self) -> Vec<Statement>;
}

impl<P: Projection> AnyFold for Fold<P> {
    fn want(&mut self, event: &ProjectedEvent<'_>) {
        if !P::creates(event) {
            self.wanted.extend(P::touched(event).into_iter().map(|key| (event.organization, key)));
        }
    }

    fn read_statement(&self) -> Option<Statement> {
        if self.wanted.is_empty() {
            return None;
        }
        let keys = self.wanted.iter().map(|(_, key)| key).collect::<Vec<_>>();
        let mut parameters = organizations(self.wanted.iter().map(|(organization, _)| organization));
        parameters.extend(P::key_arrays(&keys));
        Some(Statement { sql: &self.sql.read, parameters })
    }

    fn accept(&mut self, rows: &[tokio_postgres::Row]) -> Result<(), tokio_postgres::Error> {
        for row in rows {
            let organization = OrganizationId(row.try_get("org_id")?);
            let (key, row) = P::read(row)?;
            self.rows.insert((organization, key), Slot { stored: Some(row.clone()), row: Some(row) });
        }
        Ok(())
    }

    fn fold(&mut self, event: &ProjectedEvent<'_>) {
        for key in P::touched(event) {
            let slot = self.rows.entry((event.organization, key.clone())).or_insert(Slot { row: None, stored: None });
            slot.row = P::apply(&key, slot.row.take(), event);
        }
    }

    fn write_statements(&self) -> Vec<Statement> {
        let changed = self.rows.iter().filter(|(_, slot)| slot.row != slot.stored);
        let (mut inserted, mut updated, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        for (key, slot) in changed {
            match (&slot.row, &slot.stored) {
                // An insertion that looks for no conflict is a fifth faster, and most rows are new.
                (Some(row), None) => inserted.push((key, row)),
                (Some(row), Some(_)) => updated.push((key, row)),
                (None, _) => deleted.push(key),
            }
        }
        let mut statements = Vec::new();
        for (sql, written) in [(&self.sql.insert, inserted), (&self.sql.upsert, updated)] {
            if !written.is_empty() {
                let (keys, rows): (Vec<_>, Vec<_>) = written.into_iter().unzip();
                let mut parameters = key_parameters::<P>(&keys);
                parameters.extend(P::value_arrays(&rows));
                statements.push(Statement { sql, parameters });
            }
        }
        if !deleted.is_empty() {
            statements.push(Statement { sql: &self.sql.delete, parameters: key_parameters::<P>(&deleted) });
        }
        statements
    }
}

fn key_parameters<P: Projection>(keys: &[&(OrganizationId, P::Key)]) -> Vec<ArrayParameter> {
    let mut parameters = organizations(keys.iter().map(|(organization, _)| organization));
    parameters.extend(P::key_arrays(&keys.iter().map(|(_, key)| key).collect::<Vec<_>>()));
    parameters
}

fn organizations<'a>(ids: impl Iterator<Item = &'a OrganizationId>) -> Vec<ArrayParameter> {
    vec![Box::new(ids.map(|id| id.uuid()).collect::<Vec<_>>())]
}

macro_rules! folds {
    ($($field:ident: $projection:ty),+ $(,)?) => {
        /// All projections during a batch.
        pub(crate) struct Folds {
            $(pub $field: Fold<$projection>),+
        }

        impl Folds {
            /// The tables of all projections.
            pub const TABLES: &[Table] = &[$(Table::of::<$projection>()),+];

            pub fn new() -> Self {
                Self {
                    $($field: {
                        static SQL: LazyLock<Sql> = LazyLock::new(Sql::of::<$projection>);
                        Fold::new(&SQL)
                    }),+
                }
            }

            pub fn all(&mut self) -> Vec<&mut dyn AnyFold> {
                vec![$(&mut self.$field),+]
            }
        }
    };
}

folds! {
    organizations: Organizations,
    members: Members,
    third_parties: ThirdParties,
    clients: Clients,
    client_overviews: ClientOverviews,
    client_secrets: ClientSecrets,
    tokens: Tokens,
    authorizations: Authorizations,
    refresh_tokens: RefreshTokens,
    consents: Consents,
    unique_names: UniqueNames,
}
