//! What a role can do that no role which serves should: find ways to change what has happened.

use sqlx::Executor as _;
use sqlx::Row as _;

use crate::grants::listed;
use crate::{Conn, Db, Result};

impl Db {
    /// What the role of these connections can do, or can come to do, that no role which serves
    /// should: each in a few words.
    pub async fn excess(&self) -> Result<Vec<String>> {
        let mut conn = self.acquire().await?;
        let row = conn
            .fetch_one(sqlx::raw_sql("SELECT current_user::text"))
            .await?;
        excess_of(&mut conn, row.try_get(0)?).await
    }
}

/// From this rank on, carrying out the list may mend it.
pub(crate) const MENDABLE: i32 = 4;

/// What a role has too much, by rank: who has something has everything of higher ranks too.
const EXCESS: &str = "
    WITH may_become AS (
        SELECT oid, rolname, rolsuper, rolcreaterole FROM pg_roles
        WHERE pg_has_role($1::name, oid, 'MEMBER')
    ), history AS (
        SELECT tables.oid, tables.relname, tables.relowner, EXISTS (
                   SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = pg_trigger.tgfoid
                   WHERE pg_trigger.tgrelid = tables.oid AND pg_proc.proname = 'refuse_change')
               AS is_record
        FROM pg_class AS tables
        WHERE tables.oid IN (SELECT to_regclass(
                  quote_ident(current_schema()) || '.' || quote_ident(listed))
              FROM unnest($2::text[]) AS listed)
    )
    SELECT 1 AS rank, CASE WHEN rolname = $1 THEN 'it is a superuser'
                           ELSE format('it may become %I, a superuser', rolname) END AS words
    FROM may_become WHERE rolsuper AND (rolname = $1 OR NOT (
        SELECT rolsuper FROM pg_roles WHERE rolname = $1))
    UNION ALL
    SELECT DISTINCT 2, CASE WHEN rolname = $1 THEN 'it owns the tables'
                            ELSE format('it may become %I, who owns the tables', rolname) END
    FROM may_become JOIN history ON history.relowner = may_become.oid
    UNION ALL
    SELECT 3, CASE WHEN rolname = $1 THEN 'it may make roles and give itself others'
                   ELSE format('it may become %I, who may make roles', rolname) END
    FROM may_become WHERE rolcreaterole
    UNION ALL
    SELECT DISTINCT 4, format('it may make tables in schema %I', current_schema())
    FROM may_become WHERE has_schema_privilege(may_become.oid, current_schema(), 'CREATE')
    UNION ALL
    SELECT 5, format('it may change, empty or put triggers on %s',
                     string_agg(DISTINCT relname::text, ', '))
    FROM may_become CROSS JOIN history
    WHERE has_table_privilege(may_become.oid, history.oid, 'TRUNCATE')
       OR has_table_privilege(may_become.oid, history.oid, 'TRIGGER')
       OR (is_record AND has_table_privilege(may_become.oid, history.oid, 'DELETE'))
       OR (is_record AND has_table_privilege(may_become.oid, history.oid, 'UPDATE'))
    HAVING count(*) > 0
    ORDER BY 1, 2";

/// What this role has too much, with ranks.
pub(crate) async fn ranked(conn: &mut Conn, role: &str) -> Result<Vec<(i32, String)>> {
    let tables: Vec<&str> = listed().iter().map(|listed| listed.table).collect();
    let found = sqlx::query_as(EXCESS)
        .bind(role)
        .bind(tables)
        .fetch_all(conn)
        .await?;
    Ok(found)
}

async fn excess_of(conn: &mut Conn, role: &str) -> Result<Vec<String>> {
    let found = ranked(conn, role).await?;
    let first = found.first().map(|(rank, _)| *rank);
    let worst = found.into_iter().filter(|(rank, _)| Some(*rank) == first);
    Ok(worst.map(|(_, words)| words).collect())
}
