//! Two roles: one owns the tables, the other serves and cannot change what has happened.

use std::collections::{BTreeMap, BTreeSet};

use gauntlet_storage::{Db, Granted, Listed, Standing, Unfit, check_server, listed};
use gauntlet_test_support::{TestDatabase, bare_database, database};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

/// SQLSTATE of what a role may not do, and of what a trigger refuses.
const NOT_ALLOWED: &str = "42501";
const A_TRIGGER: &str = "P0001";

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// The SQLSTATE of what becomes of a statement, which is undone.
async fn state(conn: &mut PgConnection, sql: &str) -> Option<String> {
    let mut tx = conn.begin().await.unwrap();
    let done = tx.execute(AssertSqlSafe(sql.to_owned())).await;
    let error = done.err()?;
    let code = error.as_database_error().unwrap().code().unwrap();
    Some(code.into_owned())
}

async fn strings(conn: &mut PgConnection, sql: &str) -> Vec<Vec<String>> {
    let rows = conn
        .fetch_all(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
        .await
        .unwrap();
    rows.iter()
        .map(|row| (0..row.len()).map(|nth| row.get(nth)).collect())
        .collect()
}

fn records() -> Vec<Listed> {
    let listed = listed().into_iter();
    listed.filter(|listed| listed.is_record).collect()
}

#[tokio::test]
async fn every_table_is_a_record_with_its_triggers_or_a_working_table() {
    let database = database().await;
    let mut conn = connect(database.owner_url()).await;
    let tables = strings(
        &mut conn,
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')",
    )
    .await;
    let tables: BTreeSet<String> = tables.into_iter().flatten().collect();
    let known: BTreeSet<String> = listed().iter().map(|it| it.table.to_owned()).collect();
    assert_eq!(
        tables, known,
        "a new table needs a line in migrations/grants.sql"
    );
    assert_eq!(known.len(), listed().len(), "a table is listed twice");

    // What the triggers that refuse are fired by: bits of pg_trigger.tgtype.
    let triggers = strings(
        &mut conn,
        "SELECT tgrelid::regclass::text, bit_or(tgtype)::text FROM pg_trigger
         JOIN pg_proc ON pg_proc.oid = tgfoid
         WHERE proname LIKE 'refuse%' AND tgenabled = 'O' AND tgtype & 2 <> 0 GROUP BY 1",
    )
    .await;
    let triggers: BTreeMap<String, i32> = triggers
        .into_iter()
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect();
    for Listed {
        table, is_record, ..
    } in listed()
    {
        let refuses = triggers.get(table).copied().unwrap_or_default();
        // A working table may have a column that stays as it is.
        let (of, wanted) = if is_record {
            (8 | 16 | 32, 8 | 16 | 32)
        } else {
            (8 | 32, 0)
        };
        assert_eq!(
            refuses & of,
            wanted,
            "{table}: a record refuses DELETE, UPDATE and TRUNCATE, a working table no removal"
        );
    }
}

#[tokio::test]
async fn the_role_that_serves_cannot_change_what_has_happened() {
    let database = database().await;
    let mut serving = connect(database.url()).await;
    let mut owner = connect(database.owner_url()).await;
    assert!(records().len() > 10);
    for Listed {
        table, privileges, ..
    } in records()
    {
        for sql in [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let refused = state(&mut serving, &sql).await;
            assert_eq!(refused.as_deref(), Some(NOT_ALLOWED), "{sql}");
            // Nor can the owner, without saying so first.
            let refused = state(&mut owner, &sql).await;
            assert_eq!(refused.as_deref(), Some(A_TRIGGER), "{sql} as the owner");
        }
        let columns = strings(
            &mut owner,
            &format!(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass
                 AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
            ),
        )
        .await;
        let may = privileges
            .split_once("UPDATE (")
            .map_or("", |(_, rest)| rest.split_once(')').unwrap().0);
        let may: BTreeSet<&str> = may.split(", ").collect();
        for column in columns.iter().flatten() {
            let sql = format!("UPDATE {table} SET {column} = {column}");
            let refused = state(&mut serving, &sql).await;
            let wanted = (!may.contains(column.as_str())).then_some(NOT_ALLOWED);
            assert_eq!(refused.as_deref(), wanted, "{sql}");
        }
        for sql in [
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            format!("DROP TABLE {table} CASCADE"),
            format!("ALTER TABLE {table} ADD COLUMN more text"),
        ] {
            let refused = state(&mut serving, &sql).await;
            assert_eq!(refused.as_deref(), Some(NOT_ALLOWED), "{sql}");
        }
    }
    let triggers = strings(
        &mut owner,
        "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
         FROM pg_trigger WHERE NOT tgisinternal",
    )
    .await;
    let others = [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RETURN NULL; END'",
        "ALTER FUNCTION append_events(text, text[], text[]) SECURITY INVOKER",
        "CREATE TRIGGER mine BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "SET session_replication_role = replica",
        "SET ROLE gauntlet",
        "GRANT gauntlet TO gauntlet_serving",
        "ALTER ROLE gauntlet_serving SUPERUSER",
        "CREATE ROLE mine",
        "COPY events TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
        // The chain is written by its function alone.
        "INSERT INTO events (chain, seq, at, kind, body, previous, digest)
         VALUES ('platform', 1, now(), 'x', '{}', repeat('0', 64), repeat('0', 64))",
        "INSERT INTO chains (name, length) VALUES ('mine', 7)",
        "UPDATE _sqlx_migrations SET success = true",
        "DELETE FROM runs",
        "DELETE FROM tokens",
        "TRUNCATE curve_points",
    ];
    let others = others.into_iter().map(str::to_owned);
    for sql in others.chain(triggers.into_iter().flatten()) {
        let refused = state(&mut serving, &sql).await;
        assert_eq!(refused.as_deref(), Some(NOT_ALLOWED), "{sql}");
    }
    // Who holds a right without being allowed to hand it on is answered with a warning.
    let more = "GRANT ALL ON events, tasks TO gauntlet_serving; GRANT ALL ON events TO PUBLIC";
    serving.execute(sqlx::raw_sql(more)).await.unwrap();
    for table in ["events", "tasks"] {
        let sql = format!("DELETE FROM {table}");
        assert_eq!(
            state(&mut serving, &sql).await.as_deref(),
            Some(NOT_ALLOWED)
        );
    }
    // Functions that do something for whoever calls them are those of the list.
    let callable = strings(
        &mut owner,
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         AND has_function_privilege('gauntlet_serving', oid, 'EXECUTE') ORDER BY 1",
    )
    .await;
    assert_eq!(
        callable.concat(),
        ["append_events", "lock_account", "lock_task"]
    );
}

#[tokio::test]
async fn the_role_that_serves_may_do_whatever_the_programs_ask() {
    let database = database().await;
    let mut serving = connect(database.url()).await;
    // So that nothing is left out of a plan for the sake of the values.
    let generic = "SET plan_cache_mode = force_generic_plan";
    serving.execute(sqlx::raw_sql(generic)).await.unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx");
    let mut asked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        let described: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let query = described["query"].as_str().unwrap();
        let parameters = described["describe"]["parameters"]["Left"].as_array();
        let values = vec!["NULL"; parameters.map_or(0, Vec::len)].join(", ");
        let values = if values.is_empty() {
            values
        } else {
            format!("({values})")
        };
        // Rights are asked for where execution would begin.
        let sql =
            format!("PREPARE asked AS {query}\n; EXPLAIN EXECUTE asked{values}; DEALLOCATE asked");
        let allowed = serving.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await;
        allowed.unwrap_or_else(|error| panic!("{query}: {error}"));
        asked += 1;
    }
    assert!(asked > 100, "only {asked} queries");
}

#[tokio::test]
async fn a_table_of_ones_own_does_not_stand_in_for_a_chain() {
    let database = database().await;
    let mut serving = connect(database.url()).await;
    let shadow = "CREATE TEMP TABLE chains AS SELECT name, 0::bigint AS length, head FROM chains;
                  CREATE TEMP TABLE events (LIKE events);
                  SET search_path = pg_temp, public";
    serving.execute(sqlx::raw_sql(shadow)).await.unwrap();
    let append = "SELECT public.append_events('platform', ARRAY['x'], ARRAY['{}'])";
    for wanted in 1..=2_i64 {
        let row = serving.fetch_one(sqlx::raw_sql(append)).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), wanted);
    }
    let counts = database.row_counts().await;
    assert_eq!(counts["events"], 2);
}

/// A migrated database of an owner who is no superuser, and a role beside it. Tests of one process
/// share the server: names are their own.
struct Two {
    server: TestDatabase,
    database: String,
    owner: Db,
    serving_url: String,
}

impl Two {
    async fn new(name: &str, serves: &str) -> Self {
        let server = bare_database().await;
        let url = server.role(name, &[], &[]).await;
        check_server(&url).await.unwrap().unwrap();
        let owner = Db::connect(&url).await.unwrap();
        assert_eq!(owner.standing().await.unwrap(), Standing::NoTables);
        owner.migrate().await.unwrap();
        assert_eq!(owner.standing().await.unwrap(), Standing::Owner);
        let role = format!("CREATE ROLE {serves} LOGIN");
        server.execute(&role).await.unwrap();
        let database = format!("d_{name}");
        Self {
            serving_url: server.address(serves, &database),
            server,
            database,
            owner,
        }
    }

    /// As a superuser, in that database.
    async fn execute(&self, sql: &str) {
        self.server.execute_in(&self.database, sql).await;
    }

    async fn refused(&self, role: &str) -> Unfit {
        self.owner.let_serve(role).await.unwrap().unwrap_err()
    }
}

#[tokio::test]
async fn a_role_serves_once_the_owner_lets_it_and_after_later_migrations() {
    let two = Two::new("g_owner", "g_serves").await;
    let serving = Db::connect(&two.serving_url).await.unwrap();
    // Found at the start, with the command to run.
    check_server(&two.serving_url).await.unwrap().unwrap();
    assert_eq!(serving.standing().await.unwrap(), Standing::Guest);
    let unfit = serving.check_schema().await.unwrap().unwrap_err();
    assert!(unfit.what.contains("_sqlx_migrations"), "{unfit}");
    let command = "gauntlet migrate --serving-role g_serves";
    assert!(unfit.cure.contains(command), "{}", unfit.cure);

    let granted = two.owner.let_serve("g_serves").await.unwrap();
    assert_eq!(granted, Ok(Granted::Existing));
    serving.check_schema().await.unwrap().unwrap();
    assert_eq!(serving.excess().await.unwrap(), [""; 0]);
    assert_eq!(two.owner.excess().await.unwrap(), ["it owns the tables"]);
    assert_eq!(two.owner.serving_roles().await.unwrap(), ["g_serves"]);

    // As after a migration that made a table, which whoever migrates makes up for.
    two.execute("REVOKE ALL ON beats FROM g_serves").await;
    let unfit = serving.check_schema().await.unwrap().unwrap_err();
    assert!(unfit.what.contains("beats"), "{unfit}");
    two.owner.migrate().await.unwrap();
    serving.check_schema().await.unwrap().unwrap();

    let last = "DELETE FROM _sqlx_migrations
                WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    two.execute(last).await;
    let unfit = serving.check_schema().await.unwrap().unwrap_err();
    assert_eq!(unfit.setting, "schema");
    assert!(unfit.cure.contains(command), "{}", unfit.cure);
    // It does not migrate by itself either.
    assert!(serving.migrate().await.is_err());
}

#[tokio::test]
async fn a_role_that_could_change_what_has_happened_is_not_let_serve() {
    let two = Two::new("g_mistress", "g_waits").await;
    let unfit = two.refused("g_nobody").await;
    assert!(
        unfit.cure.contains("CREATE ROLE g_nobody"),
        "{}",
        unfit.cure
    );
    for (role, made, says) in [
        ("g_mistress", "SELECT 1", "it owns the tables"),
        ("gauntlet", "SELECT 1", "it is a superuser"),
        (
            "g_heir",
            "CREATE ROLE g_heir; GRANT g_mistress TO g_heir",
            "it may become g_mistress, who owns the tables",
        ),
        (
            "g_admin",
            "CREATE ROLE g_admin; GRANT gauntlet TO g_admin",
            "it may become gauntlet, a superuser",
        ),
        (
            "g_maker",
            "CREATE ROLE g_maker CREATEROLE",
            "it may make roles",
        ),
        (
            "g_waits",
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            "it may make tables in schema public",
        ),
        (
            "g_waits",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT DELETE ON events TO PUBLIC",
            "it may change, empty or put triggers on events",
        ),
    ] {
        two.execute(made).await;
        let unfit = two.refused(role).await;
        assert_eq!(unfit.setting, "serving role");
        assert!(unfit.what.contains(says), "{unfit}");
        // Nothing was granted to it.
        assert_eq!(two.owner.serving_roles().await.unwrap(), [""; 0], "{role}");
    }
    two.execute("REVOKE DELETE ON events FROM PUBLIC").await;
    assert_eq!(
        two.owner.let_serve("g_waits").await.unwrap(),
        Ok(Granted::Existing)
    );
    // What it comes by later is named when it starts.
    two.execute("GRANT TRUNCATE ON results TO g_waits").await;
    let serving = Db::connect(&two.serving_url).await.unwrap();
    assert_eq!(
        serving.excess().await.unwrap(),
        ["it may change, empty or put triggers on results"]
    );
    // An owner who may make roles makes it.
    two.execute("ALTER ROLE g_mistress CREATEROLE").await;
    assert_eq!(
        two.owner.let_serve("g_new").await.unwrap(),
        Ok(Granted::Made)
    );
    // What it had too much is gone after the next migration.
    two.owner.migrate().await.unwrap();
    assert_eq!(serving.excess().await.unwrap(), [""; 0]);
}
