//! What became of requests: how many were let through and how many refused, by day; and which fail.

use std::collections::BTreeMap;

use countersign_domain::client::AuthenticationFailure;
use countersign_domain::validity::RequestOutcome;
use countersign_domain::{ClientEvent, ClientId, JournalEvent, OrganizationId, ThirdPartyId};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::journal::read_record;
use crate::pool::parameters;
use crate::{Store, StoreError};

/// The requests of a day that came out alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyCount {
    /// The day (UTC).
    pub day: Date,
    /// What became of them.
    pub outcome: RequestOutcome,
    /// How many.
    pub requests: u64,
}

/// A third party whose requests were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedThirdParty {
    /// Which one, with its name; `None` for tokens without a third party.
    pub third_party: Option<(ThirdPartyId, String)>,
    /// How many were refused for what, most first.
    pub refused: Vec<(RequestOutcome, u64)>,
}

/// A client that could not authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingClient {
    /// Which one.
    pub id: ClientId,
    /// The `client_id` of the protocol.
    pub identifier: String,
    /// How often for what, most first.
    pub failures: Vec<(AuthenticationFailure, u64)>,
    /// Whether there may be more than were counted.
    pub is_at_least: bool,
}

/// How many of the last events about failed authentications are looked at: each is of a client, a cause and a minute.
const EVENTS_LOOKED_AT: i64 = 1000;

/// The requests of a third party, or of all together, from a day on.
pub async fn by_day(
    store: &Store,
    organization: OrganizationId,
    third_party: Option<ThirdPartyId>,
    since: Date,
) -> Result<Vec<DailyCount>, StoreError> {
    let organization_id = organization.uuid();
    let rows = if let Some(third_party) = third_party {
        let sql = "SELECT day, outcome, requests FROM request_outcomes \
                   WHERE org_id = $1 AND third_party_id = $2 AND day >= $3 ORDER BY day, outcome";
        store.pool().read(organization, sql, parameters![organization_id, third_party.uuid(), since]).await?
    } else {
        let sql = "SELECT day, outcome, requests FROM request_totals WHERE org_id = $1 AND day >= $2 \
                   ORDER BY day, outcome";
        store.pool().read(organization, sql, parameters![organization_id, since]).await?
    };
    rows.iter()
        .map(|row| Ok(DailyCount { day: row.try_get(0)?, outcome: outcome(row, 1)?, requests: number(row, 2)? }))
        .collect()
}

/// The third parties that were refused most since a day, of those that were not deleted.
pub async fn most_refused(
    store: &Store,
    organization: OrganizationId,
    since: Date,
    limit: u32,
) -> Result<Vec<RefusedThirdParty>, StoreError> {
    let sql = "WITH worst AS ( \
                   SELECT r.third_party_id, sum(r.requests) AS refused FROM request_outcomes r \
                   WHERE r.org_id = $1 AND r.day >= $2 AND r.outcome <> 'allowed' AND NOT EXISTS ( \
                       SELECT FROM third_parties d \
                       WHERE d.org_id = $1 AND d.third_party_id = r.third_party_id AND d.deleted) \
                   GROUP BY r.third_party_id ORDER BY refused DESC, r.third_party_id LIMIT $3 \
               ) \
               SELECT worst.third_party_id, p.name, r.outcome, sum(r.requests)::bigint FROM worst \
               JOIN request_outcomes r ON r.org_id = $1 AND r.third_party_id = worst.third_party_id \
                   AND r.day >= $2 AND r.outcome <> 'allowed' \
               LEFT JOIN third_parties p ON p.org_id = $1 AND p.third_party_id = worst.third_party_id \
               GROUP BY worst.refused, worst.third_party_id, p.name, r.outcome \
               ORDER BY worst.refused DESC, worst.third_party_id, 4 DESC, r.outcome";
    let parameters = parameters![organization.uuid(), since, i64::from(limit)];
    let rows = store.pool().read(organization, sql, parameters).await?;
    let mut found: Vec<RefusedThirdParty> = Vec::new();
    for row in &rows {
        let third_party = Some(ThirdPartyId(row.try_get(0)?)).zip(row.try_get::<_, Option<_>>(1)?);
        let refused = (outcome(row, 2)?, number(row, 3)?);
        match found.last_mut().filter(|last| last.third_party == third_party) {
            Some(last) => last.refused.push(refused),
            None => found.push(RefusedThirdParty { third_party, refused: vec![refused] }),
        }
    }
    Ok(found)
}

/// The clients that failed to authenticate most since an instant, of those that were not deleted.
pub async fn failing_clients(
    store: &Store,
    organization: OrganizationId,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<FailingClient>, StoreError> {
    let sql = "WITH recent AS ( \
                   SELECT record, client_id FROM events \
                   WHERE org_id = $1 AND event_type = 'AuthenticationFailed' AND occurred_at >= $2 \
                   ORDER BY occurred_at DESC LIMIT $3 \
               ) \
               SELECT recent.record, recent.client_id, c.identifier, (SELECT count(*) FROM recent) = $3 FROM recent \
               JOIN clients c ON c.org_id = $1 AND c.client_id = recent.client_id AND NOT c.deleted";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), since, EVENTS_LOOKED_AT]).await?;
    let mut clients: BTreeMap<ClientId, (String, BTreeMap<AuthenticationFailure, u64>)> = BTreeMap::new();
    for row in &rows {
        let JournalEvent::Client(ClientEvent::AuthenticationFailed { cause, count, .. }) =
            read_record(row.try_get(0)?)?.1
        else {
            continue;
        };
        let (_, failures) = clients.entry(ClientId(row.try_get(1)?)).or_insert((row.try_get(2)?, BTreeMap::new()));
        *failures.entry(cause).or_default() += u64::from(count);
    }
    let is_at_least = rows.first().map(|row| row.try_get(3)).transpose()?.unwrap_or_default();
    let mut found = clients
        .into_iter()
        .map(|(id, (identifier, failures))| {
            let mut failures = failures.into_iter().collect::<Vec<_>>();
            failures.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            FailingClient { id, identifier, failures, is_at_least }
        })
        .collect::<Vec<_>>();
    found.sort_by_key(|client| std::cmp::Reverse(client.failures.iter().map(|(_, count)| count).sum::<u64>()));
    found.truncate(limit);
    Ok(found)
}

fn outcome(row: &Row, column: usize) -> Result<RequestOutcome, StoreError> {
    let name: &str = row.try_get(column)?;
    RequestOutcome::from_name(name).ok_or_else(|| StoreError::UnexpectedValue(format!("outcome {name}")))
}

fn number(row: &Row, column: usize) -> Result<u64, StoreError> {
    Ok(row.try_get::<_, i64>(column)?.unsigned_abs())
}
