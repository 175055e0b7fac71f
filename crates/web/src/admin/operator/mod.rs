//! The pages of those who run the installation.

pub(super) mod health;
pub(super) mod new;
pub(super) mod organization;
pub(super) mod organizations;
pub(super) mod suspension;

use actix_web::HttpResponse;
use actix_web::web;
use countersign_domain::values::Slug;
use countersign_persistence::queries::installation::{self, OrganizationFacts};
use jiff::Timestamp;
use serde::Serialize;

use super::page::{OPERATOR, see_other};
use crate::WebError;
use crate::caller::Operator;
use crate::state::AppState;

/// `GET /operator`
pub(super) async fn start(_: Operator) -> HttpResponse {
    see_other(&list_href())
}

fn list_href() -> String {
    format!("{OPERATOR}/organizations")
}

/// What pages say of one organization.
#[derive(Serialize)]
struct OrganizationLine {
    slug: String,
    name: String,
    href: String,
}

impl OrganizationLine {
    fn of(facts: &OrganizationFacts) -> Self {
        let slug = facts.summary.slug.clone();
        Self { href: format!("{}/{slug}", list_href()), name: facts.summary.name.clone(), slug }
    }
}

/// The organization of a customer. That of the operators is none.
async fn load(state: &web::Data<AppState>, slug: &str, now: Timestamp) -> Result<OrganizationFacts, WebError> {
    // What can't be a name is not looked up: the database refuses some texts that a request can hold.
    let slug = Slug::parse(slug).map_err(|_| WebError::NotFound)?;
    installation::organization(&state.store, slug.as_str(), now).await?.ok_or(WebError::NotFound)
}
