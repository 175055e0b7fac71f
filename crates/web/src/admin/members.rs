//! The list of members.

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{MemberId, Right};
use countersign_persistence::StoreError;
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::members::{self, MemberFilter, MemberList, MemberSort, MemberSummary};
use countersign_persistence::queries::{Cut, ERASED, Page};
use jiff::Timestamp;
use serde::Serialize;

use super::listing::{Choice, List, ListColumn, Listing, Reader, show};
use super::page::{Section, role_in_words};
use crate::WebError;
use crate::caller::{Caller, ReadMembers};
use crate::state::AppState;

struct Members;

/// What `partials/member-rows.hbs` reads of each.
#[derive(Serialize)]
pub(super) struct Row {
    href: String,
    name: String,
    email: String,
    role: &'static str,
    codes: bool,
    active: bool,
    last_signed_in_at: Option<Timestamp>,
}

/// `GET /o/{org}/members`
pub(super) async fn list(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ReadMembers>,
) -> Result<HttpResponse, WebError> {
    show::<Members, _>(state, request, caller).await
}

/// A column whose filter has the same name.
const fn column(
    name: &'static str,
    sort: MemberSort,
    label: &'static str,
    choices: &'static [Choice],
) -> ListColumn<MemberSort> {
    ListColumn { label, name, sort, filter: name, filter_label: label, choices }
}

impl List for Members {
    type Sort = MemberSort;
    type Query = MemberList;
    type Id = MemberId;
    type Item = MemberSummary;
    type Row = Row;

    const SECTION: Section = Section::Members;
    const PATH: &'static str = "members";
    const TEMPLATES: [&'static str; 2] = ["members", "partials/member-rows"];
    const TO_EDIT: Right = Right::ManageMembers;
    const COLUMNS: &'static [ListColumn<MemberSort>] = &[
        column("name", MemberSort::Name, "Name", &[]),
        column("email", MemberSort::Email, "E-mail", &[]),
        column(
            "role",
            MemberSort::Role,
            "Role",
            &[("owner", "Owner"), ("admin", "Admin"), ("developer", "Developer"), ("auditor", "Auditor")],
        ),
        column("codes", MemberSort::AsksForCode, "Sign-in codes", &[("yes", "On"), ("no", "Off")]),
        column("active", MemberSort::Active, "Active", &[("yes", "Active"), ("no", "Inactive")]),
        column("signed_in", MemberSort::LastSignedIn, "Last signed in", &[]),
    ];

    fn query(listing: &Listing<MemberSort>, _: &OrganizationEntry) -> MemberList {
        let filter = MemberFilter {
            search: None,
            name: listing.set_filter("name"),
            email: listing.set_filter("email"),
            role: listing.filter("role").parse().ok(),
            asks_for_code: listing.set_filter("codes").map(|codes| codes == "yes"),
            active: listing.set_filter("active").map(|active| active == "yes"),
            last_signed_in: listing.set_filter("signed_in"),
            zone: Some(listing.zone.time_zone()),
        };
        MemberList { filter, sort: listing.sort, descending: listing.descending }
    }

    async fn count(reader: &Reader<'_>, query: &MemberList) -> Result<u64, StoreError> {
        members::count(reader.store, reader.organization.id, &query.filter).await
    }

    async fn page(reader: &Reader<'_>, query: &MemberList, cut: Cut) -> Result<Page<MemberSummary>, StoreError> {
        members::page(reader.store, reader.organization.id, query, cut).await
    }

    async fn identifiers(reader: &Reader<'_>, query: &MemberList) -> Result<Vec<MemberId>, StoreError> {
        members::identifiers(reader.store, reader.organization.id, query).await
    }

    async fn get_all(reader: &Reader<'_>, ids: &[MemberId]) -> Result<Vec<MemberSummary>, StoreError> {
        members::get_all(reader.store, reader.organization.id, ids).await
    }

    fn row(member: &MemberSummary, reader: &Reader<'_>) -> Row {
        let or_erased = |value: &Option<String>| value.clone().unwrap_or_else(|| ERASED.to_owned());
        Row {
            href: format!("{}/members/{}", reader.base, member.id),
            name: or_erased(&member.name),
            email: or_erased(&member.email),
            role: role_in_words(member.role),
            codes: member.asks_for_code,
            active: member.active,
            last_signed_in_at: member.last_signed_in_at,
        }
    }
}
