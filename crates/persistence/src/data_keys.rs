//! The data keys of organizations, opened when first needed.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use countersign_domain::OrganizationId;

use crate::StoreError;
use crate::journal::Attachment;
use crate::pool::{Pool, parameters};
use crate::sealing::{MasterKeyRing, SealingKey};

pub(crate) struct DataKeys {
    ring: MasterKeyRing,
    pool: Pool,
    opened: RwLock<HashMap<OrganizationId, SealingKey>>,
}

impl DataKeys {
    pub fn new(ring: MasterKeyRing, pool: Pool) -> Self {
        Self { ring, pool, opened: RwLock::default() }
    }

    /// The key of an organization that exists.
    pub async fn get(&self, organization: OrganizationId) -> Result<SealingKey, StoreError> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(&organization).cloned();
        if let Some(key) = opened {
            return Ok(key);
        }
        let rows = self
            .pool
            .read(
                organization,
                "SELECT master_key, wrapped FROM data_keys WHERE org_id = $1 AND key_id = 1",
                parameters![organization.uuid()],
            )
            .await?;
        let row = rows.first().ok_or(StoreError::UnknownOrganization)?;
        let key = self.ring.open_data_key(organization, row.try_get(0)?, row.try_get(1)?)?;
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(organization, key.clone());
        Ok(key)
    }

    /// A key for an organization that is about to begin, and what stores it with the first append.
    pub fn create(&self, organization: OrganizationId) -> Result<(SealingKey, Attachment), StoreError> {
        let (key, master_key, wrapped) = self.ring.new_data_key(organization)?;
        Ok((key, Attachment::StoreDataKey { master_key: master_key.to_owned(), wrapped }))
    }
}
