//! The addresses of organizations: slugs and host names, which are looked up before the organization is known and so
//! belong to the installation. They are written in the transaction of the event that gives them. So is which of them are
//! suspended, for the operators' list.

use countersign_domain::{JournalEvent, OrganizationEvent};
use uuid::Uuid;

use crate::projections::Statement;

/// What the event does to the organization's addresses and its place in the operators' list. Giving one that another organization has violates a key.
pub(super) fn statements(organization: Uuid, event: &JournalEvent) -> Vec<Statement> {
    let statement = |sql, address: &str| Statement {
        sql,
        parameters: vec![Box::new(vec![address.to_owned()]), Box::new(vec![organization])],
    };
    match event {
        JournalEvent::Organization(OrganizationEvent::OrganizationCreated { slug, .. }) => vec![statement(
            "INSERT INTO organization_slugs (slug, organization) SELECT * FROM UNNEST($1::text[], $2::uuid[])",
            slug,
        )],
        JournalEvent::Organization(OrganizationEvent::HostNameChanged { host }) => {
            let given_up = host.from.iter().map(|host| {
                statement(
                    "DELETE FROM organization_hosts WHERE (host, organization) IN \
                     (SELECT * FROM UNNEST($1::text[], $2::uuid[]))",
                    host,
                )
            });
            let taken = host.to.iter().map(|host| {
                statement(
                    "INSERT INTO organization_hosts (host, organization) SELECT * FROM UNNEST($1::text[], $2::uuid[])",
                    host,
                )
            });
            given_up.chain(taken).collect()
        }
        JournalEvent::Organization(OrganizationEvent::OrganizationSuspended {}) => vec![Statement {
            sql: "INSERT INTO suspended_organizations SELECT * FROM UNNEST($1::uuid[]) ON CONFLICT DO NOTHING",
            parameters: vec![Box::new(vec![organization])],
        }],
        JournalEvent::Organization(OrganizationEvent::OrganizationResumed {}) => vec![Statement {
            sql: "DELETE FROM suspended_organizations WHERE organization = ANY($1::uuid[])",
            parameters: vec![Box::new(vec![organization])],
        }],
        _ => Vec::new(),
    }
}
