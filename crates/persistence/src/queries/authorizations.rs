//! Authorizations, found by what a client presents, and consents.

use countersign_domain::{
    AuthorizationId, ClientId, ConsentId, Digest, MemberId, OrganizationId, ThirdPartyId, TokenId,
};
use jiff::Timestamp;

use super::scopes;
use crate::pool::parameters;
use crate::{Store, StoreError};

/// What a member granted, as it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSummary {
    /// By which authorization.
    pub authorization: AuthorizationId,
    /// To which client.
    pub client: ClientId,
    /// Who granted it.
    pub member: MemberId,
    /// What it allows.
    pub scopes: Vec<String>,
}

/// The grant that a code was made for.
pub async fn of_code(
    store: &Store,
    organization: OrganizationId,
    code: Digest,
) -> Result<Option<GrantSummary>, StoreError> {
    let sql = "SELECT a.authorization_id, a.client_id, a.member_id, a.scopes FROM authorizations a \
               WHERE a.org_id = $1 AND a.code = $2";
    one(store, organization, sql, code).await
}

/// The grant to whose family a refresh token belongs, used ones included.
pub async fn of_refresh_token(
    store: &Store,
    organization: OrganizationId,
    token: Digest,
) -> Result<Option<GrantSummary>, StoreError> {
    let sql = "SELECT a.authorization_id, a.client_id, a.member_id, a.scopes FROM refresh_tokens r \
               JOIN authorizations a ON a.org_id = r.org_id AND a.authorization_id = r.authorization_id \
               WHERE r.org_id = $1 AND r.digest = $2";
    one(store, organization, sql, token).await
}

async fn one(
    store: &Store,
    organization: OrganizationId,
    sql: &'static str,
    digest: Digest,
) -> Result<Option<GrantSummary>, StoreError> {
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), digest.0.as_slice()]).await?;
    rows.first()
        .map(|row| {
            Ok(GrantSummary {
                authorization: AuthorizationId(row.try_get(0)?),
                client: ClientId(row.try_get(1)?),
                member: MemberId(row.try_get(2)?),
                scopes: scopes(row.try_get(3)?),
            })
        })
        .transpose()
}

/// The tokens of an authorization that are not revoked and have no end.
pub async fn endless_tokens(
    store: &Store,
    organization: OrganizationId,
    authorization: AuthorizationId,
) -> Result<Vec<TokenId>, StoreError> {
    let sql = "SELECT token_id FROM tokens WHERE org_id = $1 AND authorization_id = $2 AND expires_at IS NULL \
               AND status <> 'revoked'";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), authorization.uuid()]).await?;
    rows.iter().map(|row| Ok(TokenId(row.try_get(0)?))).collect()
}

/// What a member granted a client and did not take back.
pub async fn living(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
    client: ClientId,
) -> Result<Vec<AuthorizationId>, StoreError> {
    let sql = "SELECT authorization_id FROM authorizations WHERE org_id = $1 AND member_id = $2 AND client_id = $3 \
               AND NOT revoked";
    let parameters = parameters![organization.uuid(), member.uuid(), client.uuid()];
    let rows = store.pool().read(organization, sql, parameters).await?;
    rows.iter().map(|row| Ok(AuthorizationId(row.try_get(0)?))).collect()
}

/// What a member lets a client have without being asked again; `None` when there is no consent.
pub async fn consented_scopes(
    store: &Store,
    organization: OrganizationId,
    consent: ConsentId,
) -> Result<Option<Vec<String>>, StoreError> {
    let sql = "SELECT scopes FROM consents WHERE org_id = $1 AND consent_id = $2";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), consent.uuid()]).await?;
    rows.first().map(|row| Ok(scopes(row.try_get(0)?))).transpose()
}

/// A consent in its member's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentSummary {
    /// Which one.
    pub id: ConsentId,
    /// The client that has it.
    pub client: ClientId,
    /// Its `client_id` in the protocol.
    pub client_identifier: String,
    /// The third party that the client belongs to.
    pub third_party: Option<ThirdPartyId>,
    /// The name of the third party.
    pub third_party_name: Option<String>,
    /// What the client may have.
    pub scopes: Vec<String>,
    /// Since when.
    pub given_at: Timestamp,
}

/// The consents of a member, the newest first.
pub async fn consents_of(
    store: &Store,
    organization: OrganizationId,
    member: MemberId,
) -> Result<Vec<ConsentSummary>, StoreError> {
    let sql = "SELECT c.consent_id, c.client_id, cl.identifier, cl.third_party_id, tp.name, c.scopes, c.given_at \
               FROM consents c JOIN clients cl ON cl.org_id = c.org_id AND cl.client_id = c.client_id \
               LEFT JOIN third_parties tp ON tp.org_id = cl.org_id AND tp.third_party_id = cl.third_party_id \
               WHERE c.org_id = $1 AND c.member_id = $2 AND NOT cl.deleted \
               ORDER BY c.given_at DESC, c.consent_id";
    let rows = store.pool().read(organization, sql, parameters![organization.uuid(), member.uuid()]).await?;
    rows.iter()
        .map(|row| {
            Ok(ConsentSummary {
                id: ConsentId(row.try_get(0)?),
                client: ClientId(row.try_get(1)?),
                client_identifier: row.try_get(2)?,
                third_party: row.try_get::<_, Option<_>>(3)?.map(ThirdPartyId),
                third_party_name: row.try_get(4)?,
                scopes: scopes(row.try_get(5)?),
                given_at: row.try_get(6)?,
            })
        })
        .collect()
}
