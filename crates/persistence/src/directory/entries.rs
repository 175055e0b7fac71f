//! What the directory holds, and how it is read.

use std::sync::Arc;

use countersign_domain::organization::OPERATORS_SLUG;
use countersign_domain::third_party::Mode;
use countersign_domain::token::TokenStatus;
use countersign_domain::validity::{Standing, TokenFacts};
use countersign_domain::{
    AccessTokenLifetimes, AuthorizationId, ClientId, ClientSettings, Digest, MemberId, OrganizationId, Right, Role,
    ThirdPartyId, TokenId,
};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use crate::StoreError;
use crate::pool::{Pool, parameters};
use crate::projections::clients::StoredSecret;

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationEntry {
    /// Its identifier.
    pub id: OrganizationId,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Whether the operator suspended it.
    pub suspended: bool,
    /// The longest life of a manual token, in calendar months.
    pub maximum_token_months: u16,
    /// The host name of its own, if it has one.
    pub host: Option<String>,
    /// The life of a manual token for which no date is chosen, in calendar months; within the longest.
    pub usual_token_months: u16,
    /// How long access tokens live.
    pub access_tokens: AccessTokenLifetimes,
    /// Whether members must sign in with codes (TOTP).
    pub sign_in_codes_required: bool,
}

impl OrganizationEntry {
    /// Whether its owners run the installation.
    pub fn is_operators(&self) -> bool {
        self.slug == OPERATORS_SLUG
    }

    /// Whether a member of the role may do it here.
    pub fn allows(&self, role: Role, right: Right) -> bool {
        right.is_of(self.is_operators()) && role.allows(right)
    }
}

/// A third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdPartyEntry {
    /// Its identifier.
    pub id: ThirdPartyId,
    /// Its name.
    pub name: String,
    /// How its tokens come to it.
    pub mode: Mode,
    /// Enabled, not Enabled, or deleted.
    pub standing: Standing,
}

/// A client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientEntry {
    /// Its identifier as a record.
    pub id: ClientId,
    /// Its `client_id` in the protocol.
    pub identifier: String,
    /// Whether it is a public client, which has no secret.
    pub is_public: bool,
    /// The third party it belongs to.
    pub third_party: Option<ThirdPartyId>,
    /// What it may do.
    pub settings: ClientSettings,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// Its secrets' proofs.
    pub secrets: Vec<StoredSecret>,
    /// Active, inactive, or deleted.
    pub standing: Standing,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEntry {
    /// Its identifier.
    pub id: TokenId,
    /// `manual`, …
    pub kind: String,
    /// By which people tell it apart.
    pub last_four: String,
    /// The third party it was issued for.
    pub third_party: Option<ThirdPartyId>,
    /// The client it is bound to.
    pub client: Option<ClientId>,
    /// The member's grant that it comes from, if it comes from one.
    pub authorization: Option<AuthorizationId>,
    /// Since when it exists.
    pub issued_at: Timestamp,
    /// What its validity depends on.
    pub facts: TokenFacts,
}

/// What a member granted to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationEntry {
    /// Its identifier.
    pub id: AuthorizationId,
    /// To which client.
    pub client: ClientId,
    /// Who granted it: the passthru user.
    pub member: MemberId,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEntry {
    /// Its identifier.
    pub id: MemberId,
    /// Whether the member may sign in, and be acted for.
    pub active: bool,
}

pub(super) async fn organization_id(pool: &Pool, slug: &str) -> Result<Option<OrganizationId>, StoreError> {
    let sql = "SELECT organization FROM organization_slugs WHERE slug = $1";
    let rows = pool.read_installation(sql, parameters![slug]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map(OrganizationId))
}

pub(super) async fn organization_id_of_host(pool: &Pool, host: &str) -> Result<Option<OrganizationId>, StoreError> {
    let sql = "SELECT organization FROM organization_hosts WHERE host = $1";
    let rows = pool.read_installation(sql, parameters![host]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map(OrganizationId))
}

pub(super) async fn organization(
    pool: &Pool,
    id: OrganizationId,
) -> Result<Option<Arc<OrganizationEntry>>, StoreError> {
    let sql = "SELECT slug, name, suspended, maximum_token_months, host, \
               least(default_token_months, maximum_token_months), default_access_token_seconds, \
               maximum_access_token_seconds, sign_in_codes_required FROM organizations WHERE org_id = $1";
    one(&pool.read(id, sql, parameters![id.uuid()]).await?, |row| {
        Ok(OrganizationEntry {
            id,
            slug: row.try_get(0)?,
            name: row.try_get(1)?,
            suspended: row.try_get(2)?,
            maximum_token_months: months(row.try_get(3)?),
            host: row.try_get(4)?,
            usual_token_months: months(row.try_get(5)?),
            access_tokens: AccessTokenLifetimes {
                default: row.try_get::<_, i32>(6)?.unsigned_abs(),
                maximum: row.try_get::<_, Option<i32>>(7)?.map(i32::unsigned_abs),
            },
            sign_in_codes_required: row.try_get(8)?,
        })
    })
}

pub(super) async fn third_party(
    pool: &Pool,
    organization: OrganizationId,
    id: ThirdPartyId,
) -> Result<Option<Arc<ThirdPartyEntry>>, StoreError> {
    let sql = "SELECT name, enabled, deleted, mode FROM third_parties WHERE org_id = $1 AND third_party_id = $2";
    one(&pool.read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?, |row| {
        let mode: &str = row.try_get(3)?;
        Ok(ThirdPartyEntry {
            id,
            name: row.try_get(0)?,
            mode: mode.parse().map_err(|_| StoreError::UnexpectedValue(format!("third party mode {mode}")))?,
            standing: standing(row.try_get(1)?, row.try_get(2)?),
        })
    })
}

pub(super) async fn client_id(
    pool: &Pool,
    organization: OrganizationId,
    identifier: &str,
) -> Result<Option<ClientId>, StoreError> {
    let sql = "SELECT client_id FROM clients WHERE org_id = $1 AND identifier = $2 AND NOT deleted";
    let rows = pool.read(organization, sql, parameters![organization.uuid(), identifier]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map(ClientId))
}

pub(super) async fn client(
    pool: &Pool,
    organization: OrganizationId,
    id: ClientId,
) -> Result<Option<Arc<ClientEntry>>, StoreError> {
    let sql = "SELECT identifier, client_type, third_party_id, settings, redirect_uris, secrets, active, deleted \
               FROM clients WHERE org_id = $1 AND client_id = $2";
    one(&pool.read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?, |row| {
        Ok(ClientEntry {
            id,
            identifier: row.try_get(0)?,
            is_public: row.try_get::<_, &str>(1)? == "public",
            third_party: row.try_get::<_, Option<_>>(2)?.map(ThirdPartyId),
            settings: row.try_get::<_, Json<_>>(3)?.0,
            redirect_uris: row.try_get::<_, Json<_>>(4)?.0,
            secrets: row.try_get::<_, Json<_>>(5)?.0,
            standing: standing(row.try_get(6)?, row.try_get(7)?),
        })
    })
}

pub(super) async fn token(
    pool: &Pool,
    organization: OrganizationId,
    digest: Digest,
) -> Result<Option<Arc<TokenEntry>>, StoreError> {
    let sql = "SELECT token_id, kind, last_four, third_party_id, client_id, issued_at, status, expires_at, scopes, \
               authorization_id \
               FROM tokens WHERE org_id = $1 AND digest = $2";
    let rows = pool.read(organization, sql, parameters![organization.uuid(), digest.0.as_slice()]).await?;
    one(&rows, |row| {
        let status: String = row.try_get(6)?;
        let status = TokenStatus::from_text(&status)
            .ok_or_else(|| StoreError::UnexpectedValue(format!("token status {status}")))?;
        Ok(TokenEntry {
            id: TokenId(row.try_get(0)?),
            kind: row.try_get(1)?,
            last_four: row.try_get(2)?,
            third_party: row.try_get::<_, Option<_>>(3)?.map(ThirdPartyId),
            client: row.try_get::<_, Option<_>>(4)?.map(ClientId),
            authorization: row.try_get::<_, Option<_>>(9)?.map(AuthorizationId),
            issued_at: row.try_get(5)?,
            facts: TokenFacts { status, expires_at: row.try_get(7)?, scopes: words(row.try_get(8)?) },
        })
    })
}

pub(super) async fn authorization(
    pool: &Pool,
    organization: OrganizationId,
    id: AuthorizationId,
) -> Result<Option<Arc<AuthorizationEntry>>, StoreError> {
    let sql = "SELECT client_id, member_id, revoked FROM authorizations WHERE org_id = $1 AND authorization_id = $2";
    one(&pool.read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?, |row| {
        Ok(AuthorizationEntry {
            id,
            client: ClientId(row.try_get(0)?),
            member: MemberId(row.try_get(1)?),
            revoked: row.try_get(2)?,
        })
    })
}

pub(super) async fn member(
    pool: &Pool,
    organization: OrganizationId,
    id: MemberId,
) -> Result<Option<Arc<MemberEntry>>, StoreError> {
    let sql = "SELECT active FROM members WHERE org_id = $1 AND member_id = $2";
    one(&pool.read(organization, sql, parameters![organization.uuid(), id.uuid()]).await?, |row| {
        Ok(MemberEntry { id, active: row.try_get(0)? })
    })
}

fn one<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, StoreError>) -> Result<Option<Arc<T>>, StoreError> {
    rows.first().map(read).transpose().map(|found| found.map(Arc::new))
}

fn standing(on: bool, deleted: bool) -> Standing {
    match (deleted, on) {
        (true, _) => Standing::Deleted,
        (false, true) => Standing::On,
        (false, false) => Standing::Off,
    }
}

fn months(stored: i32) -> u16 {
    u16::try_from(stored).unwrap_or_default()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
