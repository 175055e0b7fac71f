//! One-use links that sign a member in without a password.

use countersign_domain::{Digest, Member, MemberCommand, MemberId, OrganizationId, Secret, SecretKind};
use jiff::{SignedDuration, Timestamp};

use super::moved;
use crate::pool::parameters;
use crate::{ChangeError, Context, Store, StoreError, clock};

/// Makes a link on the record, which voids those that the member had before; answers until when it works too.
pub async fn issue_link(
    store: &Store,
    context: &Context,
    member: MemberId,
    lifetime: SignedDuration,
) -> Result<(Secret, Timestamp), ChangeError> {
    let (organization, now) = (context.organization, clock::now());
    let expires_at = moved(now, lifetime);
    // On the record first: a link that was never recorded must not exist.
    store
        .change(context, async |unit| {
            unit.execute::<Member>(member.uuid(), MemberCommand::RecordSignInLink { expires_at }).await
        })
        .await?;
    let sql = "DELETE FROM sign_in_links WHERE org_id = $1 AND member_id = $2";
    store.pool().write(organization, sql, parameters![organization.uuid(), member.uuid()]).await?;
    Ok((create_link(store, organization, member, now, lifetime).await?, expires_at))
}

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
