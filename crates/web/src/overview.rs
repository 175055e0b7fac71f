//! What an organization should look at now, for its first page and for programs.

use countersign_domain::OrganizationId;
use countersign_persistence::Store;
use countersign_persistence::queries::Page;
use countersign_persistence::queries::expirations::{self, Expiration, ExpirationFilter};
use countersign_persistence::queries::overview::{self, AGES, UnusedToken};
use countersign_persistence::queries::requests::{self, FailingClient, RefusedThirdParty};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::WebError;
use crate::month::Month;
use crate::requests::{DAYS, RequestCounts, today};

/// What expires within this time is listed and marked.
pub(crate) const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A token may wait for its first use this long.
const UNUSED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many months ahead are counted, the present one the first.
const MONTHS: i64 = 12;
/// The most entries of a list; those that matter first.
const LONGEST_LIST: u32 = 8;

/// What to look at.
pub(crate) struct Overview {
    /// What expires within 30 days.
    pub expiring: Page<Expiration>,
    /// Who was refused since yesterday.
    pub refused: Vec<RefusedThirdParty>,
    /// Who failed to authenticate since yesterday.
    pub failing: Vec<FailingClient>,
    /// What waits for its first use for more than a week.
    pub never_used: Vec<UnusedToken>,
    /// What became of the requests of 30 days.
    pub requests: RequestCounts,
    /// How much expires in each of 12 months.
    pub by_month: Vec<(Month, u64)>,
    /// How many active tokens are how old.
    pub ages: [u64; AGES.len() + 1],
}

impl Overview {
    /// What there is to say now.
    pub async fn load(store: &Store, organization: OrganizationId, now: Timestamp) -> Result<Self, WebError> {
        let soon = ExpirationFilter::between(now, now + SOON);
        // Days are what requests are counted by, so that of the last 24 hours all are among them.
        let yesterday = today(now).saturating_sub(1.day());
        let since = yesterday.to_zoned(TimeZone::UTC).map_or(now, |start| start.timestamp());
        let (expiring, refused, failing, never_used, ages) = tokio::try_join!(
            expirations::page(store, organization, &soon, 1, LONGEST_LIST),
            requests::most_refused(store, organization, yesterday, LONGEST_LIST),
            requests::failing_clients(store, organization, since, LONGEST_LIST as usize),
            overview::never_used(store, organization, now - UNUSED_FOR, now, LONGEST_LIST),
            overview::token_ages(store, organization, now),
        )?;
        let (requests, by_month) = tokio::try_join!(
            RequestCounts::load(store, organization, None, now, DAYS),
            months_ahead(store, organization, ExpirationFilter::between(now, now), now),
        )?;
        Ok(Self { expiring, refused, failing, never_used, requests, by_month, ages })
    }
}

/// How much of what passes the filter expires in each of the next 12 months, from now on; the filter's times don't count.
pub(crate) async fn months_ahead(
    store: &Store,
    organization: OrganizationId,
    filter: ExpirationFilter,
    now: Timestamp,
) -> Result<Vec<(Month, u64)>, WebError> {
    let first = Month::of(now);
    let filter = ExpirationFilter { from: now, until: first.plus(MONTHS).start(), ..filter };
    let months = (0..MONTHS).map(|ahead| first.plus(ahead)).collect::<Vec<_>>();
    let starts = months.iter().map(|month| month.start()).collect::<Vec<_>>();
    let counts = expirations::counts(store, organization, &filter, &starts).await?;
    Ok(months.into_iter().zip(counts).collect())
}
