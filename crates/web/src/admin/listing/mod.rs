//! What lists share: filters, order and page stand in the address, from which those of the neighbours are made.

mod columns;
mod list;
mod rows;

use serde::Serialize;

pub(super) use columns::{Choice, ListColumn};
pub(super) use list::{List, Reader, show};

use super::pager::Pager;
use crate::form::Fields;
use crate::zone::Zone;

/// How many rows a page has.
pub(super) const PAGE_SIZE: u32 = 25;
const ALL: &str = "all";
const ZONE: &str = "zone";
const DESCENDING: &str = "descending";

/// The list that an address asks for. What can't be read in it is left out.
#[derive(Debug, Clone)]
pub(super) struct Listing<S: 'static> {
    pub path: String,
    /// Whose days and hours the filters mean: a link that a colleague sent keeps that of whoever made it.
    pub zone: Zone,
    filters: Vec<(&'static str, String)>,
    sorts: Vec<(&'static str, S)>,
    pub sort: S,
    pub descending: bool,
    /// `None` for all on one page.
    pub page: Option<u32>,
}

/// A column's header: sorts by it, or the other way round if it already does.
#[derive(Debug, Serialize)]
pub(super) struct Column {
    href: String,
    sort: &'static str,
}

/// Which rows of a list are on a page.
#[derive(Debug, Serialize)]
pub(super) struct Range {
    /// Counted from 1; 0 when there are none.
    first: u64,
    last: u64,
}

impl<S: Copy + PartialEq + Default> Listing<S> {
    /// Reads an address with these filters and ways of sorting.
    pub fn of(
        path: String,
        query: &Fields,
        zone: &Zone,
        filters: &[&'static str],
        sorts: &[(&'static str, S)],
    ) -> Self {
        let asked = sorts.iter().find(|(name, _)| *name == query.get("sort")).map(|(_, sort)| *sort);
        let page = match query.get("page") {
            ALL => None,
            page => Some(page.parse().unwrap_or(1).max(1)),
        };
        Self {
            path,
            zone: Zone::named(query.get(ZONE)).unwrap_or_else(|| zone.clone()),
            filters: filters.iter().map(|name| (*name, query.get(name).trim().to_owned())).collect(),
            sorts: sorts.to_vec(),
            sort: asked.unwrap_or_default(),
            descending: query.get("order") == DESCENDING,
            page,
        }
    }

    /// The zone as addresses have it: UTC goes without saying.
    pub fn named_zone(&self) -> Option<&str> {
        Some(self.zone.name()).filter(|_| self.zone != Zone::UTC)
    }

    /// A filter as typed; empty when it was not set.
    pub fn filter(&self, name: &str) -> &str {
        self.filters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A filter that was set.
    pub fn set_filter(&self, name: &str) -> Option<String> {
        Some(self.filter(name).to_owned()).filter(|value| !value.is_empty())
    }

    /// Whether any filter is set.
    pub fn is_filtered(&self) -> bool {
        self.filters.iter().any(|(_, value)| !value.is_empty())
    }

    /// What the filter's form carries along: by what is sorted; empty for what goes without saying.
    pub fn sort_name(&self) -> &'static str {
        self.sort_parameter().unwrap_or_default()
    }

    /// See [`Self::sort_name`].
    pub fn order_name(&self) -> &'static str {
        if self.descending { DESCENDING } else { "" }
    }

    fn sort_parameter(&self) -> Option<&'static str> {
        let chosen = self.sorts.iter().find(|(_, sort)| *sort == self.sort && *sort != S::default());
        chosen.map(|(name, _)| *name)
    }

    pub fn column(&self, sort: S) -> Column {
        let is_sorted = self.sort == sort;
        let next = Self { sort, descending: is_sorted && !self.descending, ..self.clone() };
        Column {
            href: next.href(None),
            sort: match (is_sorted, self.descending) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => DESCENDING,
            },
        }
    }

    /// The address of all on one page.
    pub fn href_of_all(&self) -> String {
        self.href(Some(ALL))
    }

    /// The bar under the list, of which this is one page of several, or all `total` rows.
    pub fn pager(&self, page: u32, pages: u32, total: u64) -> Pager {
        match self.page {
            Some(_) => Pager::of_pages(page, pages, |page| self.href(Some(page))),
            None if total > u64::from(PAGE_SIZE) => Pager::of_all(|page| self.href(Some(page))),
            None => Pager::default(),
        }
    }

    fn href(&self, page: Option<&str>) -> String {
        let filters =
            self.filters.iter().map(|(name, value)| (*name, Some(&**value).filter(|value| !value.is_empty())));
        let order = self.descending.then_some(DESCENDING);
        let rest = [(ZONE, self.named_zone()), ("sort", self.sort_parameter()), ("order", order), ("page", page)];
        address(&self.path, filters.chain(rest))
    }
}

impl Range {
    /// The range of so many rows on a page.
    pub fn of(page: u32, shown: usize) -> Self {
        Self::of_size(page, shown, PAGE_SIZE)
    }

    /// The range of so many rows on a page of a list with larger or smaller ones.
    pub fn of_size(page: u32, shown: usize, page_size: u32) -> Self {
        let (before, shown) = (u64::from(page.saturating_sub(1)) * u64::from(page_size), shown as u64);
        Self { first: if shown == 0 { 0 } else { before + 1 }, last: before + shown }
    }

    /// The range of all rows.
    pub fn whole(count: u64) -> Self {
        Self { first: count.min(1), last: count }
    }
}

/// A path with those parameters that have a value.
pub(super) fn address<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
