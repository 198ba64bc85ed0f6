//! What a database holds, to be compared before and after.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use crate::TestDatabase;

impl TestDatabase {
    /// Rows of every table, by the table's name.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn row_counts(&self) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for table in self.tables().await {
            let count: i64 =
                sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM \"{table}\"")))
                    .fetch_one(self.owner())
                    .await
                    .unwrap_or_else(|error| panic!("failed to count {table}: {error}"));
            counts.insert(table, count);
        }
        counts
    }

    /// Every row of every table as text, one a line: to search for what must not be there.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn dump(&self) -> String {
        let mut text = String::new();
        for table in self.tables().await {
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                "SELECT t::text FROM \"{table}\" AS t"
            )))
            .fetch_all(self.owner())
            .await
            .unwrap_or_else(|error| panic!("failed to read {table}: {error}"));
            for row in rows {
                text.push_str(&format!("{table}: {row}\n"));
            }
        }
        text
    }

    async fn tables(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT table_name::text FROM information_schema.tables
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1",
        )
        .fetch_all(self.owner())
        .await
        .unwrap_or_else(|error| panic!("failed to list the tables: {error}"))
    }
}
