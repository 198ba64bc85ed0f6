//! Which servers, databases and roles can be worked with, and what holds in every session.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gauntlet_storage::{Db, Unfit, check_server};
use gauntlet_test_support::{TestDatabase, bare_database};
use sqlx::Row as _;

async fn refused(url: &str) -> Unfit {
    check_server(url).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn what_the_role_sets_does_not_hold_in_our_sessions() {
    let server = bare_database().await;
    let settings = [
        (
            "default_transaction_isolation",
            "serializable",
            "read committed",
        ),
        ("statement_timeout", "250ms", "0"),
        ("lock_timeout", "50ms", "0"),
        ("idle_in_transaction_session_timeout", "100ms", "0"),
        ("idle_session_timeout", "2s", "0"),
        ("jit", "on", "off"),
        ("TimeZone", "America/St_Johns", "UTC"),
        ("DateStyle", "SQL, DMY", "ISO, MDY"),
        ("IntervalStyle", "sql_standard", "postgres"),
        ("bytea_output", "escape", "hex"),
        ("client_encoding", "LATIN1", "UTF8"),
        ("search_path", "\"My app\", pg_catalog", "\"My app\""),
    ];
    let set: Vec<String> = settings
        .iter()
        .map(|(name, value, _)| match *name {
            "search_path" => format!("SET {name} = {value}"),
            _ => format!("SET {name} = '{value}'"),
        })
        .collect();
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let schema = ["CREATE SCHEMA \"My app\" AUTHORIZATION g_all"];
    let url = server.role("g_all", &set, &schema).await;
    check_server(&url).await.unwrap().unwrap();
    let db = Db::connect(&url).await.unwrap();
    let mut conn = db.acquire().await.unwrap();
    for (name, _, wanted) in settings {
        let row = sqlx::query("SELECT current_setting($1)")
            .bind(name)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert_eq!(row.get::<String, _>(0), wanted, "{name}");
    }
    drop(conn);
    db.migrate().await.unwrap();
    // Started again, it finds what it wrote.
    let again = Db::connect(&url).await.unwrap();
    again.migrate().await.unwrap();
    let mut conn = again.acquire().await.unwrap();
    let row = sqlx::query("SELECT schemaname::text FROM pg_tables WHERE tablename = 'tournaments'")
        .fetch_all(&mut *conn)
        .await
        .unwrap();
    assert_eq!(row.len(), 1);
    assert_eq!(row[0].get::<String, _>(0), "My app");
}

#[tokio::test]
async fn what_cannot_be_set_aside_is_refused_by_name() {
    let server = bare_database().await;
    let url = server.role("g_few", &["CONNECTION LIMIT 3"], &[]).await;
    let few = refused(&url).await;
    assert_eq!(few.setting, "max_connections");
    assert_eq!(
        few.what,
        "role g_few may have 3 connections; an orchestrator needs 16"
    );
    let url = server.role("g_one", &["CONNECTION LIMIT 1"], &[]).await;
    let one = refused(&url).await;
    assert_eq!(one.setting, "max_connections");
    assert!(one.what.contains("needs 16"), "{one}");
    // Enough, even if these are all there are.
    let url = server.role("g_enough", &["CONNECTION LIMIT 16"], &[]).await;
    check_server(&url).await.unwrap().unwrap();
    let held = Db::connect(&url).await.unwrap();
    let _conn = held.acquire().await.unwrap();
    let used = refused(&url).await;
    assert!(used.what.contains("of which 1 are in use"), "{used}");

    let read_only = ["SET default_transaction_read_only = on"];
    let url = server.role("g_reader", &read_only, &[]).await;
    assert_eq!(refused(&url).await.setting, "default_transaction_read_only");

    // Owns nothing: since PostgreSQL 15 it may not create in schema public.
    server.execute("CREATE ROLE g_guest LOGIN").await.unwrap();
    let own = server.url().split_once('?').unwrap().0;
    let own = own.rsplit_once('/').unwrap().1;
    let guest = refused(&server.address("g_guest", own)).await;
    assert_eq!(guest.setting, "search_path");
    assert!(guest.what.contains("may not create"), "{guest}");
    let lost = ["SET search_path = nowhere"];
    let url = server.role("g_lost", &lost, &[]).await;
    let lost = refused(&url).await;
    assert!(lost.what.contains("leads to no schema"), "{lost}");

    for encoding in ["SQL_ASCII", "LATIN1"] {
        let name = format!("d_{}", encoding.to_lowercase());
        server
            .execute(&format!(
                "CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' \
                 TEMPLATE template0"
            ))
            .await
            .unwrap();
        let found = refused(&server.address("gauntlet", &name)).await;
        assert_eq!(found.setting, "server_encoding");
        assert!(found.what.contains(encoding), "{found}");
    }
}

/// A pooler in front of a server; ends with its handle.
struct Pooler {
    process: Child,
    folder: tempfile::TempDir,
}

impl Pooler {
    /// PgBouncer in this mode. `more` are further lines of its settings.
    async fn start(server: &TestDatabase, mode: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Started by root it becomes another user, who has to get in.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let owner = user_of(&server.socket());
        let settings = format!(
            "[databases]\n* = host={socket} user=gauntlet\n\
             [pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {own}\n\
             auth_type = any\npool_mode = {mode}\n{user}{more}\n",
            socket = server.socket().display(),
            own = folder.path().display(),
            user = owner.map_or_else(String::new, |owner| format!("user = {owner}\n")),
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let process = Command::new(program())
            .arg("-q")
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pooler = Self { process, folder };
        while !pooler.folder.path().join(".s.PGSQL.6432").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        pooler
    }

    fn url(&self, server: &TestDatabase) -> String {
        let own = server.url().split_once('?').unwrap().0;
        let own = own.rsplit_once('/').unwrap().1;
        let folder = self.folder.path().display();
        format!("postgresql://gauntlet@localhost/{own}?host={folder}&port=6432")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where Debian keeps servers; users do not have it in their path.
fn program() -> &'static Path {
    let found = [
        "/usr/sbin/pgbouncer",
        "/usr/bin/pgbouncer",
        "/usr/local/bin/pgbouncer",
    ]
    .into_iter()
    .map(Path::new)
    .find(|program| program.exists());
    found.expect("PgBouncer is not here: run scripts/setup --tests")
}

/// The user who may enter the folder of the server's socket, where that is not ours.
fn user_of(socket: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(socket).unwrap().uid();
    if owner == std::fs::metadata("/proc/self").unwrap().uid() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let mut named = fields.filter(|fields| fields[2] == owner.to_string());
    Some(named.next().unwrap()[0].to_owned())
}

#[tokio::test]
async fn a_transaction_pooler_is_refused_by_name_before_anything_is_written() {
    let server = bare_database().await;
    for (mode, more) in [
        // As it comes: it does not know a parameter of our sessions.
        ("transaction", ""),
        // As it is set up for drivers like ours.
        (
            "transaction",
            "ignore_startup_parameters = extra_float_digits",
        ),
        (
            "statement",
            "ignore_startup_parameters = extra_float_digits",
        ),
        (
            "transaction",
            "ignore_startup_parameters = extra_float_digits\ndefault_pool_size = 1",
        ),
    ] {
        let pooler = Pooler::start(&server, mode, more).await;
        let found = refused(&pooler.url(&server)).await;
        assert_eq!(found.setting, "pool_mode", "{found}");
        assert!(found.what.contains("PgBouncer"), "{found}");
        assert!(server.row_counts().await.is_empty());
    }
    // A session of one's own is one, whoever hands it through.
    let more = "ignore_startup_parameters = extra_float_digits";
    let pooler = Pooler::start(&server, "session", more).await;
    let url = pooler.url(&server);
    check_server(&url).await.unwrap().unwrap();
    let db = Db::connect(&url).await.unwrap();
    db.migrate().await.unwrap();
    db.ping().await.unwrap();
    db.close().await;
}
