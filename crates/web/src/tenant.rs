//! The organization that a request is addressed to: by its slug in the path, or by its own host name.

use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::HOST;
use actix_web::{FromRequest, HttpRequest, web};
use countersign_domain::organization::OPERATORS_SLUG;
use countersign_domain::values::{HostName, Slug};
use countersign_persistence::directory::OrganizationEntry;

use crate::WebError;
use crate::state::AppState;

/// The organization that a request is addressed to; 404 where there is none.
pub(crate) struct Tenant {
    pub organization: Arc<OrganizationEntry>,
    addressed_by: Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    Slug,
    Host,
}

impl Tenant {
    /// The organization that a request is addressed to, if there is one.
    pub async fn of(state: &AppState, request: &HttpRequest) -> Result<Option<Self>, WebError> {
        let directory = state.store.directory();
        let (found, addressed_by) = match request.match_info().get("org") {
            // What can't be a name is not looked up: the database refuses some texts that a request can hold.
            Some(slug) if Slug::parse(slug).is_ok() => (directory.organization_by_slug(slug).await?, Address::Slug),
            Some(_) => (None, Address::Slug),
            None => match host(request) {
                Some(host) => (directory.organization_by_host(host.as_str()).await?, Address::Host),
                None => (None, Address::Host),
            },
        };
        // Those who run the installation let no third party in: their organization has pages and no OAuth endpoints.
        let has_pages = ["/o/", "/api/"].iter().any(|beginning| request.path().starts_with(beginning));
        let is_there = |entry: &Arc<OrganizationEntry>| has_pages || !entry.is_operators();
        Ok(found.filter(is_there).map(|organization| Self { organization, addressed_by }))
    }

    /// The organization of those who run the installation, if there is one.
    pub async fn of_operators(state: &AppState) -> Result<Option<Self>, WebError> {
        let found = state.store.directory().organization_by_slug(OPERATORS_SLUG).await?;
        Ok(found.map(|organization| Self { organization, addressed_by: Address::Slug }))
    }

    /// The issuer identifier as the client knows it (RFC 8414 section 3.3): an organization with a host name of its own
    /// has two, so that clients configured before go on working.
    pub fn issuer(&self, state: &AppState) -> String {
        match self.addressed_by {
            Address::Slug => state.issuer_of_slug(&self.slug),
            Address::Host => state.issuer(&self.organization),
        }
    }
}

impl Deref for Tenant {
    type Target = OrganizationEntry;

    fn deref(&self) -> &OrganizationEntry {
        &self.organization
    }
}

impl FromRequest for Tenant {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
            Self::of(state, &request).await?.ok_or(WebError::NotFound)
        })
    }
}

/// The host that the request names. What a proxy says of it does not count: it hands the host on.
fn host(request: &HttpRequest) -> Option<HostName> {
    let header = || request.headers().get(HOST)?.to_str().ok();
    let host = request.uri().host().or_else(header)?;
    let without_port = host.split_once(':').map_or(host, |(host, _)| host);
    HostName::parse(without_port.strip_suffix('.').unwrap_or(without_port)).ok()
}
