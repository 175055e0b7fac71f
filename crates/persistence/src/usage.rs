//! The use of tokens and client secrets: counted in memory and written every few seconds. Use is not a change, so it is
//! not an event.

mod outcomes;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_domain::validity::RequestOutcome;
use countersign_domain::{OrganizationId, SecretId, ThirdPartyId, TokenId};
use jiff::Timestamp;

use crate::StoreError;
use crate::pool::{Pool, parameters};
pub use outcomes::KEPT_DAYS;
use outcomes::{Day, OutcomeKey, Pruned};

#[derive(Debug, Clone)]
struct Used {
    uses: i64,
    last_used_at: Timestamp,
    last_source: String,
}

type Counts<K, V> = HashMap<(OrganizationId, K), V>;

/// What is counted of requests, under one lock.
#[derive(Default)]
struct Requests {
    tokens: Counts<TokenId, Used>,
    outcomes: Counts<OutcomeKey, i64>,
}

/// The counters of this process.
#[derive(Default)]
pub struct Usage {
    requests: Mutex<Requests>,
    secrets: Mutex<Counts<SecretId, Timestamp>>,
    pruned: Mutex<Pruned>,
}

/// A request that presented a token of the organization, and was decided.
#[derive(Debug, Clone, Copy)]
pub struct DecidedRequest {
    /// Which token.
    pub token: TokenId,
    /// For whom the token was issued.
    pub third_party: Option<ThirdPartyId>,
    /// Whether it was let through.
    pub outcome: RequestOutcome,
}

impl Requests {
    fn count_token(&mut self, organization: OrganizationId, token: TokenId, now: Timestamp, source: &str) {
        let used = self.tokens.entry((organization, token)).or_insert_with(|| Used {
            uses: 0,
            last_used_at: now,
            last_source: String::new(),
        });
        used.uses += 1;
        used.last_used_at = used.last_used_at.max(now);
        if used.last_source != source {
            source.clone_into(&mut used.last_source);
        }
    }
}

impl Usage {
    /// Counts one use of a token.
    pub fn count(&self, organization: OrganizationId, token: TokenId, now: Timestamp, source: &str) {
        lock(&self.requests).count_token(organization, token, now, source);
    }

    /// Counts one use of a token, and what became of it.
    pub fn count_request(&self, organization: OrganizationId, request: DecidedRequest, now: Timestamp, source: &str) {
        let DecidedRequest { token, third_party, outcome } = request;
        let mut requests = lock(&self.requests);
        requests.count_token(organization, token, now, source);
        *requests
            .outcomes
            .entry((organization, OutcomeKey { day: Day::of(now), third_party, outcome }))
            .or_default() += 1;
    }

    /// Notes one use of a client secret.
    pub fn count_secret(&self, organization: OrganizationId, secret: SecretId, now: Timestamp) {
        let mut counted = lock(&self.secrets);
        let last_used_at = counted.entry((organization, secret)).or_insert(now);
        *last_used_at = now.max(*last_used_at);
    }

    /// Writes what was counted since the last time. What can't be written stays counted.
    pub(crate) async fn flush(&self, pool: &Pool) -> Result<(), StoreError> {
        let Requests { tokens, outcomes } = std::mem::take(&mut *lock(&self.requests));
        let tokens = self.flush_tokens(pool, tokens).await;
        let outcomes = self.flush_outcomes(pool, outcomes).await;
        self.flush_secrets(pool).await.and(outcomes).and(tokens)
    }

    async fn flush_tokens(&self, pool: &Pool, counted: Counts<TokenId, Used>) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for (organization, used) in by_organization(counted) {
            if let Err(error) = write_tokens(pool, organization, &used).await {
                self.put_back(organization, used);
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn flush_outcomes(&self, pool: &Pool, counted: Counts<OutcomeKey, i64>) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for (organization, counted) in by_organization(counted) {
            let mut written = self.prune(pool, organization, &counted).await;
            if written.is_ok() {
                written = outcomes::write(pool, organization, &counted).await;
            }
            if let Err(error) = written {
                let mut requests = lock(&self.requests);
                for (key, count) in counted {
                    *requests.outcomes.entry((organization, key)).or_default() += count;
                }
                outcome = Err(error);
            }
        }
        outcome
    }

    /// Removes an organization's old counts, when the first of a day come. Before anything is written, so that a failure
    /// counts nothing twice.
    async fn prune(
        &self,
        pool: &Pool,
        organization: OrganizationId,
        counted: &[(OutcomeKey, i64)],
    ) -> Result<(), StoreError> {
        let Some(today) = counted.iter().map(|(key, _)| key.day).max() else { return Ok(()) };
        if lock(&self.pruned).get(&organization).is_none_or(|pruned| *pruned < today) {
            outcomes::prune(pool, organization, today).await?;
            lock(&self.pruned).insert(organization, today);
        }
        Ok(())
    }

    async fn flush_secrets(&self, pool: &Pool) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        let counted = std::mem::take(&mut *lock(&self.secrets));
        for (organization, used) in by_organization(counted) {
            if let Err(error) = write_secrets(pool, organization, &used).await {
                for (secret, at) in used {
                    self.count_secret(organization, secret, at);
                }
                outcome = Err(error);
            }
        }
        outcome
    }

    fn put_back(&self, organization: OrganizationId, used: Vec<(TokenId, Used)>) {
        let mut requests = lock(&self.requests);
        for (token, used) in used {
            let entry =
                requests.tokens.entry((organization, token)).or_insert_with(|| Used { uses: 0, ..used.clone() });
            entry.uses += used.uses;
        }
    }
}

fn lock<T>(counted: &Mutex<T>) -> MutexGuard<'_, T> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was counted, each organization's in order: processes that write the same rows must not wait for each other in a
/// circle.
fn by_organization<K: Eq + Hash + Ord, V>(counted: Counts<K, V>) -> HashMap<OrganizationId, Vec<(K, V)>> {
    let mut organizations: HashMap<OrganizationId, Vec<(K, V)>> = HashMap::new();
    for ((organization, key), value) in counted {
        organizations.entry(organization).or_default().push((key, value));
    }
    for used in organizations.values_mut() {
        used.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    }
    organizations
}

async fn write_tokens(pool: &Pool, organization: OrganizationId, used: &[(TokenId, Used)]) -> Result<(), StoreError> {
    let tokens = used.iter().map(|(token, _)| token.uuid()).collect::<Vec<_>>();
    let uses = used.iter().map(|(_, used)| used.uses).collect::<Vec<_>>();
    let times = used.iter().map(|(_, used)| used.last_used_at).collect::<Vec<_>>();
    let sources = used.iter().map(|(_, used)| used.last_source.as_str()).collect::<Vec<_>>();
    pool.write(
        organization,
        "INSERT INTO token_usage AS u (org_id, token_id, uses, last_used_at, last_source) \
         SELECT $1, * FROM UNNEST($2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[]) \
         ON CONFLICT (org_id, token_id) DO UPDATE SET uses = u.uses + EXCLUDED.uses, \
         last_source = CASE WHEN EXCLUDED.last_used_at >= u.last_used_at THEN EXCLUDED.last_source \
         ELSE u.last_source END, last_used_at = greatest(u.last_used_at, EXCLUDED.last_used_at)",
        parameters![organization.uuid(), tokens, uses, times, sources],
    )
    .await
    .map(drop)
}

async fn write_secrets(
    pool: &Pool,
    organization: OrganizationId,
    used: &[(SecretId, Timestamp)],
) -> Result<(), StoreError> {
    let secrets = used.iter().map(|(secret, _)| secret.uuid()).collect::<Vec<_>>();
    let times = used.iter().map(|(_, at)| *at).collect::<Vec<_>>();
    pool.write(
        organization,
        "INSERT INTO secret_usage AS u (org_id, secret_id, last_used_at) \
         SELECT $1, * FROM UNNEST($2::uuid[], $3::timestamptz[]) \
         ON CONFLICT (org_id, secret_id) DO UPDATE SET last_used_at = greatest(u.last_used_at, EXCLUDED.last_used_at)",
        parameters![organization.uuid(), secrets, times],
    )
    .await
    .map(drop)
}
