//! The Argon2id verifiers of what people chose. Whether one fits is the caller's work: nothing slow happens here.

use countersign_domain::{OrganizationId, VerifierId};

use crate::pool::parameters;
use crate::{Store, StoreError};

/// The PHC string of a verifier, unless it was replaced in the meantime.
pub async fn get(
    store: &Store,
    organization: OrganizationId,
    verifier: VerifierId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT phc FROM verifiers WHERE org_id = $1 AND verifier_id = $2";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), verifier.uuid()]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}
