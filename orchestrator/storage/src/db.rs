//! The connection pool.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, Postgres};

use crate::{Error, Result, read_only};

/// So many connections an orchestrator opens at most.
pub(crate) const CONNECTIONS: u32 = 16;

/// What a session must be like, whatever server, database or role say. Times are compared in
/// SQL and read as text, loops assume that statements see what was committed before them, and
/// waiting for a lock or a notification is no reason to be cut off. No statement runs long enough
/// to be worth compiling to machine code, which takes 50 ms and happens whenever the planner takes
/// a table that it has no statistics of for a large one. What an older server does not know is
/// left out.
///
/// The schema is that to which the role's own search path leads, and nothing else: no function
/// of another one can take the place of the database's own.
const SESSION: &str = "
    SELECT set_config(name, value, false)
    FROM (VALUES
        ('default_transaction_isolation', 'read committed'),
        ('default_transaction_deferrable', 'off'),
        ('statement_timeout', '0'),
        ('lock_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0'),
        ('idle_session_timeout', '0'),
        ('jit', 'off'),
        ('transaction_timeout', '0'),
        ('TimeZone', 'UTC'),
        ('DateStyle', 'ISO, MDY'),
        ('IntervalStyle', 'postgres'),
        ('bytea_output', 'hex'),
        ('client_encoding', 'UTF8'),
        ('standard_conforming_strings', 'on'),
        ('search_path', quote_ident(current_schema()))) AS wanted (name, value)
    WHERE value IS NOT NULL AND current_setting(name, true) IS NOT NULL";

/// How a short transaction begins: one trip to the server.
const SHORT: &str = "BEGIN; \
     SET LOCAL plan_cache_mode = force_generic_plan; \
     SET LOCAL enable_seqscan = off";

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
    /// Connects to the PostgreSQL database at `url`, with at most 16 connections. Settings of
    /// the server, database or role that would be in the way do not hold in them; those that
    /// cannot be set aside are found by [`crate::check_server`].
    pub async fn connect(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(Error::from)?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(|conn, _| {
                Box::pin(async move { conn.execute(sqlx::raw_sql(SESSION)).await.map(drop) })
            })
            // A connection in steady use is not asked whether it still lives: that would be
            // a round trip before every statement.
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if read_only::is_suspected() {
                        // One that does not answer is of no use either.
                        return Ok(read_only::is_of_use(conn, meta.age).await.unwrap_or(false));
                    }
                    Ok(meta.idle_for < TRUSTED_FOR || conn.ping().await.is_ok())
                })
            })
            .connect_with(options.application_name("gauntlet"))
            .await?;
        Ok(Self(pool))
    }

    /// Wraps an existing pool.
    pub fn from_pool(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Applies the migrations that are missing, as the owner of the tables, and grants the roles
    /// that serve what they need for them. Safe to call from several processes at once: one does
    /// it, the others wait.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATOR.run(&self.0).await?;
        self.grant_again().await
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Transaction> {
        Ok(self.0.begin().await?)
    }

    /// Begins a transaction that claims, prolongs or ends a few runs: each of its rows is found
    /// by an index, whatever the tables' statistics say just now, and its statements are planned
    /// once a connection. (By itself the server plans them anew most of the time, which takes
    /// several times as long as executing them.)
    pub async fn begin_short(&self) -> Result<Transaction> {
        Ok(self.0.begin_with(SHORT).await?)
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
