//! The use of tokens and client secrets: counted in memory and written every few seconds. Use is not a change, so it is
//! not an event.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_domain::{OrganizationId, SecretId, TokenId};
use jiff::Timestamp;

use crate::StoreError;
use crate::pool::{Pool, parameters};

#[derive(Debug, Clone)]
struct Used {
    uses: i64,
    last_used_at: Timestamp,
    last_source: String,
}

type Counts<K, V> = HashMap<(OrganizationId, K), V>;

/// The counters of this process.
#[derive(Default)]
pub struct Usage {
    tokens: Mutex<Counts<TokenId, Used>>,
    secrets: Mutex<Counts<SecretId, Timestamp>>,
}

impl Usage {
    /// Counts one use of a token.
    pub fn count(&self, organization: OrganizationId, token: TokenId, now: Timestamp, source: &str) {
        let mut counted = lock(&self.tokens);
        let used = counted.entry((organization, token)).or_insert_with(|| Used {
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

    /// Notes one use of a client secret.
    pub fn count_secret(&self, organization: OrganizationId, secret: SecretId, now: Timestamp) {
        let mut counted = lock(&self.secrets);
        let last_used_at = counted.entry((organization, secret)).or_insert(now);
        *last_used_at = now.max(*last_used_at);
    }

    /// Writes what was counted since the last time. What can't be written stays counted.
    pub(crate) async fn flush(&self, pool: &Pool) -> Result<(), StoreError> {
        let tokens = self.flush_tokens(pool).await;
        self.flush_secrets(pool).await.and(tokens)
    }

    async fn flush_tokens(&self, pool: &Pool) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for (organization, used) in by_organization(&self.tokens) {
            if let Err(error) = write_tokens(pool, organization, &used).await {
                self.put_back(organization, used);
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn flush_secrets(&self, pool: &Pool) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for (organization, used) in by_organization(&self.secrets) {
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
        let mut counted = lock(&self.tokens);
        for (token, used) in used {
            let entry = counted.entry((organization, token)).or_insert_with(|| Used { uses: 0, ..used.clone() });
            entry.uses += used.uses;
        }
    }
}

fn lock<T>(counted: &Mutex<T>) -> MutexGuard<'_, T> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what was counted, each organization's in order: processes that write the same rows must not wait for each other
/// in a circle.
fn by_organization<K: Eq + Hash + Ord, V>(counted: &Mutex<Counts<K, V>>) -> HashMap<OrganizationId, Vec<(K, V)>> {
    let counted = std::mem::take(&mut *lock(counted));
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
