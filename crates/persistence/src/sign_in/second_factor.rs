//! The second factor: a TOTP secret, and recovery codes for who has lost the app that holds it. Whether a code fits the
//! secret is the caller's work; that each is taken only once is decided here.

use countersign_domain::{Digest, Member, MemberCommand, MemberId, OrganizationId};

use crate::pool::parameters;
use crate::sealing::Place;
use crate::{ChangeError, Context, Store, StoreError};

/// A second factor that is about to be switched on.
#[derive(Clone)]
pub struct NewSecondFactor {
    /// What the member's app makes codes from.
    pub secret: Vec<u8>,
    /// The time step of the code that proved that the app has the secret.
    pub used_step: i64,
    /// The digests of the recovery codes.
    pub recovery_codes: Vec<Digest>,
}

/// Leaves the secret out.
impl std::fmt::Debug for NewSecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecondFactor").field("used_step", &self.used_step).finish_non_exhaustive()
    }
}

/// Asks the member for a code at every sign-in from now on.
pub async fn enable_totp(
    store: &Store,
    context: &Context,
    member: MemberId,
    new: NewSecondFactor,
) -> Result<(), ChangeError> {
    let row = member.to_string();
    let key = store.data_keys().get(context.organization).await?;
    let sealed = key.seal(place(context.organization, &row), &new.secret).map_err(StoreError::from)?;
    store
        .change(context, async |unit| {
            unit.execute::<Member>(member.uuid(), MemberCommand::EnableTotp).await?;
            unit.store_second_factor(member, sealed.clone(), new.used_step);
            unit.store_recovery_codes(member, new.recovery_codes.clone());
            Ok(())
        })
        .await
}

/// Asks the member for no code any more. Nothing happens where none was asked for.
pub async fn disable_totp(store: &Store, context: &Context, member: MemberId) -> Result<(), ChangeError> {
    store
        .change(context, async |unit| {
            unit.execute::<Member>(member.uuid(), MemberCommand::DisableTotp).await?;
            unit.drop_second_factor(member);
            Ok(())
        })
        .await
}

/// Puts new recovery codes in force; those before are void.
pub async fn replace_recovery_codes(
    store: &Store,
    context: &Context,
    member: MemberId,
    digests: Vec<Digest>,
) -> Result<(), ChangeError> {
    store
        .change(context, async |unit| {
            unit.execute::<Member>(member.uuid(), MemberCommand::ReplaceRecoveryCodes).await?;
            unit.store_recovery_codes(member, digests.clone());
            Ok(())
        })
        .await
}

/// What the member's app makes codes from; `None` when no code is asked for.
pub async fn totp_secret(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT secret FROM second_factors WHERE org_id = $1 AND member_id = $2";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), member.uuid()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let key = store.data_keys().get(organization).await?;
    Ok(Some(key.open(place(organization, &member.to_string()), row.try_get(0)?)?))
}

/// How many recovery codes the member has left; `None` when no code is asked for.
pub async fn recovery_codes_left(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM recovery_codes c WHERE c.org_id = f.org_id AND c.member_id = f.member_id) \
               FROM second_factors f WHERE f.org_id = $1 AND f.member_id = $2";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), member.uuid()]).await?;
    let left: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    Ok(left.map(i64::unsigned_abs))
}

/// Uses up the code of a time step, and with it those of the steps before; whether it was still there to be used. Of
/// any number who try at the same time, the row's update lets exactly one through.
pub async fn use_totp_step(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    step: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE second_factors SET last_step = $3 WHERE org_id = $1 AND member_id = $2 AND last_step < $3 \
               RETURNING last_step";
    let parameters = parameters![organization.uuid(), member.uuid(), step];
    Ok(!store.pool().write(organization, sql, parameters).await?.is_empty())
}

/// Uses a recovery code up; whether it was one. Of any number who try at the same time, the row's deletion lets exactly
/// one through.
pub async fn use_recovery_code(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    digest: Digest,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM recovery_codes WHERE org_id = $1 AND member_id = $2 AND digest = $3 RETURNING member_id";
    let parameters = parameters![organization.uuid(), member.uuid(), digest.0.as_slice()];
    Ok(!store.pool().write(organization, sql, parameters).await?.is_empty())
}

fn place(organization: OrganizationId, row: &str) -> Place<'_> {
    Place { organization, table: "second_factors", row, column: "secret" }
}
