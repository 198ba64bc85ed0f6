//! The connection pool.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, Postgres};

use crate::{Error, Result};

/// A connection that was used this recently is taken to be alive.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// A connection; a [`Transaction`] dereferences to it.
pub type Conn = sqlx::PgConnection;
/// A transaction: rolled back when dropped, unless committed.
pub type Transaction = sqlx::Transaction<'static, Postgres>;

/// The schema's history, compiled in.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// A database. Cloning shares the pool.
#[derive(Clone, Debug)]
pub struct Db(PgPool);

impl Db {
    /// Connects to the PostgreSQL database at `url`, with at most 16 connections.
    pub async fn connect(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(Error::from)?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(10))
            // A connection in steady use is not asked whether it still lives: that would be
            // a round trip before every statement.
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(
                    async move { Ok(meta.idle_for < TRUSTED_FOR || conn.ping().await.is_ok()) },
                )
            })
            .connect_with(options.application_name("gauntlet"))
            .await?;
        Ok(Self(pool))
    }

    /// Wraps an existing pool.
    pub fn from_pool(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Applies the migrations that are missing. Safe to call from several
    /// processes at once: one does it, the others wait.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATOR.run(&self.0).await?;
        Ok(())
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Transaction> {
        Ok(self.0.begin().await?)
    }

    /// A connection without a transaction, for reading.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>> {
        Ok(self.0.acquire().await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query!("SELECT 1 AS one").fetch_one(&self.0).await?;
        Ok(())
    }

    /// Closes all connections; waits for those in use.
    pub async fn close(&self) {
        self.0.close().await;
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.0
    }
}
