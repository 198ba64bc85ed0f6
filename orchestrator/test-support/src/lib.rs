//! A real database for every test.
//!
//! [`database`] gives a freshly migrated database on a PostgreSQL server that
//! the tests of one process share. The server starts with the first database
//! and stops with the last; it needs no Docker and no running service, only the
//! distribution's PostgreSQL, and fails loudly without.
//!
//! Making a cluster takes a second or two, so it is made once for each state of
//! the migrations, kept in the temporary directory, and copied.

mod contents;
mod description;
mod instance;
mod ledger;
mod roles;
mod template;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Executor, PgPool};

use instance::Instance;

pub use description::{Description, Operation};
pub use ledger::LedgerLine;

/// The schema's history.
static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// An empty, migrated database of its own. Keep it for as long as it is used:
/// the server ends with the last of them.
#[derive(Debug)]
pub struct TestDatabase {
    pool: PgPool,
    url: String,
    _instance: Arc<Instance>,
}

impl TestDatabase {
    /// A pool of at most 8 connections.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Address for other clients.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements as the owner of the tables, behind the programs' backs;
    /// the database's words if it refuses.
    ///
    /// # Errors
    /// The message of the database.
    pub async fn execute(&self, sql: &str) -> Result<(), String> {
        self.pool
            .execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

/// A freshly migrated database, empty but for what migrations put in.
///
/// # Panics
/// If there is no PostgreSQL on this machine, or it cannot be started: a test
/// that cannot run has failed.
pub async fn database() -> TestDatabase {
    let instance = Instance::shared().await;
    // The copied cluster comes with one. A runner that gives each test a
    // process of its own, as nextest does, never needs another.
    if instance.take_migrated() {
        return connect(instance, template::DATABASE).await;
    }
    let database = create(instance).await;
    MIGRATOR
        .run(&database.pool)
        .await
        .unwrap_or_else(|error| panic!("failed to migrate the test database: {error}"));
    database
}

/// A database without any table, for tests of the migrations themselves.
///
/// # Panics
/// As [`database`].
pub async fn bare_database() -> TestDatabase {
    create(Instance::shared().await).await
}

async fn create(instance: Arc<Instance>) -> TestDatabase {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    instance.create_database(&name).await;
    connect(instance, &name).await
}

async fn connect(instance: Arc<Instance>, name: &str) -> TestDatabase {
    let url = instance.url(name);
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .connect(&url)
        .await
        .unwrap_or_else(|error| panic!("failed to connect to the test database: {error}"));
    TestDatabase {
        pool,
        url,
        _instance: instance,
    }
}
