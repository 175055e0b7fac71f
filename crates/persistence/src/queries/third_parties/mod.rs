//! The third parties of an organization: one of them with its client and tokens.

pub mod list;

use std::collections::HashMap;

use countersign_domain::client::SecretProof;
use countersign_domain::third_party::Mode;
use countersign_domain::values::ThirdPartyName;
use countersign_domain::{ClientId, ClientSettings, OrganizationId, SecretId, SecretKind, ThirdPartyId};
use futures_util::future::try_join4;
use jiff::Timestamp;
use tokio_postgres::types::Json;

use super::clients::{self, NamedClient};
use super::tokens::{self, TokenSummary};
use super::{CHOSEN, masked, parse};
use crate::pool::parameters;
use crate::projections::clients::StoredSecret;
use crate::projections::unique_names::NameKind;
use crate::{Store, StoreError};

/// A third party with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdPartyDetail {
    /// Which one.
    pub id: ThirdPartyId,
    /// Its name.
    pub name: String,
    /// Whom to talk to.
    pub contact_name: Option<String>,
    /// Where mail goes.
    pub contact_email: Option<String>,
    /// What was reviewed with it.
    pub requirements: Option<String>,
    /// How it comes by its tokens.
    pub mode: Mode,
    /// Whether its access is switched on.
    pub enabled: bool,
    /// Whether it was ended for good.
    pub deleted: bool,
    /// Since when it exists.
    pub added_at: Timestamp,
    /// How many times it was changed: a form that was filled in at an earlier version may overwrite somebody's change.
    pub version: u64,
    /// Its client: the last registered of those that were not deleted.
    pub client: Option<ClientSummary>,
    /// All of its clients that were not deleted, the last registered first.
    pub clients: Vec<NamedClient>,
    /// Its tokens, newest first.
    pub tokens: Vec<TokenSummary>,
}

/// An OAuth client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSummary {
    /// Which record.
    pub id: ClientId,
    /// The `client_id` of the protocol.
    pub identifier: String,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// What it may do.
    pub settings: ClientSettings,
    /// Whether it may take part.
    pub active: bool,
    /// Its secrets, oldest first.
    pub secrets: Vec<SecretSummary>,
}

/// One of a client's secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSummary {
    /// Which one.
    pub id: SecretId,
    /// By what people tell it apart: `cs_sk_…a9F2`, or that a person chose it.
    pub masked: String,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When the client last proved by it who it is.
    pub last_used_at: Option<Timestamp>,
}

/// When the secrets of the clients under a name were last used, by secret, as an expression.
macro_rules! last_uses {
    ($clients:literal) => {
        concat!(
            "(SELECT coalesce(jsonb_object_agg(u.secret_id, u.last_used_at), '{}') FROM secret_usage u WHERE u.org_id = ",
            $clients,
            ".org_id AND u.secret_id IN (SELECT (s ->> 'secret')::uuid FROM jsonb_array_elements(",
            $clients,
            ".secrets) s))"
        )
    };
}

pub(super) use last_uses;

/// One third party, deleted or not.
pub async fn get(
    store: &Store,
    organization: OrganizationId,
    id: ThirdPartyId,
) -> Result<Option<ThirdPartyDetail>, StoreError> {
    let sql = "SELECT name, contact_name, contact_email, requirements, mode, enabled, deleted, added_at, version \
               FROM third_parties WHERE org_id = $1 AND third_party_id = $2";
    let key = (organization.uuid(), id.uuid());
    let (rows, client, clients, tokens) = try_join4(
        store.pool().read(organization, sql, parameters![key.0, key.1]),
        client_of(store, organization, id),
        clients::of_third_party(store, organization, id),
        tokens::of_third_party(store, organization, id),
    )
    .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(ThirdPartyDetail {
        id,
        name: row.try_get(0)?,
        contact_name: row.try_get(1)?,
        contact_email: row.try_get(2)?,
        requirements: row.try_get(3)?,
        mode: parse("mode", row.try_get(4)?)?,
        enabled: row.try_get(5)?,
        deleted: row.try_get(6)?,
        added_at: row.try_get(7)?,
        version: row.try_get::<_, i64>(8)?.unsigned_abs(),
        client,
        clients,
        tokens,
    }))
}

/// The third party of a name, without regard to case, if there is one.
pub async fn by_name(
    store: &Store,
    organization: OrganizationId,
    name: &ThirdPartyName,
) -> Result<Option<ThirdPartyId>, StoreError> {
    let sql = "SELECT holder_id FROM unique_names WHERE org_id = $1 AND kind = $2 AND name = $3";
    let (kind, key) = (NameKind::ThirdParty.as_str(), ThirdPartyName::unique_key_of(name.as_str()));
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), kind, key]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map(ThirdPartyId))
}

async fn client_of(
    store: &Store,
    organization: OrganizationId,
    third_party: ThirdPartyId,
) -> Result<Option<ClientSummary>, StoreError> {
    let sql = concat!(
        "SELECT client_id, identifier, redirect_uris, settings, active, secrets, ",
        last_uses!("clients"),
        " FROM clients WHERE org_id = $1 AND third_party_id = $2 AND NOT deleted \
          ORDER BY registered_at DESC, client_id DESC LIMIT 1"
    );
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), third_party.uuid()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(ClientSummary {
        id: ClientId(row.try_get(0)?),
        identifier: row.try_get(1)?,
        redirect_uris: row.try_get::<_, Json<_>>(2)?.0,
        settings: row.try_get::<_, Json<_>>(3)?.0,
        active: row.try_get(4)?,
        secrets: secrets(row.try_get(5)?, &row.try_get(6)?),
    }))
}

/// Secrets as they are shown.
pub(super) fn secrets(
    stored: Json<Vec<StoredSecret>>,
    last_uses: &Json<HashMap<SecretId, Timestamp>>,
) -> Vec<SecretSummary> {
    stored.0.into_iter().map(|stored| secret(stored, &last_uses.0)).collect()
}

fn secret(stored: StoredSecret, last_uses: &HashMap<SecretId, Timestamp>) -> SecretSummary {
    let masked = match stored.proof {
        SecretProof::Generated { last_four, .. } => masked(SecretKind::ClientSecret, &last_four),
        SecretProof::Chosen { .. } => CHOSEN.to_owned(),
    };
    SecretSummary {
        id: stored.secret,
        masked,
        created_at: stored.created_at,
        expires_at: stored.expires_at,
        last_used_at: last_uses.get(&stored.secret).copied(),
    }
}
