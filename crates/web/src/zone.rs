//! The time zone in which a person reads and enters times.

use actix_web::HttpRequest;
use jiff::civil::Date;
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde::{Serialize, Serializer};

/// The cookie in which the browser keeps it: the script notes the browser's own, the profile page sets another. It is no
/// secret, and must be readable by the script.
pub(crate) const COOKIE: &str = "countersign-zone";

/// A time zone by its name in the IANA database; written as that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of a name in the IANA database; `None` for what is none.
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name.trim()).ok().filter(|zone| zone.iana_name().is_some()).map(Self)
    }

    /// The names that people choose from.
    pub fn names() -> Vec<String> {
        let names = tz::db().available().map(|name| name.to_string());
        let mut names = names.filter(|name| name == "UTC" || is_place(name)).collect::<Vec<_>>();
        names.sort_unstable();
        names
    }

    /// The zone of the person who asks; UTC while it isn't known.
    pub fn of(request: &HttpRequest) -> Self {
        request.cookie(COOKIE).and_then(|cookie| Self::named(cookie.value())).unwrap_or(Self::UTC)
    }

    /// The name in the IANA database: `Europe/Berlin`.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The zone itself.
    pub fn time_zone(&self) -> TimeZone {
        self.0.clone()
    }

    /// `2026-11-20 15:05 +01:00`, or with `UTC` at the end.
    pub fn to_the_minute(&self, at: Timestamp) -> String {
        self.written(at, "%Y-%m-%d %H:%M")
    }

    /// `2026-11-20 15:05:09 +01:00`, or with `UTC` at the end.
    pub fn to_the_second(&self, at: Timestamp) -> String {
        self.written(at, "%Y-%m-%d %H:%M:%S")
    }

    fn written(&self, at: Timestamp, format: &str) -> String {
        let here = at.to_zoned(self.0.clone());
        let end = if *self == Self::UTC { "UTC".to_owned() } else { here.strftime("%:z").to_string() };
        format!("{} {end}", here.strftime(format))
    }

    /// The day of an instant.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.0.clone()).date()
    }

    /// The first instant of a day, or of one so many days later; `None` beyond the end of time.
    pub fn start_of(&self, day: Date, days_later: i32) -> Option<Timestamp> {
        let start = day.checked_add(days_later.days()).ok()?.to_zoned(self.0.clone()).ok()?;
        Some(start.timestamp())
    }

    /// The instant on a day at the time of day of another instant; `None` beyond the end of time.
    pub fn at_time_of(&self, day: Date, other: Timestamp) -> Option<Timestamp> {
        let time = other.to_zoned(self.0.clone()).time();
        Some(day.to_datetime(time).to_zoned(self.0.clone()).ok()?.timestamp())
    }
}

/// Whether a name says where it is, rather than how far from UTC.
fn is_place(name: &str) -> bool {
    name.split_once('/').is_some_and(|(area, _)| !["Etc", "SystemV", "posix", "right"].contains(&area))
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn only_names_of_the_database_are_zones() {
        assert_eq!(Zone::named("Europe/Berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::named("UTC"), Some(Zone::UTC));
        for name in ["", "Mars/Olympus", "+01:00", "/etc/localtime", "../../etc/passwd", "<b>"] {
            assert_eq!(Zone::named(name), None, "{name}");
        }
    }

    #[test]
    fn people_choose_from_places() {
        let names = Zone::names();
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        assert!(names.iter().all(|name| Zone::named(name).is_some() && !name.starts_with("Etc/")));
    }

    #[test]
    fn times_are_written_with_their_distance_from_utc() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(berlin.to_the_minute(at("2026-11-20T14:05:09Z")), "2026-11-20 15:05 +01:00");
        assert_eq!(berlin.to_the_second(at("2026-07-20T14:05:09Z")), "2026-07-20 16:05:09 +02:00");
        assert_eq!(Zone::UTC.to_the_minute(at("2026-11-20T14:05:09Z")), "2026-11-20 14:05 UTC");
    }

    #[test]
    fn a_day_begins_where_the_person_is() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let day = "2026-10-25".parse().unwrap();
        assert_eq!(berlin.start_of(day, 0), Some(at("2026-10-24T22:00:00Z")));
        assert_eq!(berlin.start_of(day, 1), Some(at("2026-10-25T23:00:00Z")), "a day of 25 hours");
        assert_eq!(berlin.day(at("2026-10-24T22:00:00Z")), day);
        assert_eq!(berlin.start_of("9999-12-31".parse().unwrap(), 1), None);
    }

    #[test]
    fn the_time_of_day_is_that_of_the_person_too() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let summer = "2027-05-20".parse().unwrap();
        assert_eq!(berlin.at_time_of(summer, at("2026-11-20T14:05:09Z")), Some(at("2027-05-20T13:05:09Z")));
        assert_eq!(Zone::UTC.at_time_of(summer, at("2026-11-20T14:05:09Z")), Some(at("2027-05-20T14:05:09Z")));
    }
}
