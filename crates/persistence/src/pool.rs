//! Reading connections, scoped to one organization.

use std::str::FromStr;
use std::time::Duration;

use countersign_domain::OrganizationId;
use deadpool_postgres::{Manager, ManagerConfig, Object, RecyclingMethod, Runtime};
use futures_util::future::join3;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Row};

use crate::StoreError;

/// The parameters of a statement, by reference.
macro_rules! parameters {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &(dyn tokio_postgres::types::ToSql + Sync)),*]
    };
}
pub(crate) use parameters;

/// How long a statement may take.
const STATEMENT: Duration = Duration::from_secs(10);

/// Connections with the rights of `serve`.
#[derive(Clone)]
pub struct Pool {
    pool: deadpool_postgres::Pool,
}

/// Why a database address is not usable.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is not a PostgreSQL URL or key–value string.
    #[error("the database address is not a PostgreSQL URL: {0}")]
    Malformed(tokio_postgres::Error),
    /// The pool could not be made.
    #[error("the connection pool can't be made: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
}

/// The configuration for an address, with the rights of `serve` whoever logs in: the role is a start parameter, so it
/// costs no round trip and is there before the first statement.
pub(crate) fn serve_config(url: &str) -> Result<Config, AddressError> {
    let mut config = Config::from_str(url).map_err(AddressError::Malformed)?;
    let options = [config.get_options().unwrap_or_default(), "-c role=countersign_app -c jit=off"].join(" ");
    config.options(options.trim()).application_name("countersign").connect_timeout(Duration::from_secs(5));
    Ok(config)
}

impl Pool {
    pub(crate) fn new(config: Config, size: usize) -> Result<Self, AddressError> {
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = deadpool_postgres::Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_secs(5)))
            .create_timeout(Some(Duration::from_secs(5)))
            .build()?;
        Ok(Self { pool })
    }

    /// Reads under an organization, in one round trip. A connection that died unnoticed is replaced once.
    pub async fn read(
        &self,
        organization: OrganizationId,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let begin = format!("BEGIN READ ONLY; SET LOCAL countersign.org_id = '{organization}'");
        self.run_again(Some(&begin), sql, parameters).await
    }

    /// Reads under several organizations at once, for the operators only.
    pub(crate) async fn read_of_several(
        &self,
        organizations: &[OrganizationId],
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let organizations = organizations.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let begin = format!("BEGIN READ ONLY; SET LOCAL countersign.batch = '{organizations}'");
        self.run_again(Some(&begin), sql, parameters).await
    }

    /// Writes, under an organization and in a transaction of its own, what is not part of the journal.
    pub async fn write(
        &self,
        organization: OrganizationId,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let begin = format!("BEGIN; SET LOCAL countersign.org_id = '{organization}'");
        Ok(self.run(Some(&begin), sql, parameters).await??)
    }

    /// Reads what belongs to the installation rather than to an organization.
    pub async fn read_installation(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.run_again(None, sql, parameters).await
    }

    /// Runs what may be run twice.
    async fn run_again(
        &self,
        begin: Option<&str>,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        match self.run(begin, sql, parameters).await? {
            Err(error) if error.is_closed() => Ok(self.run(begin, sql, parameters).await??),
            other => Ok(other?),
        }
    }

    /// Runs a statement, in a transaction if it has a beginning. A connection that says nothing for too long is given
    /// up: the server, or the network, may have gone without closing it.
    async fn run(
        &self,
        begin: Option<&str>,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Result<Vec<Row>, tokio_postgres::Error>, StoreError> {
        let client = self.pool.get().await?;
        let answer = async {
            match begin {
                Some(begin) => in_transaction(&client, begin, sql, parameters).await,
                None => query(&client, sql, parameters).await,
            }
        };
        let Ok(answer) = timeout(STATEMENT, answer).await else {
            drop(Object::take(client));
            return Err(StoreError::Unavailable("it did not answer in time".into()));
        };
        Ok(answer)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read_installation("SELECT 1", &[]).await.map(drop)
    }
}

async fn query(
    client: &deadpool_postgres::Client,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, parameters).await
}

/// One statement in a transaction, sent as one pipeline.
async fn in_transaction(
    client: &deadpool_postgres::Client,
    begin: &str,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = client.prepare_cached(sql).await?;
    let (begun, rows, committed) =
        join3(client.batch_execute(begin), client.query(&statement, parameters), client.batch_execute("COMMIT")).await;
    begun?;
    let rows = rows?;
    committed?;
    Ok(rows)
}
