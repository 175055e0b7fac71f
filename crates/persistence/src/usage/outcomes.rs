//! What became of requests: counted by day, third party and outcome, without anything to allocate for a request.

use std::collections::HashMap;

use countersign_domain::validity::RequestOutcome;
use countersign_domain::{OrganizationId, ThirdPartyId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::StoreError;
use crate::pool::{Pool, parameters};

/// For how many days the counts are kept.
pub const KEPT_DAYS: i64 = 400;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// A day (UTC), counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Day(i64);

/// What is counted apart. The order is that of the rows' key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OutcomeKey {
    pub day: Day,
    pub third_party: Option<ThirdPartyId>,
    pub outcome: RequestOutcome,
}

impl Day {
    pub fn of(instant: Timestamp) -> Self {
        Self(instant.as_second().div_euclid(SECONDS_A_DAY))
    }

    /// The last day that is no longer kept on this one.
    fn forgotten(self) -> Self {
        Self(self.0 - KEPT_DAYS)
    }

    fn date(self) -> Date {
        let start = Timestamp::from_second(self.0 * SECONDS_A_DAY).unwrap_or_default();
        start.to_zoned(TimeZone::UTC).date()
    }
}

/// On which day each organization's old counts were last removed.
pub(super) type Pruned = HashMap<OrganizationId, Day>;

/// Adds the counts to those that are there, all of them or none.
pub(super) async fn write(
    pool: &Pool,
    organization: OrganizationId,
    counted: &[(OutcomeKey, i64)],
) -> Result<(), StoreError> {
    let days = counted.iter().map(|(key, _)| key.day.date()).collect::<Vec<_>>();
    let third_parties = counted.iter().map(|(key, _)| key.third_party.unwrap_or_default().uuid()).collect::<Vec<_>>();
    let outcomes = counted.iter().map(|(key, _)| key.outcome.name()).collect::<Vec<_>>();
    let requests = counted.iter().map(|(_, requests)| *requests).collect::<Vec<_>>();
    pool.write(
        organization,
        "WITH counted AS ( \
             SELECT * FROM UNNEST($2::date[], $3::uuid[], $4::text[], $5::bigint[]) \
             AS c(day, third_party_id, outcome, requests) \
         ), of_all AS ( \
             INSERT INTO request_totals AS r (org_id, day, outcome, requests) \
             SELECT $1, day, outcome, sum(requests)::bigint FROM counted GROUP BY day, outcome ORDER BY day, outcome \
             ON CONFLICT (org_id, day, outcome) DO UPDATE SET requests = r.requests + EXCLUDED.requests \
         ) \
         INSERT INTO request_outcomes AS r (org_id, day, third_party_id, outcome, requests) \
         SELECT $1, * FROM counted ORDER BY day, third_party_id, outcome \
         ON CONFLICT (org_id, day, third_party_id, outcome) DO UPDATE SET requests = r.requests + EXCLUDED.requests",
        parameters![organization.uuid(), days, third_parties, outcomes, requests],
    )
    .await
    .map(drop)
}

/// Removes what is too old.
pub(super) async fn prune(pool: &Pool, organization: OrganizationId, today: Day) -> Result<(), StoreError> {
    pool.write(
        organization,
        "WITH of_all AS (DELETE FROM request_totals WHERE org_id = $1 AND day <= $2) \
         DELETE FROM request_outcomes WHERE org_id = $1 AND day <= $2",
        parameters![organization.uuid(), today.forgotten().date()],
    )
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_utc() {
        let day = |text: &str| Day::of(text.parse().unwrap());
        assert_eq!(day("2026-11-20T00:00:00Z"), day("2026-11-20T23:59:59.999999Z"));
        assert_eq!(day("2026-11-20T23:59:59Z").date().to_string(), "2026-11-20");
        assert_eq!(day("1969-12-31T23:59:59Z").date().to_string(), "1969-12-31");
        assert_eq!(day("2026-11-20T00:00:00Z").forgotten().date().to_string(), "2025-10-16");
    }
}
