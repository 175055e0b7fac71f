//! The list of clients: filtered and sorted over their overviews, which are all of an organization's in narrow rows.

use countersign_domain::{AccessTokenLifetimes, ClientId, OrganizationId};
use jiff::tz::TimeZone;

use super::super::conditions::{Conditions, filled};
use super::super::listing::{Cut, Key, Rows};
use super::super::shown::{any_of, says, shows_time_or_never};
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
    /// A part of when the last code was created, as [shown](super::super::TIME_AS_SHOWN), or of Never.
    pub code_created_at: Option<String>,
    /// A part of when the last token was created, as [shown](super::super::TIME_AS_SHOWN), or of Never.
    pub token_created_at: Option<String>,
    /// A part of how long its access tokens live, in seconds and words.
    pub expires_in: Option<String>,
    /// A part of the name or e-mail address of the member for whom it acts, or of None, without regard to case.
    pub passthru_user: Option<String>,
    /// Whether it may take part.
    pub active: Option<bool>,
    /// In which zone times are shown; UTC if `None`.
    pub zone: Option<TimeZone>,
    /// How long access tokens live in the organization: no filter, but what is shown of `expires_in` follows from it.
    pub lifetimes: AccessTokenLifetimes,
}

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

const JOIN_THIRD_PARTIES: &str =
    "LEFT JOIN third_parties tp ON tp.org_id = o.org_id AND tp.third_party_id = o.third_party_id";
const JOIN_MEMBERS: &str = "LEFT JOIN members m ON m.org_id = o.org_id AND m.member_id = o.member_id";

/// Whether a client's third party is in automatic mode. All that are, are looked up once.
const IS_AUTOMATIC: &str = "(o.third_party_id IS NOT NULL AND o.third_party_id IN \
     (SELECT third_party_id FROM third_parties WHERE org_id = $1 AND mode = 'automatic'))";

const IDENTIFIER: &str = r#"o.identifier_key COLLATE "C""#;

const NOBODY: &str = "None";

/// What is shown of tokens without an end; see [`lifetime_in_words`].
const ENDLESS: &str = "Does not expire";
/// What is shown beside a lifetime that the organization's maximum cuts.
const CUT: &str = "(cut by the maximum)";

/// How long the access tokens of a client live, as the list shows it. Those that a third party in automatic mode comes
/// by have no end unless a lifetime is set.
pub fn lifetime_in_words(lifetime: Option<u32>, is_automatic: bool, organization: AccessTokenLifetimes) -> String {
    let lives = if is_automatic { organization.of_endless(lifetime) } else { Some(organization.of(lifetime)) };
    match (lives, lifetime) {
        (None, _) => ENDLESS.to_owned(),
        (Some(seconds), Some(chosen)) if seconds == chosen => seconds.to_string(),
        (Some(seconds), None) if !is_automatic => format!("{seconds} (default)"),
        (Some(seconds), _) => format!("{seconds} {CUT}"),
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
                let created = shows_time_or_never(&mut conditions, column, time, self.zone.as_ref());
                conditions.and(&created);
            }
        }
        if let Some(expires_in) = filled(self.expires_in.as_ref()) {
            let lifetime = self.lives(&mut conditions, expires_in);
            conditions.and(&lifetime);
        }
        if let Some(passthru_user) = filled(self.passthru_user.as_ref()) {
            let text = conditions.bind(containing(passthru_user));
            let members = format!(
                "o.member_id IN (SELECT member_id FROM members WHERE org_id = $1 \
                 AND (coalesce(name, '{ERASED}') ILIKE {text} OR email ILIKE {text}))"
            );
            let nobody = says(NOBODY, passthru_user).then(|| "o.member_id IS NULL".to_owned());
            conditions.and(&any_of([Some(members), nobody]));
        }
        if let Some(active) = self.active {
            conditions.push("o.active = ?", active);
        }
        conditions
    }

    /// The overviews and what has to be joined to them.
    fn tables(&self, sort: ClientSort) -> String {
        let searches = filled(self.search.as_ref()).is_some();
        let joins = [(searches, JOIN_THIRD_PARTIES), (sort == ClientSort::PassthruUser, JOIN_MEMBERS)];
        let joins = joins.iter().filter(|(is_needed, _)| *is_needed).map(|(_, join)| *join);
        ["client_overviews o"].into_iter().chain(joins).collect::<Vec<_>>().join(" ")
    }
}

impl ClientFilter {
    /// The condition that a lifetime, as shown, contains the text.
    fn lives(&self, conditions: &mut Conditions, text: &str) -> String {
        let in_words = |lifetime, is_automatic| lifetime_in_words(lifetime, is_automatic, self.lifetimes);
        let maximum = self.lifetimes.maximum.unwrap_or(u32::MAX);
        let is_cut = format!("o.access_token_lifetime > {maximum}");
        let cut = says(&in_words(Some(u32::MAX), false), text).then_some(is_cut);
        let set = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| {
            let digits = conditions.bind(containing(text));
            format!("(o.access_token_lifetime <= {maximum} AND o.access_token_lifetime::text LIKE {digits})")
        });
        let unset = match (says(&in_words(None, false), text), says(&in_words(None, true), text)) {
            (false, false) => None,
            (true, true) => Some("o.access_token_lifetime IS NULL".to_owned()),
            (false, true) => Some(format!("(o.access_token_lifetime IS NULL AND {IS_AUTOMATIC})")),
            (true, false) => Some(format!("(o.access_token_lifetime IS NULL AND NOT {IS_AUTOMATIC})")),
        };
        any_of([cut, set, unset])
    }
}

impl ClientList {
    /// What the rows are sorted by. The first order is that of an index, either way.
    fn order(&self) -> Vec<Key> {
        let first = match self.sort {
            ClientSort::Identifier => {
                return vec![Key::of(IDENTIFIER, self.descending), Key::of("o.client_id", self.descending)];
            }
            other => Key {
                expression: other.expression(self.filter.lifetimes),
                descending: self.descending,
                is_nullable: true,
            },
        };
        vec![first, Key::of(IDENTIFIER, false), Key::of("o.client_id", false)]
    }

    fn rows(&self, organization: OrganizationId) -> Rows {
        Rows {
            id: "o.client_id",
            filtered: self.filter.tables(ClientSort::default()),
            sorted: self.filter.tables(self.sort),
            conditions: self.filter.conditions(organization),
            parameters: Vec::new(),
            order: self.order(),
        }
    }
}

impl ClientSort {
    fn expression(self, lifetimes: AccessTokenLifetimes) -> String {
        match self {
            Self::Identifier => IDENTIFIER.to_owned(),
            Self::CodeCreated => "o.code_created_at".to_owned(),
            Self::TokenCreated => "o.token_created_at".to_owned(),
            Self::ExpiresIn => format!(
                "least(coalesce(o.access_token_lifetime, CASE WHEN {IS_AUTOMATIC} THEN {0} ELSE {1} END), {2})",
                i32::MAX,
                lifetimes.of(None),
                lifetimes.maximum.map_or_else(|| i32::MAX.to_string(), |maximum| maximum.to_string())
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
    let list = ClientList { filter: filter.clone(), ..ClientList::default() };
    list.rows(organization).count(store, organization).await
}

/// All that fulfil the filter, in order.
pub async fn identifiers(
    store: &Store,
    organization: OrganizationId,
    list: &ClientList,
) -> Result<Vec<ClientId>, StoreError> {
    list.rows(organization).all(store, organization).await
}

/// One page of the clients that were not deleted.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    list: &ClientList,
    cut: Cut,
) -> Result<Page<ClientDetail>, StoreError> {
    let Page { items, total, page, pages } = list.rows(organization).page(store, organization, cut).await?;
    Ok(Page { items: get_all(store, organization, &items).await?, total, page, pages })
}
