//! Calendar arithmetic: a table of the cases that people argue about, and what must hold for every date.

#![expect(clippy::unwrap_used, reason = "a failing test panics")]

use countersign_domain::expiry::{MANUAL_TOKEN_MONTHS, add_calendar_months};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use proptest::prelude::*;

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn utc(instant: Timestamp) -> Zoned {
    instant.to_zoned(TimeZone::UTC)
}

#[test]
fn a_manual_token_lives_six_months() {
    assert_eq!(MANUAL_TOKEN_MONTHS, 6);
}

#[test]
fn months_are_calendar_months() {
    for (start, months, end) in [
        // The last day of February, whether or not it is a leap year.
        ("2025-08-31T10:00:00Z", 6, "2026-02-28T10:00:00Z"),
        ("2027-08-31T10:00:00Z", 6, "2028-02-29T10:00:00Z"),
        ("2025-08-30T10:00:00Z", 6, "2026-02-28T10:00:00Z"),
        ("2027-08-30T10:00:00Z", 6, "2028-02-29T10:00:00Z"),
        ("2025-08-29T10:00:00Z", 6, "2026-02-28T10:00:00Z"),
        ("2027-08-29T10:00:00Z", 6, "2028-02-29T10:00:00Z"),
        ("2025-08-28T10:00:00Z", 6, "2026-02-28T10:00:00Z"),
        // 2000 was a leap year, 1900 and 2100 are not.
        ("1999-08-31T10:00:00Z", 6, "2000-02-29T10:00:00Z"),
        ("2099-08-31T10:00:00Z", 6, "2100-02-28T10:00:00Z"),
        // Out of February: the day of the month, not the last day.
        ("2026-02-28T10:00:00Z", 6, "2026-08-28T10:00:00Z"),
        ("2028-02-29T10:00:00Z", 6, "2028-08-29T10:00:00Z"),
        ("2028-02-29T10:00:00Z", 12, "2029-02-28T10:00:00Z"),
        ("2028-02-29T10:00:00Z", 48, "2032-02-29T10:00:00Z"),
        // Months of 30 and 31 days.
        ("2026-03-31T10:00:00Z", 6, "2026-09-30T10:00:00Z"),
        ("2026-05-31T10:00:00Z", 6, "2026-11-30T10:00:00Z"),
        ("2026-04-30T10:00:00Z", 6, "2026-10-30T10:00:00Z"),
        ("2026-01-31T10:00:00Z", 1, "2026-02-28T10:00:00Z"),
        ("2026-01-31T10:00:00Z", 2, "2026-03-31T10:00:00Z"),
        ("2026-01-31T10:00:00Z", 3, "2026-04-30T10:00:00Z"),
        // Across the end of the year.
        ("2026-07-01T00:00:00Z", 6, "2027-01-01T00:00:00Z"),
        ("2026-12-31T23:59:59.999999Z", 6, "2027-06-30T23:59:59.999999Z"),
        ("2026-12-31T23:59:59Z", 2, "2027-02-28T23:59:59Z"),
        ("2026-11-15T10:00:00Z", 120, "2036-11-15T10:00:00Z"),
        // In UTC: neither an offset as written nor anybody's summer time moves the hour or the day.
        ("2026-08-31T23:30:00-02:00", 6, "2027-03-01T01:30:00Z"),
        ("2026-01-15T10:00:00Z", 6, "2026-07-15T10:00:00Z"),
        ("2026-03-31T10:00:00Z", 0, "2026-03-31T10:00:00Z"),
    ] {
        assert_eq!(add_calendar_months(at(start), months), Some(at(end)), "{start} + {months} months");
    }
}

#[test]
fn there_is_no_date_past_the_end_of_time() {
    assert_eq!(add_calendar_months(Timestamp::MAX, 1), None);
    assert_eq!(add_calendar_months(Timestamp::MAX, 0), Some(Timestamp::MAX));
    assert_eq!(add_calendar_months(at("9999-07-01T00:00:00Z"), 6), None);
    assert_eq!(add_calendar_months(at("2026-01-01T00:00:00Z"), u16::MAX), Some(at("7487-04-01T00:00:00Z")));
    assert_eq!(add_calendar_months(at("5000-01-01T00:00:00Z"), u16::MAX), None);
}

prop_compose! {
    /// Any microsecond from 1970 to 2600.
    fn any_instant()(microsecond in 0..19_880_000_000_000_000_i64) -> Timestamp {
        Timestamp::from_microsecond(microsecond).unwrap()
    }
}

fn months_between(earlier: Date, later: Date) -> i32 {
    (i32::from(later.year()) - i32::from(earlier.year())) * 12 + i32::from(later.month()) - i32::from(earlier.month())
}

proptest! {
    #[test]
    fn the_month_is_the_one_counted_to(start in any_instant(), months in 0..=240_u16) {
        let end = utc(add_calendar_months(start, months).unwrap());
        prop_assert_eq!(months_between(utc(start).date(), end.date()), i32::from(months));
    }

    #[test]
    fn the_day_is_the_same_or_the_last_of_its_month(start in any_instant(), months in 0..=240_u16) {
        let end = utc(add_calendar_months(start, months).unwrap());
        prop_assert_eq!(end.day(), utc(start).day().min(end.days_in_month()));
    }

    #[test]
    fn the_time_of_day_is_the_same(start in any_instant(), months in 0..=240_u16) {
        let end = utc(add_calendar_months(start, months).unwrap());
        prop_assert_eq!(end.time(), utc(start).time());
    }

    #[test]
    fn a_month_is_28_to_31_days(start in any_instant(), months in 0..=240_u16) {
        let days = add_calendar_months(start, months).unwrap().duration_since(start).as_hours() / 24;
        let months = i64::from(months);
        prop_assert!((28 * months..=31 * months).contains(&days), "{} days", days);
    }

    #[test]
    fn later_never_ends_earlier(
        one in any_instant(), other in any_instant(), months in 0..=240_u16, more in 0..=240_u16,
    ) {
        let (first, second) = (one.min(other), one.max(other));
        prop_assert!(add_calendar_months(first, months) <= add_calendar_months(second, months));
        prop_assert!(add_calendar_months(first, months) <= add_calendar_months(first, months + more));
        prop_assert!(add_calendar_months(first, months) < add_calendar_months(first, months + 1));
    }

    #[test]
    fn no_instant_and_no_number_panics(nanosecond in any::<i128>(), months in any::<u16>()) {
        let span = Timestamp::MAX.as_nanosecond() - Timestamp::MIN.as_nanosecond();
        let start = Timestamp::MIN.as_nanosecond() + nanosecond.rem_euclid(span);
        let start = Timestamp::from_nanosecond(start).unwrap();
        if let Some(end) = add_calendar_months(start, months) {
            prop_assert!(end >= start);
        }
    }
}
