//! The list of third parties.

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::third_party::Mode;
use countersign_domain::{Right, ThirdPartyId};
use countersign_persistence::StoreError;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::third_parties::list::{
    self, ThirdPartyFilter, ThirdPartyList, ThirdPartySort, ThirdPartySummary,
};
use countersign_persistence::queries::{Cut, Page};
use jiff::Timestamp;
use serde::Serialize;

use super::listing::{List, ListColumn, Listing, Reader, show};
use super::page::Section;
use super::third_party::view::{contact, expires_soon};
use crate::WebError;
use crate::caller::{Caller, ReadThirdParties};
use crate::state::AppState;

struct ThirdParties;

/// What `partials/third-party-rows.hbs` reads of each.
#[derive(Serialize)]
struct Row {
    href: String,
    name: String,
    contact: String,
    enabled: bool,
    mode: &'static str,
    expiry: &'static str,
    expires_at: Option<Timestamp>,
    expires_soon: bool,
    last_used_at: Option<Timestamp>,
}

/// `GET /o/{org}/third-parties`
pub(super) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadThirdParties>,
) -> Result<HttpResponse, WebError> {
    show::<ThirdParties, _>(state, request, caller).await
}

impl List for ThirdParties {
    type Sort = ThirdPartySort;
    type Query = ThirdPartyList;
    type Id = ThirdPartyId;
    type Item = ThirdPartySummary;
    type Row = Row;

    const SECTION: Section = Section::ThirdParties;
    const PATH: &'static str = "third-parties";
    const TEMPLATES: [&'static str; 2] = ["third-parties", "partials/third-party-rows"];
    const TO_EDIT: Right = Right::ManageThirdParties;
    const COLUMNS: &'static [ListColumn<ThirdPartySort>] = &[
        ListColumn {
            label: "Name",
            name: "name",
            sort: ThirdPartySort::Name,
            filter: "q",
            filter_label: "Name or contact",
            choices: &[],
        },
        ListColumn {
            label: "Enabled",
            name: "enabled",
            sort: ThirdPartySort::Enabled,
            filter: "enabled",
            filter_label: "Enabled",
            choices: &[("yes", "Enabled"), ("no", "Not enabled")],
        },
        ListColumn {
            label: "Mode",
            name: "mode",
            sort: ThirdPartySort::Mode,
            filter: "mode",
            filter_label: "Mode",
            choices: &[("manual", "Manual"), ("automatic", "Automatic")],
        },
        ListColumn {
            label: "Next expiry",
            name: "expires",
            sort: ThirdPartySort::NextExpiry,
            filter: "expires",
            filter_label: "Next expiry",
            choices: &[],
        },
        ListColumn {
            label: "Last used",
            name: "used",
            sort: ThirdPartySort::LastUsed,
            filter: "used",
            filter_label: "Last used",
            choices: &[],
        },
    ];

    fn query(listing: &Listing<ThirdPartySort>, _: &OrganizationEntry) -> ThirdPartyList {
        let filter = ThirdPartyFilter {
            search: listing.set_filter("q"),
            enabled: listing.set_filter("enabled").map(|enabled| enabled == "yes"),
            mode: listing.set_filter("mode").and_then(|mode| mode.parse::<Mode>().ok()),
            next_expiry: listing.set_filter("expires"),
            last_used: listing.set_filter("used"),
            zone: Some(listing.zone.time_zone()),
        };
        ThirdPartyList { filter, sort: listing.sort, descending: listing.descending }
    }

    async fn count(reader: &Reader<'_>, query: &ThirdPartyList) -> Result<u64, StoreError> {
        list::count(reader.store, reader.organization.id, &query.filter, reader.now).await
    }

    async fn page(
        reader: &Reader<'_>,
        query: &ThirdPartyList,
        cut: Cut,
    ) -> Result<Page<ThirdPartySummary>, StoreError> {
        list::page(reader.store, reader.organization.id, query, cut, reader.now).await
    }

    async fn identifiers(reader: &Reader<'_>, query: &ThirdPartyList) -> Result<Vec<ThirdPartyId>, StoreError> {
        list::identifiers(reader.store, reader.organization.id, query, reader.now).await
    }

    async fn get_all(reader: &Reader<'_>, ids: &[ThirdPartyId]) -> Result<Vec<ThirdPartySummary>, StoreError> {
        list::get_all(reader.store, reader.organization.id, ids, reader.now).await
    }

    fn row(third_party: &ThirdPartySummary, reader: &Reader<'_>) -> Row {
        Row {
            href: format!("{}/third-parties/{}", reader.base, third_party.id),
            name: third_party.name.clone(),
            contact: contact(third_party.contact_name.as_deref(), third_party.contact_email.as_deref()),
            enabled: third_party.enabled,
            mode: third_party.mode.as_str(),
            expiry: match third_party.next_expiry {
                Some(_) => "date",
                None if third_party.never_expires => "never",
                None => "none",
            },
            expires_at: third_party.next_expiry,
            expires_soon: expires_soon(third_party.next_expiry, reader.now),
            last_used_at: third_party.last_used_at,
        }
    }
}
