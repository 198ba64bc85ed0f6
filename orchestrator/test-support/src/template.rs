//! A migrated cluster to copy from.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use gauntlet_postgres::{Options, PrivateServer};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::MIGRATOR;

/// The migrated database in the cluster.
pub(crate) const DATABASE: &str = "gauntlet";

/// The role that serves, in every database that is migrated here.
pub(crate) const SERVING: &str = "gauntlet_serving";

/// What it may do.
const GRANTS: &str = include_str!("../../../migrations/grants.sql");

/// Migrates a database and grants the role that serves what it needs.
pub(crate) async fn migrate(conn: &mut PgConnection) {
    MIGRATOR
        .run(&mut *conn)
        .await
        .unwrap_or_else(|error| panic!("failed to migrate the test database: {error}"));
    let set = format!("SET gauntlet.serving_role = '{SERVING}'");
    for sql in [set.as_str(), GRANTS] {
        conn.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await
            .unwrap_or_else(|error| panic!("failed to carry out migrations/grants.sql: {error}"));
    }
}

/// The directory of everything that tests of this user keep or run, locked
/// against other test processes for as long as the file lives.
pub(crate) fn lock_base() -> (PathBuf, File) {
    let uid = nix::unistd::Uid::effective();
    let base = std::env::temp_dir().join(format!("gauntlet-test-{uid}"));
    std::fs::create_dir_all(&base).unwrap_or_else(|error| panic!("{}: {error}", base.display()));
    let metadata = std::fs::symlink_metadata(&base).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        metadata.is_dir() && metadata.uid() == uid.as_raw(),
        "{} belongs to somebody else",
        base.display()
    );
    // PostgreSQL runs as another user when we are root, and has to pass through.
    std::fs::set_permissions(&base, PermissionsExt::from_mode(0o711))
        .unwrap_or_else(|error| panic!("{error}"));
    let lock = File::create(base.join("lock")).unwrap_or_else(|error| panic!("test lock: {error}"));
    lock.lock()
        .unwrap_or_else(|error| panic!("test lock: {error}"));
    (base, lock)
}

/// The migrated cluster for the present migrations; made if it is not there.
/// The caller holds the lock.
pub(crate) async fn ensure(base: &Path) -> PathBuf {
    let ready = base.join(format!("template-{}", key()));
    if ready.is_dir() {
        return ready;
    }
    remove_outdated(base);
    let new = base.join("template-new");
    let server = PrivateServer::start(Options::throwaway(&new))
        .await
        .unwrap_or_else(|error| panic!("tests need PostgreSQL: {error}"));
    let mut conn = PgConnection::connect(&server.url(DATABASE))
        .await
        .unwrap_or_else(|error| panic!("failed to connect to the template: {error}"));
    let role = format!("CREATE ROLE {SERVING} LOGIN");
    conn.execute(AssertSqlSafe(role))
        .await
        .unwrap_or_else(|error| panic!("failed to make a role: {error}"));
    migrate(&mut conn).await;
    conn.close().await.unwrap_or_else(|error| panic!("{error}"));
    // In order, so that the copies start without recovery.
    server
        .stop()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    std::fs::rename(&new, &ready).unwrap_or_else(|error| panic!("{error}"));
    ready
}

/// What the template depends on: migrations and grants, PostgreSQL, and the way it is made.
fn key() -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    let binaries = gauntlet_postgres::installed()
        .unwrap_or_else(|error| panic!("tests need PostgreSQL: {error}"));
    hasher.update(binaries.as_os_str().as_encoded_bytes());
    for migration in MIGRATOR.iter() {
        hasher.update(migration.version.to_be_bytes());
        hasher.update(&migration.checksum);
    }
    hasher.update(SERVING);
    hasher.update(GRANTS);
    hex::encode(&hasher.finalize()[..8])
}

fn remove_outdated(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("template-") {
            let _ = std::fs::remove_dir_all(entry.path()); // only space is lost if it stays
        }
    }
}
