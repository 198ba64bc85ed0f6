//! Whether a database server can be worked with, looked at before anything is written.
//!
//! What a session can set for itself is set (see [`crate::Db::connect`]). Here is what it
//! cannot: to be refused at the start, by name, rather than to be found out in the middle of
//! a tournament.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use crate::db::CONNECTIONS;
use crate::{Error, Result};

/// A server, database or role that cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unfit {
    /// The setting that is in the way, by the database's own name.
    pub setting: &'static str,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do.
    pub cure: String,
}

/// Looks whether an orchestrator can work with the database at `url`: `Err` within says why
/// not. Writes nothing.
///
/// # Errors
/// When the database cannot be reached or does not answer.
pub async fn check_server(url: &str) -> Result<std::result::Result<(), Unfit>> {
    check(url, connections).await
}

/// The same for somebody who only migrates, for which one connection or two will do.
///
/// # Errors
/// When the database cannot be reached or does not answer.
pub async fn check_owner(url: &str) -> Result<std::result::Result<(), Unfit>> {
    check(url, |_| Ok(())).await
}

async fn check(
    url: &str,
    connections: fn(&Settings) -> std::result::Result<(), Unfit>,
) -> Result<std::result::Result<(), Unfit>> {
    let options: PgConnectOptions = url.parse().map_err(Error::from)?;
    let options = options.application_name("gauntlet");
    match look(&options, connections).await {
        Ok(()) => Ok(Ok(())),
        Err(Found::Unfit(unfit)) => Ok(Err(unfit)),
        Err(Found::Failed(error)) => Err(error.into()),
    }
}

enum Found {
    Unfit(Unfit),
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Found {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(said) if said.code().as_deref() == Some("53300") => Self::Unfit(
                few(format!("the server has no connection to spare: {said}")),
            ),
            // A pooler's own words: PostgreSQL has others for a parameter that it does not know.
            sqlx::Error::Database(said)
                if said.message().contains("unsupported startup parameter")
                    || said.message().contains("statement pooling") =>
            {
                Self::Unfit(pooler(&format!("it says: {said}")))
            }
            _ => Self::Failed(error),
        }
    }
}

async fn look(
    options: &PgConnectOptions,
    connections: fn(&Settings) -> std::result::Result<(), Unfit>,
) -> std::result::Result<(), Found> {
    let mut one = PgConnection::connect_with(options).await?;
    let mut other = PgConnection::connect_with(options).await?;
    if share_a_session(&mut one, &mut other).await? {
        return Err(Found::Unfit(pooler(
            "two connections were given the same session",
        )));
    }
    let row = one.fetch_one(sqlx::raw_sql(SETTINGS)).await?;
    one.close().await?;
    other.close().await?;
    let found = Settings::read(&row)?;
    fitting(&found)
        .and_then(|()| connections(&found))
        .map_err(Found::Unfit)
}

/// How long a pooler may keep a connection waiting for a session.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether these connections are sessions of their own. A transaction pooler gives a client
/// whichever session is free: the one that another has just used, while there is no transaction.
async fn share_a_session(
    one: &mut PgConnection,
    other: &mut PgConnection,
) -> std::result::Result<bool, sqlx::Error> {
    // Others may come in between once; hardly every time.
    for _ in 0..4 {
        let before = session(one).await?;
        // In one message: an idle transaction may not live long here.
        let begin = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0";
        other.execute(sqlx::raw_sql(begin)).await?;
        let theirs = session(other).await?;
        let after = if theirs == before {
            None
        } else {
            // Without a session left it waits for the other's transaction to end.
            match tokio::time::timeout(PATIENCE, session(one)).await {
                Ok(after) => Some(after?),
                Err(_) => None,
            }
        };
        if after.as_ref() != Some(&before) {
            return Ok(true);
        }
        other.execute(sqlx::raw_sql("ROLLBACK")).await?;
    }
    Ok(false)
}

/// The server process behind a connection. Asked without preparing: what one session has
/// prepared the next does not know.
async fn session(conn: &mut PgConnection) -> std::result::Result<String, sqlx::Error> {
    conn.fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()::text"))
        .await?
        .try_get(0)
}

fn pooler(how: &str) -> Unfit {
    Unfit {
        setting: "pool_mode",
        what: format!(
            "a transaction pooler such as PgBouncer stands before the database ({how}); \
             notifications, locks and prepared statements need a session of their own"
        ),
        cure: "connect to PostgreSQL itself, or to a pool with pool_mode = session; an \
               orchestrator pools its own connections"
            .to_owned(),
    }
}

fn few(what: String) -> Unfit {
    Unfit {
        setting: "max_connections",
        what: format!("{what}; an orchestrator needs {CONNECTIONS}"),
        cure: format!(
            "leave room for {CONNECTIONS} connections of each orchestrator: ALTER ROLE … CONNECTION \
             LIMIT, ALTER DATABASE … CONNECTION LIMIT, or max_connections"
        ),
    }
}

/// All as text, null if there is none. Of the connections in use one is our other one.
const SETTINGS: &str = "
    SELECT current_user::text AS role, current_database()::text AS database,
           pg_is_in_recovery()::text AS standby,
           current_setting('default_transaction_read_only') AS read_only,
           current_setting('server_encoding') AS encoding,
           current_setting('search_path') AS search_path,
           current_schema()::text AS schema,
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text AS may_create,
           (to_regclass(quote_ident(current_schema()) || '._sqlx_migrations') IS NOT NULL)::text
               AS has_tables,
           roles.rolsuper::text AS superuser,
           roles.rolconnlimit::text AS role_limit, databases.datconnlimit::text AS database_limit,
           (current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true), '0')::int)::text
               AS server_limit,
           clients.by_role::text, clients.of_database::text, clients.of_server::text
    FROM pg_roles AS roles, pg_database AS databases, (
        SELECT count(*) FILTER (WHERE usename = current_user) - 1 AS by_role,
               count(*) FILTER (WHERE datname = current_database()) - 1 AS of_database,
               count(*) - 1 AS of_server
        FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS clients
    WHERE roles.rolname = current_user AND databases.datname = current_database()";

struct Settings {
    role: String,
    database: String,
    standby: bool,
    read_only: bool,
    encoding: String,
    search_path: String,
    schema: Option<String>,
    may_create: bool,
    /// Whether somebody has migrated it.
    has_tables: bool,
    superuser: bool,
    /// Connections allowed and in use by others: the role's, the database's, the server's. A
    /// limit of -1 is none.
    role_connections: (i64, i64),
    database_connections: (i64, i64),
    server_connections: (i64, i64),
}

impl Settings {
    fn read(row: &PgRow) -> std::result::Result<Self, sqlx::Error> {
        let number = |column: &str| -> std::result::Result<i64, sqlx::Error> {
            let text: String = row.try_get(column)?;
            text.parse()
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))
        };
        let yes = |column: &str| -> std::result::Result<bool, sqlx::Error> {
            let text: String = row.try_get(column)?;
            Ok(matches!(text.as_str(), "true" | "on"))
        };
        Ok(Self {
            role: row.try_get("role")?,
            database: row.try_get("database")?,
            standby: yes("standby")?,
            read_only: yes("read_only")?,
            encoding: row.try_get("encoding")?,
            search_path: row.try_get("search_path")?,
            schema: row.try_get("schema")?,
            may_create: yes("may_create")?,
            has_tables: yes("has_tables")?,
            superuser: yes("superuser")?,
            role_connections: (number("role_limit")?, number("by_role")?),
            database_connections: (number("database_limit")?, number("of_database")?),
            server_connections: (number("server_limit")?, number("of_server")?),
        })
    }
}

/// Whether what was found will do.
fn fitting(found: &Settings) -> std::result::Result<(), Unfit> {
    let (role, database) = (&found.role, &found.database);
    let unfit = |setting, what: String, cure: String| {
        Err(Unfit {
            setting,
            what,
            cure,
        })
    };
    if found.standby {
        return unfit(
            "hot_standby",
            "the server is a standby, which takes no writes".to_owned(),
            "connect to the primary".to_owned(),
        );
    }
    if found.read_only {
        return unfit(
            "default_transaction_read_only",
            format!("transactions of role {role} in database {database} are read-only"),
            format!(
                "ALTER ROLE {role} SET default_transaction_read_only = off, or use another role"
            ),
        );
    }
    if found.encoding != "UTF8" {
        return unfit(
            "server_encoding",
            format!(
                "database {database} is encoded as {}; names and texts of entrants are UTF-8",
                found.encoding
            ),
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0".to_owned(),
        );
    }
    match &found.schema {
        None => {
            return unfit(
                "search_path",
                format!(
                    "the search_path of role {role} ({}) leads to no schema that exists",
                    found.search_path
                ),
                format!(
                    "CREATE SCHEMA … AUTHORIZATION {role}, or ALTER ROLE {role} SET search_path; if it \
                     is to serve from a schema that is there, also `gauntlet migrate \
                     --serving-role {role}`"
                ),
            );
        }
        // A role that serves makes no tables where they are.
        Some(schema) if !found.may_create && !found.has_tables => {
            return unfit(
                "search_path",
                format!(
                    "role {role} may not create tables in schema {schema}, the first of its \
                     search_path ({})",
                    found.search_path
                ),
                format!(
                    "if {role} is to serve and nothing else, run `gauntlet migrate --serving-role \
                     {role}` as another one that may; else GRANT CREATE ON SCHEMA {schema} TO {role}, \
                     or make it the database's owner (since PostgreSQL 15 schema public is not \
                     everybody's)"
                ),
            );
        }
        Some(_) => {}
    }
    Ok(())
}

fn connections(found: &Settings) -> std::result::Result<(), Unfit> {
    let of_role = format!("role {}", found.role);
    let of_database = format!("database {}", found.database);
    let limits = [
        (of_role.as_str(), found.role_connections),
        (of_database.as_str(), found.database_connections),
        ("the server", found.server_connections),
    ];
    // Neither of the first two limits holds for a superuser, nor what the third keeps free.
    let limits = if found.superuser {
        &limits[2..]
    } else {
        &limits
    };
    for (whose, (limit, used)) in limits {
        if *limit < 0 {
            continue;
        }
        let needed = i64::from(CONNECTIONS);
        if *limit < needed {
            return Err(few(format!("{whose} may have {limit} connections")));
        }
        if limit - used < needed {
            return Err(few(format!(
                "{whose} may have {limit} connections, of which {used} are in use"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Settings, connections, fitting};

    fn settings() -> Settings {
        Settings {
            role: "one".to_owned(),
            database: "d".to_owned(),
            standby: false,
            read_only: false,
            encoding: "UTF8".to_owned(),
            search_path: "public".to_owned(),
            schema: Some("public".to_owned()),
            may_create: true,
            has_tables: false,
            superuser: false,
            role_connections: (-1, 0),
            database_connections: (-1, 0),
            server_connections: (97, 0),
        }
    }

    #[test]
    fn each_limit_of_connections_counts_and_a_superuser_has_only_the_servers() {
        let with = |change: fn(&mut Settings)| {
            let mut found = settings();
            change(&mut found);
            connections(&found).map_err(|unfit| unfit.what)
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert_eq!(with(|it| it.role_connections = (16, 0)), Ok(()));
        assert_eq!(
            with(|it| it.role_connections = (15, 0)),
            Err("role one may have 15 connections; an orchestrator needs 16".to_owned())
        );
        assert!(with(|it| it.database_connections = (20, 5)).is_err());
        assert!(with(|it| it.server_connections = (97, 90)).is_err());
        let superuser = |it: &mut Settings| {
            it.superuser = true;
            it.role_connections = (3, 0);
        };
        assert_eq!(with(superuser), Ok(()));
    }

    #[test]
    fn a_standby_is_named() {
        let found = Settings {
            standby: true,
            ..settings()
        };
        assert_eq!(fitting(&found).unwrap_err().setting, "hot_standby");
    }
}
