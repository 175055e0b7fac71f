//! The directory: what every request must know, in memory.
//!
//! Filled on demand and bounded. The process that makes a change drops what it changes before it answers; other
//! processes are told (see [`follower`]). While that link is not known to be alive, nothing cached is used and the
//! database is asked. So a token that was switched off is refused by the next request here, and within a second
//! everywhere.

mod entries;
pub(crate) mod follower;
pub(crate) mod notice;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_domain::validity::{self, AuthorizationStanding, Circumstances, Denial, Standing};
use countersign_domain::{
    AuthorizationId, ClientId, Digest, MemberId, OrganizationId, StreamId, ThirdPartyId, TokenId, secret,
};
use jiff::Timestamp;
use quick_cache::sync::Cache;

pub use entries::{AuthorizationEntry, ClientEntry, MemberEntry, OrganizationEntry, ThirdPartyEntry, TokenEntry};
pub use follower::LEASE;

use crate::StoreError;
use crate::clock::monotonic;
use crate::journal::CommitObserver;
use crate::pool::Pool;

/// How many entries of each kind are kept.
#[derive(Debug, Clone)]
pub struct DirectoryOptions {
    /// Tokens.
    pub tokens: usize,
    /// Organizations, third parties and clients, each.
    pub others: usize,
}

impl Default for DirectoryOptions {
    fn default() -> Self {
        Self { tokens: 500_000, others: 100_000 }
    }
}

const STRIPES: usize = 256;

/// The process's directory.
pub struct Directory {
    pool: Pool,
    slugs: Cache<String, OrganizationId>,
    hosts: Cache<String, OrganizationId>,
    organizations: Cache<OrganizationId, Arc<OrganizationEntry>>,
    third_parties: Cache<(OrganizationId, StreamId), Arc<ThirdPartyEntry>>,
    clients: Cache<(OrganizationId, StreamId), Arc<ClientEntry>>,
    client_identifiers: Cache<(OrganizationId, String), ClientId>,
    tokens: Cache<(OrganizationId, StreamId), Arc<TokenEntry>>,
    token_digests: Cache<(OrganizationId, Digest), TokenId>,
    authorizations: Cache<(OrganizationId, StreamId), Arc<AuthorizationEntry>>,
    members: Cache<(OrganizationId, StreamId), Arc<MemberEntry>>,
    /// How often something of an organization (by hash) was dropped. Whoever fills the cache compares it, under the
    /// lock, with what it was before the database was asked: what was read before a change is never kept after it.
    generations: Vec<Mutex<u64>>,
    hasher: RandomState,
    started: Instant,
    /// Microseconds after `started` until which the cache may be used.
    trusted_until: AtomicU64,
}

/// What came of checking a presented token.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The token, where the presented string is one of the organization's.
    pub token: Option<Arc<TokenEntry>>,
    /// The client that the token is bound to.
    pub client: Option<Arc<ClientEntry>>,
    /// The third party that it was issued for.
    pub third_party: Option<Arc<ThirdPartyEntry>>,
    /// The member's grant that it comes from.
    pub authorization: Option<Arc<AuthorizationEntry>>,
    /// Whether it gives access, or the first check that failed.
    pub result: Result<(), Denial>,
}

impl Directory {
    pub(crate) fn new(pool: Pool, options: &DirectoryOptions) -> Self {
        Self {
            pool,
            slugs: Cache::new(options.others),
            hosts: Cache::new(options.others),
            organizations: Cache::new(options.others),
            third_parties: Cache::new(options.others),
            clients: Cache::new(options.others),
            client_identifiers: Cache::new(options.others),
            tokens: Cache::new(options.tokens),
            token_digests: Cache::new(options.tokens),
            authorizations: Cache::new(options.tokens),
            members: Cache::new(options.others),
            generations: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
            started: monotonic(),
            trusted_until: AtomicU64::new(0),
        }
    }

    /// Whether other processes' changes are known to reach this one.
    pub fn is_trusted(&self) -> bool {
        let elapsed = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        elapsed < self.trusted_until.load(Ordering::Acquire)
    }

    /// Lets the cache be used until so long after an instant at which every change was known.
    fn trust(&self, known_at: Instant, lease: Duration) {
        let until = known_at.duration_since(self.started) + lease;
        self.trusted_until.store(u64::try_from(until.as_micros()).unwrap_or(u64::MAX), Ordering::Release);
    }

    fn distrust(&self) {
        self.trusted_until.store(0, Ordering::Release);
    }

    fn clear(&self) {
        let mut generations = self.generations.iter().map(lock).collect::<Vec<_>>();
        for generation in &mut generations {
            **generation += 1;
        }
        self.organizations.clear();
        self.third_parties.clear();
        self.clients.clear();
        self.client_identifiers.clear();
        self.tokens.clear();
        self.token_digests.clear();
        self.authorizations.clear();
        self.members.clear();
        self.slugs.clear();
        self.hosts.clear();
    }

    fn generation(&self, organization: OrganizationId) -> &Mutex<u64> {
        let stripe = self.hasher.hash_one(organization) % STRIPES as u64;
        &self.generations[usize::try_from(stripe).unwrap_or_default()]
    }

    /// Drops what is kept of a stream; see [`notice::EVERYTHING`].
    fn evict(&self, organization: OrganizationId, stream: StreamId) {
        if stream == notice::EVERYTHING {
            return self.clear();
        }
        let mut generation = lock(self.generation(organization));
        *generation += 1;
        if stream == organization.uuid() {
            self.organizations.remove(&organization);
        }
        self.third_parties.remove(&(organization, stream));
        self.clients.remove(&(organization, stream));
        self.tokens.remove(&(organization, stream));
        self.authorizations.remove(&(organization, stream));
        self.members.remove(&(organization, stream));
    }

    /// The answer of the cache, or of the database, which is then kept unless something changed meanwhile.
    async fn look_up<T>(
        &self,
        organization: OrganizationId,
        cached: impl Fn() -> Option<T>,
        load: impl Future<Output = Result<Option<T>, StoreError>>,
        keep: impl Fn(&T),
    ) -> Result<Option<T>, StoreError> {
        let trusted = self.is_trusted();
        if trusted && let Some(found) = cached() {
            return Ok(Some(found));
        }
        let before = *lock(self.generation(organization));
        let found = load.await?;
        if let (true, Some(found)) = (trusted, &found) {
            let generation = lock(self.generation(organization));
            if *generation == before {
                keep(found);
            }
        }
        Ok(found)
    }

    /// The organization of a slug.
    pub async fn organization_by_slug(&self, slug: &str) -> Result<Option<Arc<OrganizationEntry>>, StoreError> {
        // A slug leads to the same organization for ever, so it needs no trust.
        let id = match self.slugs.get(slug) {
            Some(id) => id,
            None => match entries::organization_id(&self.pool, slug).await? {
                Some(id) => {
                    self.slugs.insert(slug.to_owned(), id);
                    id
                }
                None => return Ok(None),
            },
        };
        self.organization(id).await
    }

    /// The organization that has a host name of its own, in lower case.
    pub async fn organization_by_host(&self, host: &str) -> Result<Option<Arc<OrganizationEntry>>, StoreError> {
        // A host name may pass to another organization, so what is kept counts only while its organization agrees.
        if let Some(id) = self.hosts.get(host)
            && let Some(organization) = self.organization(id).await?
            && organization.host.as_deref() == Some(host)
        {
            return Ok(Some(organization));
        }
        let Some(id) = entries::organization_id_of_host(&self.pool, host).await? else { return Ok(None) };
        self.hosts.insert(host.to_owned(), id);
        self.organization(id).await
    }

    /// An organization.
    pub async fn organization(&self, id: OrganizationId) -> Result<Option<Arc<OrganizationEntry>>, StoreError> {
        self.look_up(
            id,
            || self.organizations.get(&id),
            entries::organization(&self.pool, id),
            |entry| self.organizations.insert(id, Arc::clone(entry)),
        )
        .await
    }

    /// A third party of an organization.
    pub async fn third_party(
        &self,
        organization: OrganizationId,
        id: ThirdPartyId,
    ) -> Result<Option<Arc<ThirdPartyEntry>>, StoreError> {
        let key = (organization, id.uuid());
        self.look_up(
            organization,
            || self.third_parties.get(&key),
            entries::third_party(&self.pool, organization, id),
            |entry| self.third_parties.insert(key, Arc::clone(entry)),
        )
        .await
    }

    /// A client of an organization.
    pub async fn client(
        &self,
        organization: OrganizationId,
        id: ClientId,
    ) -> Result<Option<Arc<ClientEntry>>, StoreError> {
        let key = (organization, id.uuid());
        self.look_up(
            organization,
            || self.clients.get(&key),
            entries::client(&self.pool, organization, id),
            |entry| self.clients.insert(key, Arc::clone(entry)),
        )
        .await
    }

    /// The client of an organization that is known by a `client_id` now (RFC 6749 section 2.2); deleted ones are not
    /// found.
    pub async fn client_by_identifier(
        &self,
        organization: OrganizationId,
        identifier: &str,
    ) -> Result<Option<Arc<ClientEntry>>, StoreError> {
        let key = (organization, identifier.to_owned());
        if self.is_trusted()
            && let Some(id) = self.client_identifiers.get(&key)
            && let Some(client) = self.client(organization, id).await?
            && client.standing != Standing::Deleted
        {
            return Ok(Some(client));
        }
        let Some(id) = entries::client_id(&self.pool, organization, identifier).await? else { return Ok(None) };
        self.client_identifiers.insert(key, id);
        self.client(organization, id).await
    }

    /// A token of an organization, by its digest.
    pub async fn token(
        &self,
        organization: OrganizationId,
        digest: Digest,
    ) -> Result<Option<Arc<TokenEntry>>, StoreError> {
        self.look_up(
            organization,
            || {
                self.token_digests
                    .get(&(organization, digest))
                    .and_then(|id| self.tokens.get(&(organization, id.uuid())))
            },
            entries::token(&self.pool, organization, digest),
            |entry| {
                self.tokens.insert((organization, entry.id.uuid()), Arc::clone(entry));
                self.token_digests.insert((organization, digest), entry.id);
            },
        )
        .await
    }

    /// What a member of an organization granted.
    pub async fn authorization(
        &self,
        organization: OrganizationId,
        id: AuthorizationId,
    ) -> Result<Option<Arc<AuthorizationEntry>>, StoreError> {
        let key = (organization, id.uuid());
        self.look_up(
            organization,
            || self.authorizations.get(&key),
            entries::authorization(&self.pool, organization, id),
            |entry| self.authorizations.insert(key, Arc::clone(entry)),
        )
        .await
    }

    /// A member of an organization.
    pub async fn member(
        &self,
        organization: OrganizationId,
        id: MemberId,
    ) -> Result<Option<Arc<MemberEntry>>, StoreError> {
        let key = (organization, id.uuid());
        self.look_up(
            organization,
            || self.members.get(&key),
            entries::member(&self.pool, organization, id),
            |entry| self.members.insert(key, Arc::clone(entry)),
        )
        .await
    }

    /// Whether what a member granted still holds. What can't be found is taken for revoked.
    async fn authorization_standing(
        &self,
        organization: OrganizationId,
        authorization: Option<&AuthorizationEntry>,
    ) -> Result<AuthorizationStanding, StoreError> {
        let Some(authorization) = authorization.filter(|authorization| !authorization.revoked) else {
            return Ok(AuthorizationStanding::Revoked);
        };
        let member = self.member(organization, authorization.member).await?;
        let is_active = member.is_some_and(|member| member.active);
        Ok(if is_active { AuthorizationStanding::On } else { AuthorizationStanding::MemberInactive })
    }

    /// Checks a presented token against everything that its validity depends on.
    pub async fn check_token(
        &self,
        organization: &OrganizationEntry,
        presented: &str,
        required_scope: Option<&str>,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let unknown =
            |denial| Verdict { token: None, client: None, third_party: None, authorization: None, result: Err(denial) };
        let digest = match secret::parse(presented) {
            Ok(parsed) => parsed.digest,
            Err(error) => return Ok(unknown(error.into())),
        };
        let Some(token) = self.token(organization.id, digest).await? else { return Ok(unknown(Denial::Unknown)) };
        let third_party = match token.third_party {
            Some(id) => self.third_party(organization.id, id).await?,
            None => None,
        };
        let client = match token.client {
            Some(id) => self.client(organization.id, id).await?,
            None => None,
        };
        let authorization = match token.authorization {
            Some(id) => self.authorization(organization.id, id).await?,
            None => None,
        };
        let authorization_standing = match token.authorization {
            Some(_) => Some(self.authorization_standing(organization.id, authorization.as_deref()).await?),
            None => None,
        };
        // What the token refers to but can't be found is taken for deleted, never for allowed.
        let result = validity::check(&Circumstances {
            token: &token.facts,
            organization_suspended: organization.suspended,
            third_party: token
                .third_party
                .map(|_| third_party.as_ref().map_or(Standing::Deleted, |entry| entry.standing)),
            client: token.client.map(|_| client.as_ref().map_or(Standing::Deleted, |entry| entry.standing)),
            authorization: authorization_standing,
            required_scope,
            now,
        });
        Ok(Verdict { token: Some(token), client, third_party, authorization, result })
    }
}

impl CommitObserver for Directory {
    fn committed(&self, changed: &[(OrganizationId, StreamId)]) {
        for (organization, stream) in changed {
            self.evict(*organization, *stream);
        }
    }
}

fn lock(generation: &Mutex<u64>) -> std::sync::MutexGuard<'_, u64> {
    generation.lock().unwrap_or_else(PoisonError::into_inner)
}
