//! The use of tokens: counted in memory and written every few seconds. Use is not a change, so it is not an event.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use countersign_domain::{OrganizationId, TokenId};
use jiff::Timestamp;

use crate::StoreError;
use crate::pool::{Pool, parameters};

#[derive(Debug, Clone)]
struct Used {
    uses: i64,
    last_used_at: Timestamp,
    last_source: String,
}

/// The counters of this process.
#[derive(Default)]
pub struct Usage {
    counted: Mutex<HashMap<(OrganizationId, TokenId), Used>>,
}

impl Usage {
    /// Counts one use.
    pub fn count(&self, organization: OrganizationId, token: TokenId, now: Timestamp, source: &str) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Writes what was counted since the last time. What can't be written stays counted.
    pub(crate) async fn flush(&self, pool: &Pool) -> Result<(), StoreError> {
        let counted = std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_organization: HashMap<OrganizationId, Vec<(TokenId, Used)>> = HashMap::new();
        for ((organization, token), used) in counted {
            by_organization.entry(organization).or_default().push((token, used));
        }
        let mut outcome = Ok(());
        for (organization, used) in by_organization {
            if let Err(error) = write(pool, organization, &used).await {
                self.put_back(organization, used);
                outcome = Err(error);
            }
        }
        outcome
    }

    fn put_back(&self, organization: OrganizationId, used: Vec<(TokenId, Used)>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for (token, used) in used {
            let entry = counted.entry((organization, token)).or_insert_with(|| Used { uses: 0, ..used.clone() });
            entry.uses += used.uses;
        }
    }
}

async fn write(pool: &Pool, organization: OrganizationId, used: &[(TokenId, Used)]) -> Result<(), StoreError> {
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
