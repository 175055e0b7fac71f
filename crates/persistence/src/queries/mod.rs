//! What pages and the JSON API read: current state out of the projections, and the timeline out of the journal.
//!
//! Every query is scoped to one organization twice: by its own `WHERE org_id` and by row-level security.

pub mod audit;
pub mod authorizations;
pub mod clients;
mod conditions;
pub mod expirations;
pub mod installation;
mod listing;
pub mod members;
pub mod overview;
pub mod requests;
mod shown;
pub mod third_parties;
pub mod tokens;

use std::str::FromStr;

use countersign_domain::SecretKind;

pub use listing::Cut;
pub use shown::TIME_AS_SHOWN;

use crate::StoreError;

/// What stands in the place of a person's data after it was erased.
pub const ERASED: &str = "(erased)";

/// How a secret is shown of which nothing may be known.
const CHOSEN: &str = "chosen by a person";

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// How many rows all pages have together.
    pub total: u64,
    /// Which page this is, from 1 on. Smaller than what was asked for when that is past the end.
    pub page: u32,
    /// How many pages there are; at least one, which may be empty.
    pub pages: u32,
}

impl<T> Page<T> {
    /// The page that answers a request for `page`, when each has at most `page_size` rows (`None`: all on one).
    fn new(items: Vec<T>, total: u64, page: u32, page_size: Option<u32>) -> Self {
        let pages = page_size.map_or(1, |size| total.div_ceil(u64::from(size.max(1))).max(1));
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        Self { items, total, page: page.clamp(1, pages), pages }
    }
}

/// How a secret is shown once it can't be shown any more: `cs_mt_…a9F2`.
pub fn masked(kind: SecretKind, last_four: &str) -> String {
    format!("cs_{}_…{last_four}", kind.code())
}

/// The pattern for `ILIKE` that finds the text anywhere, taken literally.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in storable(text).chars() {
        if matches!(character, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The text without NUL, which PostgreSQL refuses as a parameter and which no stored text holds.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// A stored text as the value that it must be.
fn parse<T: FromStr>(what: &str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::UnexpectedValue(format!("{what} {text}")))
}

/// A stored list of scopes.
fn scopes(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
