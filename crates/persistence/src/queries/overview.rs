//! What an organization's first page shows of its tokens as a whole.

use countersign_domain::{OrganizationId, ThirdPartyId, TokenId};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::expirations::NOT_OVER;
use super::tokens::{masked_token, token_kind};
use crate::pool::parameters;
use crate::{Store, StoreError};

/// How far an organization has come with its first third party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FirstSteps {
    /// A third party that was not deleted, the newest.
    pub third_party: Option<ThirdPartyId>,
    /// One that has a token.
    pub with_token: Option<ThirdPartyId>,
    /// Whether any token was ever used.
    pub used: bool,
}

/// A token that was never used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedToken {
    /// Which one.
    pub id: TokenId,
    /// By what people tell it apart: `cs_mt_…a9F2`.
    pub masked: String,
    /// Since when it exists.
    pub issued_at: Timestamp,
    /// Of which third party, with its name.
    pub third_party: Option<(ThirdPartyId, String)>,
}

/// In how many months from now back the ages of tokens are counted: up to one, up to three, and so on. What is older
/// comes last.
pub const AGES: [i32; 4] = [1, 3, 6, 12];

/// How far the organization has come.
pub async fn first_steps(store: &Store, organization: OrganizationId) -> Result<FirstSteps, StoreError> {
    let sql = "SELECT (SELECT third_party_id FROM third_parties WHERE org_id = $1 AND NOT deleted \
                       ORDER BY third_party_id DESC LIMIT 1), \
                   (SELECT t.third_party_id FROM tokens t JOIN third_parties p \
                       ON p.org_id = t.org_id AND p.third_party_id = t.third_party_id AND NOT p.deleted \
                       WHERE t.org_id = $1 AND (t.kind = 'manual' OR t.expires_at IS NULL) LIMIT 1), \
                   EXISTS (SELECT FROM token_usage WHERE org_id = $1)";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid()]).await?;
    let Some(row) = rows.first() else { return Ok(FirstSteps::default()) };
    Ok(FirstSteps {
        third_party: row.try_get::<_, Option<_>>(0)?.map(ThirdPartyId),
        with_token: row.try_get::<_, Option<_>>(1)?.map(ThirdPartyId),
        used: row.try_get(2)?,
    })
}

/// Tokens `t` that live for more than a day, or for ever, as the index of them has it.
const LASTING: &str = "t.status = 'active' AND coalesce(t.expires_at - t.issued_at > interval '24 hours', true)";

/// How many tokens are looked at for some that were never used.
const LOOKED_AT: i64 = 2000;

/// The tokens that work, were issued before an instant, and were never used, among the last 2,000 that were issued before
/// it; the newest first.
pub async fn never_used(
    store: &Store,
    organization: OrganizationId,
    issued_before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<UnusedToken>, StoreError> {
    let sql = format!(
        "WITH last AS ( \
             SELECT t.token_id, t.third_party_id, t.issued_at FROM tokens t \
             WHERE t.org_id = $1 AND {LASTING} AND {NOT_OVER} AND (t.expires_at IS NULL OR t.expires_at > $2) AND t.issued_at < $3 \
             ORDER BY t.issued_at DESC, t.token_id DESC LIMIT {LOOKED_AT} \
         ), unused AS ( \
             SELECT * FROM last \
             WHERE NOT EXISTS (SELECT FROM token_usage u WHERE u.org_id = $1 AND u.token_id = last.token_id) \
             ORDER BY issued_at DESC, token_id DESC LIMIT $4 \
         ) \
         SELECT f.token_id, t.kind, t.last_four, t.issued_at, f.third_party_id, p.name FROM unused f \
         JOIN tokens t ON t.org_id = $1 AND t.token_id = f.token_id \
         LEFT JOIN third_parties p ON p.org_id = $1 AND p.third_party_id = f.third_party_id \
         ORDER BY f.issued_at DESC, f.token_id DESC"
    );
    let parameters = parameters![organization.uuid(), now, issued_before, i64::from(limit)];
    let rows = store.pool().read(organization, &sql, parameters).await?;
    let unused = rows.iter().map(|row| {
        Ok(UnusedToken {
            id: TokenId(row.try_get(0)?),
            masked: masked_token(token_kind(row.try_get(1)?)?, row.try_get(2)?),
            issued_at: row.try_get(3)?,
            third_party: row.try_get::<_, Option<_>>(4)?.map(ThirdPartyId).zip(row.try_get::<_, Option<_>>(5)?),
        })
    });
    unused.collect()
}

/// How many tokens work, by their [`AGES`].
pub async fn token_ages(
    store: &Store,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<[u64; AGES.len() + 1], StoreError> {
    let back = |months: i32| {
        let then = now.to_zoned(TimeZone::UTC).checked_sub(months.months());
        then.map_or(Timestamp::UNIX_EPOCH, |then| then.timestamp())
    };
    let [one, three, six, twelve] = AGES.map(back);
    let sql = format!(
        "SELECT count(*) FILTER (WHERE t.issued_at > $3), \
             count(*) FILTER (WHERE t.issued_at <= $3 AND t.issued_at > $4), \
             count(*) FILTER (WHERE t.issued_at <= $4 AND t.issued_at > $5), \
             count(*) FILTER (WHERE t.issued_at <= $5 AND t.issued_at > $6), \
             count(*) FILTER (WHERE t.issued_at <= $6) \
         FROM tokens t WHERE t.org_id = $1 AND {LASTING} AND {NOT_OVER} AND (t.expires_at IS NULL OR t.expires_at > $2)"
    );
    let parameters = parameters![organization.uuid(), now, one, three, six, twelve];
    let rows = store.pool().read(organization, &sql, parameters).await?;
    let mut ages = [0; AGES.len() + 1];
    if let Some(row) = rows.first() {
        for (index, age) in ages.iter_mut().enumerate() {
            *age = row.try_get::<_, i64>(index)?.unsigned_abs();
        }
    }
    Ok(ages)
}
