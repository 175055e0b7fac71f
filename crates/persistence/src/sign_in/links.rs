//! One-use links that sign a member in without a password.

use countersign_domain::{Digest, MemberId, OrganizationId, Secret, SecretKind};
use jiff::{SignedDuration, Timestamp};

use super::moved;
use crate::pool::parameters;
use crate::{Store, StoreError, clock};

/// Makes a link's secret. Only its digest is kept; links that have expired are cleared away.
pub async fn create_link(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    now: Timestamp,
    lifetime: SignedDuration,
) -> Result<Secret, StoreError> {
    let mut entropy = [0; 32];
    clock::fill_random(&mut entropy);
    let secret = Secret::from_entropy(SecretKind::SignInLink, entropy);
    let sql = "WITH expired AS (DELETE FROM sign_in_links WHERE org_id = $1 AND expires_at <= $4) \
               INSERT INTO sign_in_links (org_id, digest, member_id, expires_at) VALUES ($1, $2, $3, $5)";
    let digest = secret.digest();
    let parameters = parameters![organization.uuid(), digest.0.as_slice(), member.uuid(), now, moved(now, lifetime)];
    store.pool().write(organization, sql, parameters).await?;
    Ok(secret)
}

/// Uses a link up and answers whom it signs in: an active member, once. Of any number who try at the same time, the
/// row's deletion lets exactly one through.
pub async fn consume_link(
    store: &Store,
    organization: OrganizationId,
    digest: Digest,
    now: Timestamp,
) -> Result<Option<MemberId>, StoreError> {
    let sql = "DELETE FROM sign_in_links l USING members m \
               WHERE l.org_id = $1 AND l.digest = $2 AND l.expires_at > $3 \
               AND m.org_id = $1 AND m.member_id = l.member_id AND m.active RETURNING l.member_id";
    let parameters = parameters![organization.uuid(), digest.0.as_slice(), now];
    let rows = store.pool().write(organization, sql, parameters).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map(MemberId))
}
