//! The organization itself: one row.

use countersign_domain::{JournalEvent, OrganizationEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ArrayParameter, Column, ProjectedEvent, Projection, array};

/// The projection.
pub(crate) struct Organizations;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrganizationRow {
    slug: String,
    name: String,
    suspended: bool,
    maximum_token_months: i32,
    created_at: Timestamp,
    host: Option<String>,
}

impl Projection for Organizations {
    type Key = Uuid;
    type Row = OrganizationRow;

    const TABLE: &'static str = "organizations";
    const KEY: &'static [Column] = &[("organization_id", "uuid")];
    const VALUES: &'static [Column] = &[
        ("slug", "text"),
        ("name", "text"),
        ("suspended", "boolean"),
        ("maximum_token_months", "integer"),
        ("created_at", "timestamptz"),
        ("host", "text"),
    ];

    fn touched(event: &ProjectedEvent<'_>) -> Vec<Uuid> {
        match event.event {
            JournalEvent::Organization(_) => vec![event.stream_id],
            _ => Vec::new(),
        }
    }

    fn creates(event: &ProjectedEvent<'_>) -> bool {
        matches!(event.event, JournalEvent::Organization(OrganizationEvent::OrganizationCreated { .. }))
    }

    fn apply(_: &Uuid, row: Option<OrganizationRow>, event: &ProjectedEvent<'_>) -> Option<OrganizationRow> {
        let JournalEvent::Organization(organization_event) = event.event else { return row };
        if let OrganizationEvent::OrganizationCreated { slug, name, maximum_token_months } = organization_event {
            return Some(OrganizationRow {
                slug: slug.clone(),
                name: name.clone(),
                suspended: false,
                maximum_token_months: i32::from(*maximum_token_months),
                created_at: event.occurred_at,
                host: None,
            });
        }
        let mut row = row?;
        match organization_event {
            OrganizationEvent::OrganizationCreated { .. } => {}
            OrganizationEvent::OrganizationRenamed { name } => row.name.clone_from(&name.to),
            OrganizationEvent::OrganizationSuspended {} => row.suspended = true,
            OrganizationEvent::OrganizationResumed {} => row.suspended = false,
            OrganizationEvent::TokenLifetimeLimited { months } => row.maximum_token_months = i32::from(months.to),
            OrganizationEvent::HostNameChanged { host } => row.host.clone_from(&host.to),
        }
        Some(row)
    }

    fn read(row: &tokio_postgres::Row) -> Result<(Uuid, OrganizationRow), tokio_postgres::Error> {
        Ok((
            row.try_get(0)?,
            OrganizationRow {
                slug: row.try_get(1)?,
                name: row.try_get(2)?,
                suspended: row.try_get(3)?,
                maximum_token_months: row.try_get(4)?,
                created_at: row.try_get(5)?,
                host: row.try_get(6)?,
            },
        ))
    }

    fn key_arrays(keys: &[&Uuid]) -> Vec<ArrayParameter> {
        vec![array(keys, |key| *key)]
    }

    fn value_arrays(rows: &[&OrganizationRow]) -> Vec<ArrayParameter> {
        vec![
            array(rows, |row| row.slug.clone()),
            array(rows, |row| row.name.clone()),
            array(rows, |row| row.suspended),
            array(rows, |row| row.maximum_token_months),
            array(rows, |row| row.created_at),
            array(rows, |row| row.host.clone()),
        ]
    }
}
