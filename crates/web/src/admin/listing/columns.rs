//! The columns of a list: their headers, and the filter that stands above each.

use serde::Serialize;

use super::{Column, Listing};
use crate::form::Fields;
use crate::zone::Zone;

/// A column that is sorted and filtered by.
pub(in crate::admin) struct ListColumn<S> {
    pub label: &'static str,
    /// Its name in the address, where it is sorted by.
    pub name: &'static str,
    pub sort: S,
    /// Its filter's name in the address.
    pub filter: &'static str,
    pub filter_label: &'static str,
    /// What can be chosen from; empty where a part of a text is typed.
    pub choices: &'static [Choice],
}

/// A value of a filter and its words.
pub(in crate::admin) type Choice = (&'static str, &'static str);

/// What `partials/list.hbs` reads of a column.
#[derive(Serialize)]
pub(super) struct Header {
    label: &'static str,
    #[serde(flatten)]
    column: Column,
}

/// What `partials/filter.hbs` reads.
#[derive(Serialize)]
pub(super) struct Filter {
    name: &'static str,
    label: &'static str,
    value: String,
    choices: Vec<ChoiceLine>,
}

#[derive(Serialize)]
struct ChoiceLine {
    value: &'static str,
    label: &'static str,
    selected: bool,
}

/// The beginning of a choice's value or words, as people write it in an address.
fn chosen(choices: &[Choice], text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let is_meant = |(value, words): &&Choice| value.starts_with(&text) || words.to_lowercase().starts_with(&text);
    choices.iter().find(is_meant).filter(|_| !text.is_empty()).map(|(value, _)| *value)
}

impl<S: Copy + PartialEq + Default> Listing<S> {
    /// Reads the address of a list with these columns.
    pub(super) fn of_columns(path: String, query: &Fields, zone: &Zone, columns: &[ListColumn<S>]) -> Self {
        let filters = columns.iter().map(|column| column.filter).collect::<Vec<_>>();
        let sorts = columns.iter().map(|column| (column.name, column.sort)).collect::<Vec<_>>();
        let mut listing = Self::of(path, query, zone, &filters, &sorts);
        for ((_, value), column) in listing.filters.iter_mut().zip(columns) {
            if !column.choices.is_empty() {
                *value = chosen(column.choices, value).unwrap_or_default().to_owned();
            }
        }
        listing
    }

    pub(super) fn headers(&self, columns: &[ListColumn<S>]) -> Vec<Header> {
        columns.iter().map(|column| Header { label: column.label, column: self.column(column.sort) }).collect()
    }

    pub(super) fn shown_filters(&self, columns: &[ListColumn<S>]) -> Vec<Filter> {
        let filter = |column: &ListColumn<S>| {
            let value = self.filter(column.filter);
            let choice = |(choice, label): &Choice| ChoiceLine { value: choice, label, selected: *choice == value };
            Filter {
                name: column.filter,
                label: column.filter_label,
                value: value.to_owned(),
                choices: column.choices.iter().map(choice).collect(),
            }
        };
        columns.iter().map(filter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_word_chooses() {
        let choices = [("yes", "Active"), ("no", "Inactive")];
        for (text, expected) in
            [("y", Some("yes")), ("Act", Some("yes")), ("NO", Some("no")), ("in", Some("no")), ("", None), ("x", None)]
        {
            assert_eq!(chosen(&choices, text), expected, "{text}");
        }
    }
}
