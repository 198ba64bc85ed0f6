//! A server that can only be read for a while, as after a fail-over.

use crate::TestDatabase;

impl TestDatabase {
    /// Ends the programs' sessions and lets new ones only read, until it is called with false.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn set_read_only(&self, on: bool) {
        let setting = if on {
            "SET default_transaction_read_only = on"
        } else {
            "RESET ALL"
        };
        let mut sql = format!(
            "BEGIN READ WRITE;
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {setting}', current_database()); END $$;
             COMMIT;"
        );
        if on {
            sql += "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'gauntlet'";
        }
        #[expect(clippy::expect_used, reason = "a test has nothing else to do about it")]
        self.execute(&sql).await.expect("the database takes it");
    }
}
