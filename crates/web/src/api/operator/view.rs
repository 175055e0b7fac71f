//! Organizations as those who run the installation see them.

use countersign_domain::values::Slug;
use countersign_persistence::clock;
use countersign_persistence::queries::installation::{self, MOST_COUNTED, OrganizationFacts, OrganizationSummary};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::WebError;
use crate::state::AppState;

/// An organization in the list.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ListedOrganization {
    id: Uuid,
    /// Its name in URLs.
    #[schema(example = "acme")]
    slug: String,
    /// Its name for people.
    name: String,
    /// The host name of its own; null if it has none.
    host_name: Option<String>,
    /// Whether it is suspended.
    suspended: bool,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// An organization: how much there is in it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct OperatedOrganization {
    #[serde(flatten)]
    organization: ListedOrganization,
    /// Its issuer identifier.
    issuer: String,
    /// Members who may sign in.
    members: u64,
    /// Third parties that are not deleted.
    third_parties: u64,
    /// Clients that are not deleted.
    clients: u64,
    /// Tokens that are Active and have not expired; never more than 10000.
    active_tokens: u64,
    /// Whether there are more active tokens than that.
    more_active_tokens: bool,
    /// The position of the last event in its journal.
    position: u64,
    /// When that event happened.
    #[schema(value_type = String, format = DateTime)]
    last_event_at: Timestamp,
}

impl From<OrganizationSummary> for ListedOrganization {
    fn from(summary: OrganizationSummary) -> Self {
        Self {
            id: summary.id.uuid(),
            slug: summary.slug,
            name: summary.name,
            host_name: summary.host,
            suspended: summary.suspended,
            created_at: summary.created_at,
        }
    }
}

impl OperatedOrganization {
    pub fn of(state: &AppState, facts: OrganizationFacts) -> Self {
        let summary = facts.summary;
        let issuer = match &summary.host {
            Some(host) => state.issuer_of_host(host),
            None => state.issuer_of_slug(&summary.slug),
        };
        Self {
            organization: summary.into(),
            issuer,
            members: facts.members,
            third_parties: facts.third_parties,
            clients: facts.clients,
            active_tokens: facts.active_tokens.min(MOST_COUNTED),
            more_active_tokens: facts.active_tokens > MOST_COUNTED,
            position: facts.position,
            last_event_at: facts.last_event_at,
        }
    }
}

/// The organization of a customer; that of the operators is none.
pub(super) async fn existing(state: &AppState, slug: &str) -> Result<OrganizationFacts, WebError> {
    // What can't be a name is not looked up: the database refuses some texts that a request can hold.
    let slug = Slug::parse(slug).map_err(|_| WebError::NotFound)?;
    installation::organization(&state.store, slug.as_str(), clock::now()).await?.ok_or(WebError::NotFound)
}
