//! What became of requests, for people and programs.

use countersign_domain::validity::{Check, RequestOutcome};
use countersign_domain::{OrganizationId, ThirdPartyId};
use countersign_persistence::Store;
use countersign_persistence::queries::requests::{self, DailyCount};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::WebError;
use crate::admin::grouped;

/// How many days are looked at, unless others are asked for.
pub(crate) const DAYS: u32 = 30;

/// The requests of some days, today the last of them.
pub(crate) struct RequestCounts {
    pub first: Date,
    pub last: Date,
    pub counts: Vec<DailyCount>,
}

impl RequestCounts {
    /// The requests of a third party, or of all together.
    pub async fn load(
        store: &Store,
        organization: OrganizationId,
        third_party: Option<ThirdPartyId>,
        now: Timestamp,
        days: u32,
    ) -> Result<Self, WebError> {
        let last = today(now);
        let first = last.saturating_sub((i64::from(days) - 1).days());
        let counts = requests::by_day(store, organization, third_party, first).await?;
        Ok(Self { first, last, counts })
    }

    /// Each day with how many requests were allowed and refused.
    pub fn by_day(&self) -> Vec<(Date, u64, u64)> {
        let days = self.first.series(1.day()).take_while(|day| *day <= self.last);
        days.map(|day| {
            let of_day = |allowed: bool| {
                let counts = self.counts.iter().filter(|count| count.day == day);
                let counts = counts.filter(|count| (count.outcome == RequestOutcome::Allowed) == allowed);
                counts.map(|count| count.requests).sum::<u64>()
            };
            (day, of_day(true), of_day(false))
        })
        .collect()
    }

    /// How many were allowed.
    pub fn allowed(&self) -> u64 {
        self.total(RequestOutcome::Allowed)
    }

    /// How many were refused by which check, in the checks' order.
    pub fn refused(&self) -> Vec<(Check, u64)> {
        let totals = Check::ALL.map(|check| (check, self.total(RequestOutcome::Refused(check))));
        totals.into_iter().filter(|(_, requests)| *requests > 0).collect()
    }

    fn total(&self, outcome: RequestOutcome) -> u64 {
        self.counts.iter().filter(|count| count.outcome == outcome).map(|count| count.requests).sum()
    }

    /// "1,204 allowed, 3 refused (token expired)"
    pub fn in_words(&self) -> String {
        let refused = self.refused();
        let all = grouped(refused.iter().map(|(_, requests)| requests).sum());
        format!("{} allowed, {all} refused{}", grouped(self.allowed()), causes(&refused))
    }
}

/// " (token expired)", or each with its number where there are several.
fn causes(refused: &[(Check, u64)]) -> String {
    match refused {
        [] => String::new(),
        [(check, _)] => format!(" ({})", check.failure()),
        several => {
            let each = several.iter().map(|(check, requests)| format!("{} {}", grouped(*requests), check.failure()));
            format!(" ({})", each.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The day (UTC) of an instant.
pub(crate) fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, RequestOutcome, u64)]) -> RequestCounts {
        let count = |(day, outcome, requests): &(&str, RequestOutcome, u64)| DailyCount {
            day: day.parse().unwrap(),
            outcome: *outcome,
            requests: *requests,
        };
        RequestCounts {
            first: "2026-11-19".parse().unwrap(),
            last: "2026-11-21".parse().unwrap(),
            counts: counts.iter().map(count).collect(),
        }
    }

    #[test]
    fn every_day_is_there_with_its_sums() {
        let (expired, scope) = (RequestOutcome::Refused(Check::NotExpired), RequestOutcome::Refused(Check::Scope));
        let counts = counts(&[
            ("2026-11-19", RequestOutcome::Allowed, 1200),
            ("2026-11-19", expired, 2),
            ("2026-11-19", scope, 1),
            ("2026-11-21", RequestOutcome::Allowed, 4),
        ]);
        let days = counts.by_day().into_iter().map(|(day, allowed, refused)| (day.to_string(), allowed, refused));
        let expected = [("2026-11-19", 1200, 3), ("2026-11-20", 0, 0), ("2026-11-21", 4, 0)];
        assert_eq!(
            days.collect::<Vec<_>>(),
            expected.map(|(day, allowed, refused)| (day.to_owned(), allowed, refused))
        );
        assert_eq!(counts.in_words(), "1,204 allowed, 3 refused (2 token expired, 1 scope missing)");
    }

    #[test]
    fn one_cause_needs_no_number() {
        let expired = RequestOutcome::Refused(Check::NotExpired);
        assert_eq!(counts(&[("2026-11-20", expired, 3)]).in_words(), "0 allowed, 3 refused (token expired)");
        assert_eq!(counts(&[]).in_words(), "0 allowed, 0 refused");
    }
}
