//! Finding rows by a part of what a list shows of them. What is typed is looked at here first: what no row can show
//! needs no look at the rows, and the parts that people type most are found by numbers rather than by the words of
//! every row.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::conditions::Conditions;
use super::containing;

/// How a time is shown, and so how it is found by a part of it: `2026-11-20 14:05`, in the reader's time zone, or with
/// ` UTC` at the end.
pub const TIME_AS_SHOWN: &str = "YYYY-MM-DD HH24:MI";

/// How it is shown that there is no time.
const NEVER: &str = "Never";

/// Where a 0 is, any digit may be.
const SHAPE: &str = "0000-00-00 00:00 UTC";
/// Without the end that only UTC has.
const SHAPE_ELSEWHERE: &str = "0000-00-00 00:00";

/// Whether these words contain the text, without regard to case.
pub(super) fn says(words: &str, text: &str) -> bool {
    words.to_lowercase().contains(&text.to_lowercase())
}

/// The condition that one of these holds.
pub(super) fn any_of(alternatives: impl IntoIterator<Item = Option<String>>) -> String {
    let alternatives = alternatives.into_iter().flatten().collect::<Vec<_>>();
    if alternatives.is_empty() { "FALSE".to_owned() } else { format!("({})", alternatives.join(" OR ")) }
}

/// The condition that a time, as shown in a zone (UTC if `None`), contains the text; `None` where none can.
pub(super) fn shows_time(
    conditions: &mut Conditions,
    column: &str,
    text: &str,
    zone: Option<&TimeZone>,
) -> Option<String> {
    let zone = &zone.cloned().unwrap_or(TimeZone::UTC);
    match Part::of(&text.to_uppercase(), zone)? {
        Part::Span(from, until) => {
            let (from, until) = (conditions.bind(from), conditions.bind(until));
            Some(format!("({column} >= {from} AND {column} < {until})"))
        }
        Part::OfDay(from, until) => {
            let (from, until) = (conditions.bind(from), conditions.bind(until));
            let zone = conditions.bind(name(zone));
            Some(format!("({column} AT TIME ZONE {zone})::time BETWEEN {from} AND {until}"))
        }
        Part::Other(text) => {
            let end = if *zone == TimeZone::UTC { " \"UTC\"" } else { "" };
            let (text, zone) = (conditions.bind(containing(&text)), conditions.bind(name(zone)));
            Some(format!("to_char({column} AT TIME ZONE {zone}, '{TIME_AS_SHOWN}{end}') LIKE {text}"))
        }
    }
}

/// The condition that a time, as shown in a zone (UTC if `None`), contains the text; where there is none, it is shown as
/// Never.
pub(super) fn shows_time_or_never(
    conditions: &mut Conditions,
    column: &str,
    text: &str,
    zone: Option<&TimeZone>,
) -> String {
    let never = says(NEVER, text).then(|| format!("{column} IS NULL"));
    any_of([shows_time(conditions, column, text, zone), never])
}

fn name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// A part of a time as it is shown.
#[derive(Debug, PartialEq)]
enum Part {
    /// Of all times from the first on and before the second.
    Span(Timestamp, Timestamp),
    /// Of all times from the first to the last of any day.
    OfDay(Time, Time),
    /// Of times that are told only by writing them out.
    Other(String),
}

impl Part {
    /// What the text is a part of, in capitals; `None` if of no time at all.
    fn of(text: &str, zone: &TimeZone) -> Option<Self> {
        let whole = if *zone == TimeZone::UTC { SHAPE } else { SHAPE_ELSEWHERE };
        let fits = |place: usize| {
            let shape = whole.get(place..place + text.len())?;
            let same = |(a, b): (char, char)| a == b || a == '0' && b.is_ascii_digit();
            shape.chars().zip(text.chars()).all(same).then_some(place)
        };
        let places = (0..=whole.len().checked_sub(text.len())?).filter_map(fits).collect::<Vec<_>>();
        match places[..] {
            [] => None,
            [0] if text.len() >= 4 => Self::span(text, zone),
            [11] if text.len() >= 3 => Self::of_day(text),
            _ => Some(Self::Other(text.to_owned())),
        }
    }

    /// From the year on: `2026`, `2026-11`, `2026-11-20 14`.
    fn span(text: &str, zone: &TimeZone) -> Option<Self> {
        let number = |range: std::ops::Range<usize>| text.get(range).map(str::parse::<i8>);
        let is_whole = matches!(text.len(), 4 | 5 | 7 | 8 | 10 | 11 | 13 | 14 | 16..);
        if !is_whole {
            return Some(Self::Other(text.to_owned()));
        }
        let year = text.get(..4)?.parse().ok()?;
        let part = |range| number(range).transpose().ok();
        let (month, day, hour, minute) = (part(5..7)?, part(8..10)?, part(11..13)?, part(14..16)?);
        let begin = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
        let begin = begin.to_datetime(Time::new(hour.unwrap_or(0), minute.unwrap_or(0), 0, 0).ok()?);
        let length = match (month, day, hour, minute) {
            (None, ..) => 1.year(),
            (_, None, ..) => 1.month(),
            (_, _, None, _) => 1.day(),
            (_, _, _, None) => 1.hour(),
            _ => 1.minute(),
        };
        let instant = |at: jiff::civil::DateTime| Some(at.to_zoned(zone.clone()).ok()?.timestamp());
        Some(Self::Span(instant(begin)?, instant(begin.checked_add(length).ok()?)?))
    }

    /// From the hour on: `14:`, `14:05`, `14:05 UTC`.
    fn of_day(text: &str) -> Option<Self> {
        let hour = text.get(..2)?.parse().ok()?;
        let (begin, length) = match text.get(3..5) {
            Some(minute) => (Time::new(hour, minute.parse().ok()?, 0, 0).ok()?, SignedDuration::from_mins(1)),
            None if text.len() == 3 => (Time::new(hour, 0, 0, 0).ok()?, SignedDuration::from_hours(1)),
            None => return Some(Self::Other(text.to_owned())),
        };
        Some(Self::OfDay(begin, begin.checked_add(length - SignedDuration::from_micros(1)).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, until: &str) -> Part {
        Part::Span(from.parse().unwrap(), until.parse().unwrap())
    }

    fn of_day(from: &str, until: &str) -> Part {
        Part::OfDay(from.parse().unwrap(), until.parse().unwrap())
    }

    #[test]
    fn what_is_typed_of_a_time_is_found_by_numbers_where_it_can_be() {
        let cases = [
            ("2026", span("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")),
            ("2026-", span("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")),
            ("2026-11", span("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")),
            ("2026-12-31", span("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z")),
            ("2026-11-20 14", span("2026-11-20T14:00:00Z", "2026-11-20T15:00:00Z")),
            ("2026-11-20 23:59", span("2026-11-20T23:59:00Z", "2026-11-21T00:00:00Z")),
            ("2026-11-20 14:05 UTC", span("2026-11-20T14:05:00Z", "2026-11-20T14:06:00Z")),
            ("14:05", of_day("14:05:00", "14:05:59.999999")),
            ("23:59 U", of_day("23:59:00", "23:59:59.999999")),
            ("23:", of_day("23:00:00", "23:59:59.999999")),
        ];
        for (text, expected) in cases {
            assert_eq!(Part::of(text, &TimeZone::UTC), Some(expected), "{text}");
        }
    }

    #[test]
    fn elsewhere_days_begin_earlier_or_later() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(Part::of("2026-11-20", &zone), Some(span("2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z")));
        assert_eq!(Part::of("2026-10-25", &zone), Some(span("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")));
        assert_eq!(Part::of("15:05", &zone), Some(of_day("15:05:00", "15:05:59.999999")));
        assert_eq!(Part::of("UTC", &zone), None);
    }

    #[test]
    fn what_may_stand_in_several_places_is_looked_for_in_all_of_them() {
        for text in ["05", "-11", "20 14", "2026-1", "2026-11-2", "14:0", ":05", "UTC", "2026-11-20 14:0", "-"] {
            assert_eq!(Part::of(text, &TimeZone::UTC), Some(Part::Other(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_no_time_can_show_finds_none() {
        for text in ["NEVER", "2026-13", "2026-02-30", "24:00", "14:60", "12345", "%", "2026-11-20 14:05 UTC!", "ž"] {
            assert_eq!(Part::of(text, &TimeZone::UTC), None, "{text}");
        }
    }
}
