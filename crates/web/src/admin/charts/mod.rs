//! The charts of the pages. Each is a picture without a script, with a table behind that says the same.

mod layout;

use countersign_persistence::queries::overview::AGES;

use crate::month::Month;
use crate::requests::RequestCounts;
pub(in crate::admin) use layout::Chart;
pub(crate) use layout::grouped;
use layout::{Group, Plan};

/// Every so many days one is named.
const NAMED_DAYS: usize = 7;

/// How many credentials expire in each month; the table leads to the calendar of a month.
pub(super) fn expirations(by_month: &[(Month, u64)], calendar: impl Fn(Month) -> String) -> Chart {
    let all = by_month.iter().map(|(_, count)| count).sum();
    let group = |(index, (month, count)): (usize, &(Month, u64))| Group {
        label: month.in_words(),
        tick: month.short(),
        sub: if index == 0 || month.begins_year() { month.year() } else { String::new() },
        href: Some(calendar(*month)),
        values: vec![*count],
    };
    Chart::of(Plan {
        id: "chart-expirations",
        words: format!("What expires in the next {} months, by month: {} in all", by_month.len(), grouped(all)),
        empty: "Nothing expires in the next 12 months.",
        groups_are: "Month",
        series: &["Expire"],
        groups: by_month.iter().enumerate().map(group).collect(),
    })
}

/// How many requests were allowed and refused on each day.
pub(super) fn requests(counts: &RequestCounts) -> Chart {
    let days = counts.by_day();
    let length = days.len();
    let group = |(index, (day, allowed, refused)): (usize, (jiff::civil::Date, u64, u64))| Group {
        label: day.to_string(),
        tick: if (length - 1 - index).is_multiple_of(NAMED_DAYS) {
            day.strftime("%-d %b").to_string()
        } else {
            String::new()
        },
        sub: String::new(),
        href: None,
        values: vec![allowed, refused],
    };
    Chart::of(Plan {
        id: "chart-requests",
        words: format!("Requests by day in {length} days: {}", counts.in_words()),
        empty: "No requests in the last 30 days.",
        groups_are: "Day (UTC)",
        series: &["Allowed", "Refused"],
        groups: days.into_iter().enumerate().map(group).collect(),
    })
}

/// How many tokens that work are how old.
pub(super) fn ages(counts: &[u64; AGES.len() + 1]) -> Chart {
    let begins = std::iter::once(0).chain(AGES);
    let ranges = begins.zip(AGES).map(|(from, to)| format!("{from}–{to}"));
    let last = format!("> {}", AGES[AGES.len() - 1]);
    let group = |(range, count): (String, &u64)| Group {
        label: format!("{range} months"),
        tick: range,
        sub: String::new(),
        href: None,
        values: vec![*count],
    };
    Chart::of(Plan {
        id: "chart-ages",
        words: format!("Active tokens by their age in months: {} in all", grouped(counts.iter().sum())),
        empty: "There are no active tokens.",
        groups_are: "Age",
        series: &["Active tokens"],
        groups: ranges.chain(std::iter::once(last)).zip(counts).map(group).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(chart: &Chart) -> serde_json::Value {
        serde_json::to_value(chart).unwrap()
    }

    #[test]
    fn months_are_named_and_lead_to_the_calendar() {
        let first: Month = "2026-11".parse().unwrap();
        let months = (0..12).map(|ahead| (first.plus(ahead), ahead.unsigned_abs())).collect::<Vec<_>>();
        let chart = json(&expirations(&months, |month| format!("/o/acme/calendar?month={month}")));
        assert_eq!(chart["words"], "What expires in the next 12 months, by month: 66 in all");
        assert_eq!(chart["rows"][2]["href"], "/o/acme/calendar?month=2027-01");
        assert_eq!(chart["rows"][2]["label"], "January 2027");
        let ticks = chart["ticks"].as_array().unwrap().iter().map(|tick| tick["text"].as_str().unwrap());
        let expected = "Nov 2026 Dec Jan 2027 Feb Mar Apr May Jun Jul Aug Sep Oct".split(' ').collect::<Vec<_>>();
        assert_eq!(ticks.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn ages_are_ranges_of_months() {
        let chart = json(&ages(&[1, 2, 3, 4, 5]));
        let labels = chart["rows"].as_array().unwrap().iter().map(|row| row["label"].as_str().unwrap());
        let expected = ["0–1 months", "1–3 months", "3–6 months", "6–12 months", "> 12 months"];
        assert_eq!(labels.collect::<Vec<_>>(), expected);
    }
}
