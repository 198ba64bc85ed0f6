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
mod failover;
mod instance;
mod ledger;
mod roles;
mod template;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

use instance::Instance;

pub use description::{Description, Operation};
pub use ledger::LedgerLine;

/// The schema's history.
static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// A database of its own. Keep it for as long as it is used: the server ends with the last of
/// them.
///
/// What a test reaches by [`pool`](Self::pool) and [`url`](Self::url) it reaches as the role that
/// serves, so that a right which that role lacks is missed by every test; in a database that is
/// not migrated there is only the owner. Behind the programs' backs everything is the owner's.
#[derive(Debug)]
pub struct TestDatabase {
    pool: PgPool,
    url: String,
    owner: PgPool,
    owner_url: String,
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

    /// Address as the owner of the tables, who is a superuser.
    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }

    /// The owner's pool.
    pub(crate) fn owner(&self) -> &PgPool {
        &self.owner
    }

    /// Runs statements as the owner of the tables, behind the programs' backs;
    /// the database's words if it refuses.
    ///
    /// # Errors
    /// The message of the database.
    pub async fn execute(&self, sql: &str) -> Result<(), String> {
        self.owner
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
        return connect(instance, template::DATABASE, true).await;
    }
    let name = create(&instance).await;
    let mut conn = PgConnection::connect(&instance.url(&name))
        .await
        .unwrap_or_else(|error| panic!("failed to connect to the test database: {error}"));
    template::migrate(&mut conn).await;
    conn.close().await.unwrap_or_else(|error| panic!("{error}"));
    connect(instance, &name, true).await
}

/// A database without any table, for tests of the migrations themselves.
///
/// # Panics
/// As [`database`].
pub async fn bare_database() -> TestDatabase {
    let instance = Instance::shared().await;
    let name = create(&instance).await;
    connect(instance, &name, false).await
}

async fn create(instance: &Instance) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    instance.create_database(&name).await;
    name
}

async fn connect(instance: Arc<Instance>, name: &str, migrated: bool) -> TestDatabase {
    let owner_url = instance.url(name);
    let owner = pool(&owner_url);
    let (url, pool) = if migrated {
        let url = instance.serving_url(name);
        (url.clone(), pool(&url))
    } else {
        (owner_url.clone(), owner.clone())
    };
    TestDatabase {
        pool,
        url,
        owner,
        owner_url,
        _instance: instance,
    }
}

/// Connects when it is first used.
fn pool(url: &str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(8)
        .connect_lazy(url)
        .unwrap_or_else(|error| panic!("{url}: {error}"))
}
