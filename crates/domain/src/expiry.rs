//! Calendar arithmetic of expiry dates.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// How long a manual token is valid unless the admin chooses another date or the organization another default.
pub const MANUAL_TOKEN_MONTHS: u16 = 6;

/// The same time of day, so many calendar months later in UTC; where that month has no such day, its last day
/// (31 August + 6 months = 28 or 29 February). `None` past the end of representable time.
pub fn add_calendar_months(start: Timestamp, months: u16) -> Option<Timestamp> {
    let later = start.to_zoned(TimeZone::UTC).checked_add(i64::from(months).months()).ok()?;
    Some(later.timestamp())
}
