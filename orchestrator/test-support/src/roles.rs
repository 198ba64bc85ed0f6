//! Roles with settings of their own, as hosted servers and careful administrators make them.

use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::TestDatabase;

impl TestDatabase {
    /// A role that may log in, with these settings (what follows `ALTER ROLE name`), and an
    /// empty database of its own, in which `within` is executed as the administrator. Gives
    /// the address by which that role connects to it.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn role(&self, name: &str, settings: &[&str], within: &[&str]) -> String {
        let own = format!("d_{name}");
        let mut administrator = vec![format!("CREATE ROLE {name} LOGIN")];
        administrator.push(format!(
            "CREATE DATABASE {own} OWNER {name} TEMPLATE template0"
        ));
        administrator.extend(
            settings
                .iter()
                .map(|setting| format!("ALTER ROLE {name} {setting}")),
        );
        for sql in administrator {
            self.execute(&sql)
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        for sql in within {
            self.execute_in(&own, sql).await;
        }
        self.address(name, &own)
    }

    /// Executes statements in another database of the server, as the administrator.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn execute_in(&self, database: &str, sql: &str) {
        let mut conn = PgConnection::connect(&self.address("gauntlet", database))
            .await
            .unwrap_or_else(|error| panic!("failed to connect: {error}"));
        conn.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        conn.close().await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// The address of a database on the same server, for a role.
    ///
    /// # Panics
    /// If our own address is not one by a socket.
    pub fn address(&self, role: &str, database: &str) -> String {
        let (_, socket) = self
            .url
            .split_once('?')
            .unwrap_or_else(|| panic!("no socket in {}", self.url));
        format!("postgresql://{role}@localhost/{database}?{socket}")
    }

    /// The folder of the server's socket.
    ///
    /// # Panics
    /// If our own address is not one by a socket.
    pub fn socket(&self) -> PathBuf {
        let options: PgConnectOptions = self.url.parse().unwrap_or_else(|error| panic!("{error}"));
        options
            .get_socket()
            .unwrap_or_else(|| panic!("no socket in {}", self.url))
            .clone()
    }
}
