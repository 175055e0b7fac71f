//! The organization itself: one row.

use countersign_domain::expiry::MANUAL_TOKEN_MONTHS;
use countersign_domain::organization::DEFAULT_ACCESS_TOKEN_SECONDS;
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
    default_token_months: i32,
    maximum_access_token_seconds: Option<i32>,
    default_access_token_seconds: i32,
    sign_in_codes_required: bool,
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
        ("default_token_months", "integer"),
        ("maximum_access_token_seconds", "integer"),
        ("default_access_token_seconds", "integer"),
        ("sign_in_codes_required", "boolean"),
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
                default_token_months: i32::from(MANUAL_TOKEN_MONTHS),
                maximum_access_token_seconds: None,
                default_access_token_seconds: stored(DEFAULT_ACCESS_TOKEN_SECONDS),
                sign_in_codes_required: false,
            });
        }
        let mut row = row?;
        match organization_event {
            OrganizationEvent::OrganizationCreated { .. } | OrganizationEvent::AuditExported { .. } => {}
            OrganizationEvent::OrganizationRenamed { name } => row.name.clone_from(&name.to),
            OrganizationEvent::OrganizationSuspended {} => row.suspended = true,
            OrganizationEvent::OrganizationResumed {} => row.suspended = false,
            OrganizationEvent::TokenLifetimeLimited { months } => row.maximum_token_months = i32::from(months.to),
            OrganizationEvent::HostNameChanged { host } => row.host.clone_from(&host.to),
            OrganizationEvent::DefaultTokenLifetimeChanged { months } => {
                row.default_token_months = i32::from(months.to);
            }
            OrganizationEvent::AccessTokenLifetimeLimited { seconds } => {
                row.maximum_access_token_seconds = seconds.to.map(stored);
            }
            OrganizationEvent::DefaultAccessTokenLifetimeChanged { seconds } => {
                row.default_access_token_seconds = stored(seconds.to);
            }
            OrganizationEvent::SignInCodesRequired {} => row.sign_in_codes_required = true,
            OrganizationEvent::SignInCodesMadeOptional {} => row.sign_in_codes_required = false,
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
                default_token_months: row.try_get(7)?,
                maximum_access_token_seconds: row.try_get(8)?,
                default_access_token_seconds: row.try_get(9)?,
                sign_in_codes_required: row.try_get(10)?,
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
            array(rows, |row| row.default_token_months),
            array(rows, |row| row.maximum_access_token_seconds),
            array(rows, |row| row.default_access_token_seconds),
            array(rows, |row| row.sign_in_codes_required),
        ]
    }
}

/// Seconds as the database holds them; the rules allow no more than it can.
fn stored(seconds: u32) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
