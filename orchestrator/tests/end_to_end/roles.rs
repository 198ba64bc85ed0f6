//! One role migrates, another one serves.

use std::fs;
use std::process::Output;

use gauntlet_test_support::bare_database;
use serde_json::{Value, json};

use crate::support::{Data, Up, gauntlet, need_programs, text};

/// What a role is told that owns the tables it serves from.
const WARNING: &str = "docs/DATABASE.md#two-roles";

/// Runs `gauntlet` over a database, to its end.
fn over(database: &str, data: &Data, arguments: &[&str]) -> Output {
    gauntlet()
        .args(arguments)
        .arg("--json")
        .env("DATABASE_URL", database)
        .env("GAUNTLET_DATA", data.path())
        .output()
        .unwrap()
}

#[test]
fn a_server_of_its_own_is_not_served_by_its_owner() {
    need_programs();
    let data = Data::new();
    for _ in 0..2 {
        let up = Up::start(&data, &["--no-runner"]);
        assert!(up.stop().success());
    }
    let log = fs::read_to_string(data.beside("up.log")).unwrap();
    assert!(!log.contains(WARNING), "{log}");
}

#[test]
fn a_role_that_owns_nothing_serves_what_another_one_migrated() {
    need_programs();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(bare_database());
    let owner = runtime.block_on(server.role("g_owner", &["CREATEROLE"], &[]));
    let serving = server.address("g_serves", "d_g_owner");
    let data = Data::new();
    let log = || fs::read_to_string(data.beside("up.log")).unwrap();

    // One role for everything goes on to work, and is told.
    let one = Up::start_over(&owner, &data, &["--no-runner"]);
    data.json(["tournament", "create", "one", "--task", "digits"]);
    assert!(one.stop().success());
    assert!(log().contains(WARNING), "{}", log());

    // One command later there are two.
    let done = over(&owner, &data, &["migrate", "--serving-role", "g_serves"]);
    assert!(done.status.success(), "{}", text(&done));
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        said,
        json!({ "serving_roles": ["g_serves"], "made": "g_serves" })
    );
    fs::write(data.beside("up.log"), "").unwrap();
    let two = Up::start_over(&serving, &data, &["--no-runner"]);
    data.json(["tournament", "create", "two", "--task", "digits"]);
    assert!(two.stop().success());
    assert!(!log().contains(WARNING), "{}", log());

    // A role that could do anything is not one to serve.
    let refused = over(&owner, &data, &["migrate", "--serving-role", "g_owner"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("--serving-role"));

    // As after a release with another migration.
    let sql = "DELETE FROM _sqlx_migrations
               WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    runtime.block_on(server.execute_in("d_g_owner", sql));
    let refused = over(&serving, &data, &["up", "--no-runner"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    let said = text(&refused);
    assert!(
        said.contains("gauntlet migrate --serving-role g_serves"),
        "{said}"
    );
}
