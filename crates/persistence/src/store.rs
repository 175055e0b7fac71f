//! The store: everything a process needs of the database, under one handle.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::organization::OPERATORS_SLUG;
use countersign_domain::values::{OrganizationName, Slug};
use countersign_domain::{Organization, OrganizationCommand, OrganizationId};
use tokio::task::JoinHandle;

use crate::data_keys::DataKeys;
use crate::directory::{Directory, DirectoryOptions, OrganizationEntry, follower};
use crate::journal::{CommitObserver, Journal, JournalOptions};
use crate::pool::{AddressError, Pool, serve_config};
use crate::projections::unique_names::NameKind;
use crate::sealing::MasterKeyRing;
use crate::sources::Sources;
use crate::unit_of_work::{ChangeError, Context, UnitOfWork};
use crate::usage::Usage;
use crate::{StoreError, clock};

/// How often a change is tried again when somebody else changed the same thing in between.
const ATTEMPTS: u32 = 5;
const USAGE_INTERVAL: Duration = Duration::from_secs(3);

/// How a process uses the database.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// Reading connections; 0 takes the default of 16.
    pub pool_size: usize,
    /// How the journal writes.
    pub journal: JournalOptions,
    /// How much the directory keeps.
    pub directory: DirectoryOptions,
}

/// The handle to the database: journal, directory, reading connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    journal: Journal,
    directory: Arc<Directory>,
    data_keys: DataKeys,
    sources: Sources,
    usage: Arc<Usage>,
    background: Vec<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.background.iter().for_each(JoinHandle::abort);
    }
}

impl Store {
    /// Opens the store for a database address, with the rights of `serve`. Connections are made when they are needed,
    /// so a database that is away shows at the first use. Must be called within a Tokio runtime.
    pub fn open(url: &str, ring: MasterKeyRing, options: &StoreOptions) -> Result<Self, AddressError> {
        let config = serve_config(url)?;
        let pool_size = if options.pool_size == 0 { 16 } else { options.pool_size };
        let pool = Pool::new(config.clone(), pool_size)?;
        let directory = Arc::new(Directory::new(pool.clone(), &options.directory));
        let observer: Arc<dyn CommitObserver> = directory.clone();
        let usage = Arc::new(Usage::default());
        let background = vec![
            tokio::spawn(follower::follow(Arc::clone(&directory), config.clone())),
            tokio::spawn(flush_usage(Arc::clone(&usage), pool.clone())),
        ];
        let inner = Inner {
            journal: Journal::start(&config, &options.journal, &observer),
            data_keys: DataKeys::new(ring, pool.clone()),
            sources: Sources::new(),
            pool,
            directory,
            usage,
            background,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reading connections.
    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// What every request must know, in memory.
    pub fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    /// The counters of the use of tokens and client secrets.
    pub fn usage(&self) -> &Usage {
        &self.inner.usage
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    pub(crate) fn data_keys(&self) -> &DataKeys {
        &self.inner.data_keys
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.inner.sources
    }

    /// Begins a unit of work for a caller that saves it and deals with conflicts itself; see [`Self::change`] for one
    /// that need not.
    pub fn unit_of_work(&self, context: Context) -> UnitOfWork {
        UnitOfWork::new(self.clone(), context)
    }

    /// Runs a unit of work and saves it. When somebody else changed the same thing in between, all of it is done again
    /// from loading on, a few times.
    pub async fn change<T, E>(&self, context: &Context, work: impl AsyncFn(&UnitOfWork) -> Result<T, E>) -> Result<T, E>
    where
        E: From<ChangeError>,
    {
        let mut attempt = 1;
        loop {
            let unit = self.unit_of_work(context.clone());
            let value = work(&unit).await?;
            match unit.save().await {
                Ok(_) => return Ok(value),
                Err(StoreError::Conflict) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(ChangeError::from(error).into()),
            }
        }
    }

    /// Begins an organization: its journal, its data key, its first event. `context` says who does it, for the new
    /// identifier.
    pub async fn create_organization(
        &self,
        slug: Slug,
        name: OrganizationName,
        context: impl Fn(OrganizationId) -> Context,
    ) -> Result<OrganizationId, ChangeError> {
        self.create_organization_with(slug, name, context, async |_| Ok(())).await.map(|(id, ())| id)
    }

    /// Begins an organization, with what else is to be in it from the start: all of it, or nothing.
    pub async fn create_organization_with<T>(
        &self,
        slug: Slug,
        name: OrganizationName,
        context: impl Fn(OrganizationId) -> Context,
        also: impl AsyncFn(&UnitOfWork) -> Result<T, ChangeError>,
    ) -> Result<(OrganizationId, T), ChangeError> {
        self.begin_organization(OrganizationCommand::Create { slug, name }, context, also).await
    }

    /// The organization whose owners run the installation. Begins it where there is none.
    pub async fn organization_of_operators(
        &self,
        name: OrganizationName,
        context: impl Fn(OrganizationId) -> Context,
    ) -> Result<Arc<OrganizationEntry>, ChangeError> {
        let find = async || self.directory().organization_by_slug(OPERATORS_SLUG).await;
        if let Some(found) = find().await? {
            return Ok(found);
        }
        match self.begin_organization(OrganizationCommand::CreateForOperators { name }, context, async |_| Ok(())).await
        {
            // Somebody else was first.
            Ok(_) | Err(ChangeError::Store(StoreError::NameTaken(NameKind::OrganizationSlug))) => {}
            Err(error) => return Err(error),
        }
        Ok(find().await?.ok_or(StoreError::UnknownOrganization)?)
    }

    async fn begin_organization<T>(
        &self,
        create: OrganizationCommand,
        context: impl Fn(OrganizationId) -> Context,
        also: impl AsyncFn(&UnitOfWork) -> Result<T, ChangeError>,
    ) -> Result<(OrganizationId, T), ChangeError> {
        let id = OrganizationId(clock::new_id());
        let value = self
            .change(&context(id), async |unit| {
                unit.create_with_id::<Organization>(id.uuid(), create.clone()).await?;
                also(unit).await
            })
            .await?;
        Ok((id, value))
    }

    /// 256 bits that follow from the input alone, for whoever has the organization's data key; to all others they are
    /// random. They outlive restarts and changes of the master key.
    pub async fn derive(
        &self,
        organization: OrganizationId,
        purpose: &str,
        input: &[u8],
    ) -> Result<[u8; 32], StoreError> {
        Ok(self.data_keys().get(organization).await?.derive(purpose, input))
    }

    /// Finishes the appends that were accepted, writes the counters, and refuses what comes after.
    pub async fn close(&self) {
        self.inner.journal.close().await;
        if let Err(error) = self.inner.usage.flush(&self.inner.pool).await {
            tracing::warn!(%error, "the last counts of use were not written");
        }
        self.inner.background.iter().for_each(JoinHandle::abort);
    }
}

async fn flush_usage(usage: Arc<Usage>, pool: Pool) {
    let mut tick = tokio::time::interval(USAGE_INTERVAL);
    loop {
        tick.tick().await;
        if let Err(error) = usage.flush(&pool).await {
            tracing::warn!(%error, "counts of use are kept until the database is back");
        }
    }
}
