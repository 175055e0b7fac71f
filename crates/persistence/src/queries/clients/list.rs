//! The list of clients: filtered and sorted over their overviews, which are all of an organization's in narrow rows.

use countersign_domain::token::ACCESS_TOKEN_LIFETIME;
use countersign_domain::{ClientId, OrganizationId};
use futures_util::future::try_join;

use super::super::conditions::{Conditions, filled};
use super::super::{ERASED, Page, containing};
use super::{ClientDetail, get_all};
use crate::{Store, StoreError};

/// Which clients to list: those that fulfil all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientFilter {
    /// A part of the `client_id` or of the third party's name, without regard to case.
    pub search: Option<String>,
    /// A part of the `client_id`, without regard to case.
    pub identifier: Option<String>,
    /// A part of when the last code was created, as [`shown`](TIME_AS_SHOWN).
    pub code_created_at: Option<String>,
    /// A part of when the last token was created, as [`shown`](TIME_AS_SHOWN).
    pub token_created_at: Option<String>,
    /// A part of how long its access tokens live, in seconds and words.
    pub expires_in: Option<String>,
    /// A part of the name or e-mail address of the member for whom it acts, without regard to case.
    pub passthru_user: Option<String>,
    /// Whether it may take part.
    pub active: Option<bool>,
}

/// How a time is shown, and so how it is found by a part of it: `2026-11-20 14:05 UTC`.
pub const TIME_AS_SHOWN: &str = r#"YYYY-MM-DD HH24:MI "UTC""#;

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClientSort {
    /// The `client_id`, without regard to case.
    #[default]
    Identifier,
    /// When the last code was created.
    CodeCreated,
    /// When the last token was created.
    TokenCreated,
    /// How long its access tokens live; those without end are the longest.
    ExpiresIn,
    /// The name of the member for whom it acts.
    PassthruUser,
    /// Switched off before switched on.
    Active,
}

/// A list in an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientList {
    /// Which clients.
    pub filter: ClientFilter,
    /// By what to sort; the `client_id` decides between equals. Those without a value come last in either direction.
    pub sort: ClientSort,
    /// From the largest down.
    pub descending: bool,
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// From 1 on; one past the end answers the last.
    pub page: u32,
    /// How many rows a page has.
    pub size: u32,
}

const JOIN_THIRD_PARTIES: &str =
    "LEFT JOIN third_parties tp ON tp.org_id = o.org_id AND tp.third_party_id = o.third_party_id";
const JOIN_MEMBERS: &str = "LEFT JOIN members m ON m.org_id = o.org_id AND m.member_id = o.member_id";

const IDENTIFIER: &str = r#"o.identifier_key COLLATE "C""#;

/// What is shown of a lifetime when none is set; see [`lifetime_in_words`].
const ENDLESS: &str = "Does not expire";

/// How long the access tokens of a client live, as the list shows it. Those that a third party in automatic mode comes
/// by have no end unless a lifetime is set.
pub fn lifetime_in_words(lifetime: Option<u32>, is_automatic: bool) -> String {
    match lifetime {
        Some(seconds) => seconds.to_string(),
        None if is_automatic => ENDLESS.to_owned(),
        None => format!("{} (default)", ACCESS_TOKEN_LIFETIME.as_secs()),
    }
}

impl ClientFilter {
    fn conditions(&self, organization: OrganizationId) -> Conditions {
        let mut conditions = Conditions::within(organization, "o.org_id = $1");
        if let Some(search) = filled(self.search.as_ref()) {
            let (identifier, name) =
                (conditions.bind(containing(&search.to_lowercase())), conditions.bind(containing(search)));
            conditions.and(&format!("(o.identifier_key LIKE {identifier} OR tp.name ILIKE {name})"));
        }
        if let Some(identifier) = filled(self.identifier.as_ref()) {
            conditions.push("o.identifier_key LIKE ?", containing(&identifier.to_lowercase()));
        }
        for (column, time) in
            [("o.code_created_at", &self.code_created_at), ("o.token_created_at", &self.token_created_at)]
        {
            if let Some(time) = filled(time.as_ref()) {
                let as_shown = format!("to_char({column} AT TIME ZONE 'UTC', '{TIME_AS_SHOWN}') LIKE ?");
                conditions.push(&as_shown, containing(&time.to_uppercase()));
            }
        }
        if let Some(expires_in) = filled(self.expires_in.as_ref()) {
            let default = lifetime_in_words(None, false);
            let as_shown = format!(
                "coalesce(o.access_token_lifetime::text, \
                 CASE WHEN tp.mode = 'automatic' THEN '{ENDLESS}' ELSE '{default}' END) ILIKE ?"
            );
            conditions.push(&as_shown, containing(expires_in));
        }
        if let Some(passthru_user) = filled(self.passthru_user.as_ref()) {
            let members = format!(
                "o.member_id IN (SELECT member_id FROM members WHERE org_id = $1 \
                 AND (coalesce(name, '{ERASED}') ILIKE ? OR email ILIKE ?))"
            );
            conditions.push(&members, containing(passthru_user));
        }
        if let Some(active) = self.active {
            conditions.push("o.active = ?", active);
        }
        conditions
    }

    /// What has to be joined to the overviews before they can be filtered and sorted.
    fn joins(&self, sort: ClientSort) -> String {
        let needs_third_parties = sort == ClientSort::ExpiresIn
            || [&self.search, &self.expires_in].iter().any(|text| filled(text.as_ref()).is_some());
        let joins = [(needs_third_parties, JOIN_THIRD_PARTIES), (sort == ClientSort::PassthruUser, JOIN_MEMBERS)];
        joins.iter().filter(|(is_needed, _)| *is_needed).map(|(_, join)| *join).collect::<Vec<_>>().join(" ")
    }
}

impl ClientList {
    /// What the rows are sorted by. The first order is that of an index, either way.
    fn order(&self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        match self.sort {
            ClientSort::Identifier => format!("{IDENTIFIER} {direction}, o.client_id {direction}"),
            other => format!("{} {direction} NULLS LAST, {IDENTIFIER}, o.client_id", other.expression()),
        }
    }
}

impl ClientSort {
    fn expression(self) -> String {
        match self {
            Self::Identifier => IDENTIFIER.to_owned(),
            Self::CodeCreated => "o.code_created_at".to_owned(),
            Self::TokenCreated => "o.token_created_at".to_owned(),
            Self::ExpiresIn => format!(
                "coalesce(o.access_token_lifetime, CASE WHEN tp.mode = 'automatic' THEN {} ELSE {} END)",
                i32::MAX,
                ACCESS_TOKEN_LIFETIME.as_secs()
            ),
            Self::PassthruUser => {
                format!("CASE WHEN o.member_id IS NOT NULL THEN lower(coalesce(m.name, '{ERASED}')) END")
            }
            Self::Active => "o.active".to_owned(),
        }
    }
}

/// How many clients fulfil the filter.
pub async fn count(store: &Store, organization: OrganizationId, filter: &ClientFilter) -> Result<u64, StoreError> {
    let conditions = filter.conditions(organization);
    let joins = filter.joins(ClientSort::default());
    let sql = format!("SELECT count(*) FROM client_overviews o {joins} WHERE {}", conditions.sql());
    let rows = store.pool().read(organization, &sql, &conditions.parameters()).await?;
    Ok(rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?.unwrap_or_default().unsigned_abs())
}

/// All that fulfil the filter, in order.
pub async fn identifiers(
    store: &Store,
    organization: OrganizationId,
    list: &ClientList,
) -> Result<Vec<ClientId>, StoreError> {
    some_identifiers(store, organization, list, None).await
}

/// One page of the clients that were not deleted.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    list: &ClientList,
    cut: Cut,
) -> Result<Page<ClientDetail>, StoreError> {
    let size = cut.size.max(1);
    let skipped = |page: u32| i64::from(page.saturating_sub(1)).saturating_mul(i64::from(size));
    let part = |page| some_identifiers(store, organization, list, Some((size, skipped(page))));
    let (total, mut ids) = try_join(count(store, organization, &list.filter), part(cut.page)).await?;
    let mut page = Page::new(Vec::new(), total, cut.page, Some(size));
    if ids.is_empty() && total > 0 {
        ids = part(page.page).await?;
    }
    page.items = get_all(store, organization, &ids).await?;
    Ok(page)
}

async fn some_identifiers(
    store: &Store,
    organization: OrganizationId,
    list: &ClientList,
    cut: Option<(u32, i64)>,
) -> Result<Vec<ClientId>, StoreError> {
    let mut conditions = list.filter.conditions(organization);
    let joins = list.filter.joins(list.sort);
    let order = list.order();
    let filter = conditions.sql().to_owned();
    let cut = cut.map(|(size, skipped)| {
        let (limit, offset) = (conditions.bind(i64::from(size)), conditions.bind(skipped));
        format!("LIMIT {limit} OFFSET {offset}")
    });
    let cut = cut.unwrap_or_default();
    let sql = format!("SELECT o.client_id FROM client_overviews o {joins} WHERE {filter} ORDER BY {order} {cut}");
    let rows = store.pool().read(organization, &sql, &conditions.parameters()).await?;
    rows.iter().map(|row| Ok(ClientId(row.try_get(0)?))).collect()
}
