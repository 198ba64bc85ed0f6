//! The server that the tests of this process share.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use gauntlet_postgres::{Options, PrivateServer};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::Mutex;

use crate::template;

/// A running server on a copy of the template. Fields are dropped in order:
/// the server ends before its directory goes.
#[derive(Debug)]
pub(crate) struct Instance {
    server: PrivateServer,
    migrated_is_taken: AtomicBool,
    _alive: File,
    _dir: tempfile::TempDir,
}

impl Instance {
    /// The server of this process; started if there is none just now.
    pub(crate) async fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Instance>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(instance) = shared.upgrade() {
            return instance;
        }
        let instance = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&instance);
        instance
    }

    async fn start() -> Self {
        let (base, lock) = tokio::task::spawn_blocking(template::lock_base)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let template = template::ensure(&base).await;
        sweep(&base);
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o711))
            .tempdir_in(&base)
            .unwrap_or_else(|error| panic!("{error}"));
        let alive = File::create(dir.path().join(ALIVE)).unwrap_or_else(|error| panic!("{error}"));
        alive.lock().unwrap_or_else(|error| panic!("{error}"));
        let data = dir.path().join("postgres");
        copy(&template, &data).unwrap_or_else(|error| panic!("failed to copy: {error}"));
        drop(lock);

        let server = PrivateServer::start(Options::throwaway(data))
            .await
            .unwrap_or_else(|error| panic!("tests need PostgreSQL: {error}"));
        Self {
            server,
            migrated_is_taken: AtomicBool::new(false),
            _alive: alive,
            _dir: dir,
        }
    }

    pub(crate) fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// Address for the role that serves.
    pub(crate) fn serving_url(&self, database: &str) -> String {
        self.server.url_as(template::SERVING, database)
    }

    /// Whether the caller is the first to ask for the migrated database.
    pub(crate) fn take_migrated(&self) -> bool {
        !self.migrated_is_taken.swap(true, Ordering::Relaxed)
    }

    pub(crate) async fn create_database(&self, name: &str) {
        let mut conn = PgConnection::connect(&self.url("postgres"))
            .await
            .unwrap_or_else(|error| panic!("failed to connect: {error}"));
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
        conn.execute(AssertSqlSafe(sql))
            .await
            .unwrap_or_else(|error| panic!("failed to create {name}: {error}"));
        conn.close().await.unwrap_or_else(|error| panic!("{error}"));
    }
}

const PREFIX: &str = "instance-";
const ALIVE: &str = "alive";

/// Removes what killed test processes left behind. Their servers died with
/// them; the caller holds the lock, so no directory is half made.
fn sweep(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let abandoned =
            File::open(entry.path().join(ALIVE)).is_ok_and(|file| file.try_lock().is_ok());
        if abandoned {
            let _ = std::fs::remove_dir_all(entry.path()); // only space is lost if it stays
        }
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to)?;
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target: PathBuf = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
