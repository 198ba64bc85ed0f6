//! The migrations go up, down, and up again to the same schema.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use sqlx::migrate::Migrator;
use sqlx::{PgPool, Row};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Every column, constraint, index, trigger and function, in words.
async fn schema(pool: &PgPool) -> Vec<String> {
    let sql = r#"
        SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' '
               || is_nullable || ' ' || coalesce(column_default, '-') AS line
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'
        UNION ALL
        SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' '
               || pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
             AND conrelid::regclass::text <> '_sqlx_migrations'
        UNION ALL
        SELECT 'index ' || indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'
        UNION ALL
        SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL
        SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        ORDER BY line
    "#;
    sqlx::query(sql)
        .fetch_all(pool)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get("line"))
        .collect()
}

#[tokio::test]
async fn up_down_up_ends_where_it_was() {
    let database = gauntlet_test_support::bare_database().await;
    let pool = database.pool();
    assert_eq!(schema(pool).await, Vec::<String>::new());
    MIGRATOR.run(pool).await.unwrap();
    let up = schema(pool).await;
    assert!(
        up.iter()
            .any(|line| line.starts_with("column runs.attempt"))
    );

    MIGRATOR.undo(pool, 0).await.unwrap();
    assert_eq!(schema(pool).await, Vec::<String>::new(), "something stays");

    MIGRATOR.run(pool).await.unwrap();
    assert_eq!(schema(pool).await, up);
}

#[tokio::test]
async fn each_step_down_undoes_its_step_up() {
    let database = gauntlet_test_support::bare_database().await;
    let pool = database.pool();
    let versions: Vec<i64> = MIGRATOR
        .iter()
        .filter(|migration| migration.migration_type.is_up_migration())
        .map(|migration| migration.version)
        .collect();
    let mut schemas = vec![schema(pool).await];
    for version in &versions {
        MIGRATOR.run_to(*version, pool).await.unwrap();
        schemas.push(schema(pool).await);
    }
    for (at, _) in versions.iter().enumerate().rev() {
        let target = if at == 0 { 0 } else { versions[at - 1] };
        MIGRATOR.undo(pool, target).await.unwrap();
        assert_eq!(schema(pool).await, schemas[at], "down to {target}");
    }
}

#[tokio::test]
async fn databases_are_apart_and_migrated() {
    let one = gauntlet_test_support::database().await;
    let other = gauntlet_test_support::database().await;
    sqlx::query("INSERT INTO chains (name) VALUES ('x')")
        .execute(one.pool())
        .await
        .unwrap();
    let count = |pool: PgPool| async move {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM chains")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    assert_eq!(count(one.pool().clone()).await, 2);
    assert_eq!(count(other.pool().clone()).await, 1);
}
