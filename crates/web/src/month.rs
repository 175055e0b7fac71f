//! A calendar month (UTC), as addresses, charts and headings have it.

use std::fmt;
use std::str::FromStr;

use countersign_domain::InvalidValue;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A month, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(Date);

impl Month {
    /// The month of an instant.
    pub fn of(instant: Timestamp) -> Self {
        Self(instant.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// So many months later, or before. The last of all where there is none.
    pub fn plus(self, months: i64) -> Self {
        Self(self.0.saturating_add(months.months()).first_of_month())
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        self.0.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |start| start.timestamp())
    }

    /// "December 2026"
    pub fn in_words(self) -> String {
        self.0.strftime("%B %Y").to_string()
    }

    /// "Dec"
    pub fn short(self) -> String {
        self.0.strftime("%b").to_string()
    }

    /// "2026"
    pub fn year(self) -> String {
        self.0.year().to_string()
    }

    /// Whether it is the first of its year.
    pub fn begins_year(self) -> bool {
        self.0.month() == 1
    }
}

/// As addresses have it: `2026-12`.
impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.strftime("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue("Enter a month like 2026-12".into());
        let (year, month) = text.trim().split_once('-').ok_or_else(invalid)?;
        if year.len() != 4 || month.len() != 2 {
            return Err(invalid());
        }
        let date = format!("{year}-{month}-01").parse::<Date>().map_err(|_| invalid())?;
        Ok(Self(date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_they_are_written() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.to_string(), "2026-12");
        assert_eq!(
            (month.in_words(), month.short(), month.year()),
            ("December 2026".into(), "Dec".into(), "2026".into())
        );
        for text in ["", "2026", "2026-13", "2026-1", "12-2026", "26-12", "2026-12-01", "december", "+026-12"] {
            assert!(text.parse::<Month>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn months_follow_one_another() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.plus(1).to_string(), "2027-01");
        assert!(month.plus(1).begins_year());
        assert_eq!(month.plus(-1).to_string(), "2026-11");
        assert_eq!(month.start().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(Month::of("2026-12-31T23:59:59Z".parse().unwrap()), month);
        let last: Month = "9999-12".parse().unwrap();
        assert_eq!(last.plus(1), last);
    }
}
