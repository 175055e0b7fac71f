//! `GET /api/v1/orgs/{org}/expirations`

use actix_web::{HttpResponse, web};
use countersign_domain::token::TokenKind;
use countersign_persistence::clock;
use countersign_persistence::queries::expirations::{self, Credential, Expiration, ExpirationFilter};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::problem::QueryProblems;
use super::query::{Check, Query, identifier, instant};
use crate::WebError;
use crate::caller::{ApiCaller, ReadThirdParties};
use crate::month::Month;
use crate::state::AppState;

/// How many months ahead are listed, unless another end is asked for; the present one is the first.
const MONTHS: i64 = 12;

/// Which expirations to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExpirationsQuery {
    /// The first instant; by default now.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The instant before which the last one lies; by default the end of the 11th month from now.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Only those of a third party.
    #[param(value_type = Option<Uuid>)]
    third_party: Option<String>,
    /// Which page, from 1 on.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 4_294_967_295_u32)]
    page: Option<String>,
    /// How many a page has: 1 to 200, by default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    page_size: Option<String>,
}

/// A page of what expires, the first to expire first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ExpirationPage {
    /// What expires.
    items: Vec<ExpirationItem>,
    /// How many all pages have together.
    total: u64,
    /// Which page this is.
    page: u32,
    /// How many pages there are.
    pages: u32,
}

/// A token or client secret that expires.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ExpirationItem {
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// What it is.
    #[schema(value_type = String, examples("manual_token", "access_token", "client_secret"))]
    kind: &'static str,
    /// Which one.
    id: Uuid,
    /// By what people tell it apart.
    #[schema(example = "cs_mt_…a9F2")]
    masked: String,
    /// Of which third party, if of one.
    third_party: Option<Owner>,
    /// Of which client, if of one.
    client: Option<Owner>,
    /// When it was last used.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// The third party or client that something belongs to.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Owner {
    /// Which one.
    pub id: Uuid,
    /// The third party's name, or the Client ID.
    pub name: String,
}

/// Lists what expires
///
/// Active tokens and client secrets that have an end. Tokens that live for 24 hours at most are left out: clients get
/// them anew by themselves.
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/expirations",
    tag = "Third parties",
    params(("org" = String, Path, description = "The organization's slug", example = "acme"), ExpirationsQuery),
    responses((status = 200, description = "A page of what expires", body = ExpirationPage), QueryProblems),
    security(("session" = ["ReadThirdParties"]))
)]
pub(crate) async fn list_expirations(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadThirdParties>,
    Query(query): Query<ExpirationsQuery>,
) -> Result<HttpResponse, WebError> {
    let now = clock::now();
    let mut check = Check::default();
    let filter = ExpirationFilter {
        from: check.optional("from", query.from.as_deref(), instant).unwrap_or(now),
        until: check
            .optional("until", query.until.as_deref(), instant)
            .unwrap_or_else(|| Month::of(now).plus(MONTHS).start()),
        third_party: check.optional("third_party", query.third_party.as_deref(), identifier),
        third_party_name: None,
    };
    let (page, page_size) = check.page(query.page.as_deref(), query.page_size.as_deref());
    check.finish()?;
    let found = expirations::page(&state.store, caller.organization.id, &filter, page, page_size).await?;
    Ok(HttpResponse::Ok().json(ExpirationPage {
        items: found.items.into_iter().map(ExpirationItem::from).collect(),
        total: found.total,
        page: found.page,
        pages: found.pages,
    }))
}

impl From<Expiration> for ExpirationItem {
    fn from(expiration: Expiration) -> Self {
        let (kind, id) = match expiration.credential {
            Credential::Token(TokenKind::Manual, id) => ("manual_token", id.uuid()),
            Credential::Token(TokenKind::Access, id) => ("access_token", id.uuid()),
            Credential::ClientSecret(id) => ("client_secret", id.uuid()),
        };
        Self {
            expires_at: expiration.expires_at,
            kind,
            id,
            masked: expiration.masked,
            third_party: expiration.third_party.map(|(id, name)| Owner { id: id.uuid(), name }),
            client: expiration.client.map(|(id, name)| Owner { id: id.uuid(), name }),
            last_used_at: expiration.last_used_at,
        }
    }
}
