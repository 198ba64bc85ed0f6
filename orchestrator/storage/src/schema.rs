//! How the schema that is there stands to this release, and to the role that looks.

use sqlx::migrate::MigrationType;
use sqlx::{Executor as _, Row as _};

use crate::db::MIGRATOR;
use crate::grants::{NOT_ALLOWED, listed};
use crate::{Conn, Db, Result, Unfit};

/// A migration that was applied: its version, its checksum, and whether it was carried out whole.
type Applied = (i64, Vec<u8>, bool);

/// How the role of a connection stands to the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There are none yet.
    NoTables,
    /// They are its own.
    Owner,
    /// They are somebody else's.
    Guest,
}

impl Db {
    /// How the role of these connections stands to the tables.
    pub async fn standing(&self) -> Result<Standing> {
        let mut conn = self.acquire().await?;
        let row = conn
            .fetch_one(sqlx::raw_sql(
                "SELECT (SELECT tables.relowner = roles.oid FROM pg_class AS tables
                         WHERE tables.oid = to_regclass(
                             quote_ident(current_schema()) || '._sqlx_migrations')) AS owns
                 FROM pg_roles AS roles WHERE roles.rolname = current_user",
            ))
            .await?;
        Ok(match row.try_get("owns")? {
            None => Standing::NoTables,
            Some(true) => Standing::Owner,
            Some(false) => Standing::Guest,
        })
    }

    /// Whether the schema is this release's and the role may serve from it: for a role that does
    /// not migrate. `Err` within says what to do.
    pub async fn check_schema(&self) -> Result<std::result::Result<(), Unfit>> {
        let mut conn = self.acquire().await?;
        let role = current_role(&mut conn).await?;
        let applied: Vec<Applied> =
            match sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations")
                .fetch_all(&mut *conn)
                .await
            {
                Err(sqlx::Error::Database(said)) if said.code().as_deref() == Some(NOT_ALLOWED) => {
                    return Ok(Err(not_granted(&role, "_sqlx_migrations")));
                }
                applied => applied?,
            };
        if let Err(unfit) = compare(&applied, &role) {
            return Ok(Err(unfit));
        }
        let tables: Vec<&str> = listed().iter().map(|listed| listed.table).collect();
        let out_of_reach: Option<String> = sqlx::query_scalar(
            "SELECT min(listed) FROM unnest($1::text[]) AS listed
             WHERE NOT coalesce(has_table_privilege(to_regclass(
                 quote_ident(current_schema()) || '.' || quote_ident(listed)), 'SELECT'), false)",
        )
        .bind(tables)
        .fetch_one(&mut *conn)
        .await?;
        Ok(match out_of_reach {
            Some(table) => Err(not_granted(&role, &table)),
            None => Ok(()),
        })
    }
}

async fn current_role(conn: &mut Conn) -> Result<String> {
    let row = conn
        .fetch_one(sqlx::raw_sql("SELECT current_user::text"))
        .await?;
    Ok(row.try_get(0)?)
}

fn not_granted(role: &str, table: &str) -> Unfit {
    Unfit {
        setting: "serving role",
        what: format!("role {role} may not read {table}"),
        cure: command(role),
    }
}

fn command(role: &str) -> String {
    format!(
        "as the owner of the tables, run `gauntlet migrate --serving-role {role}` of this release"
    )
}

/// Whether these migrations were applied and no others.
fn compare(applied: &[Applied], role: &str) -> std::result::Result<(), Unfit> {
    let unfit = |what: String, cure: String| {
        Err(Unfit {
            setting: "schema",
            what,
            cure,
        })
    };
    let ours: Vec<_> = MIGRATOR
        .iter()
        .filter(|migration| migration.migration_type != MigrationType::ReversibleDown)
        .collect();
    let missing: Vec<i64> = ours
        .iter()
        .map(|migration| migration.version)
        .filter(|version| !applied.iter().any(|(at, _, done)| at == version && *done))
        .collect();
    if let Some(first) = missing.first() {
        let count = missing.len();
        return unfit(
            format!(
                "the schema is of an older release: {count} migrations are missing, the first is \
                 {first}, and role {role} does not own the tables"
            ),
            command(role),
        );
    }
    for (version, checksum, _) in applied {
        match ours.iter().find(|migration| migration.version == *version) {
            None => {
                return unfit(
                    format!(
                        "the schema is of a newer release: this one has no migration {version}"
                    ),
                    "start the newer release".to_owned(),
                );
            }
            Some(migration) if *migration.checksum != **checksum => {
                return unfit(
                    format!("migration {version} was another one when it was applied"),
                    "start the release that applied it, or restore a backup".to_owned(),
                );
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_of_another_release_is_named() {
        let all: Vec<Applied> = MIGRATOR
            .iter()
            .filter(|migration| migration.migration_type != MigrationType::ReversibleDown)
            .map(|migration| (migration.version, migration.checksum.to_vec(), true))
            .collect();
        let with = |change: fn(&mut Vec<Applied>)| {
            let mut applied = all.clone();
            change(&mut applied);
            compare(&applied, "r").map_err(|unfit| unfit.what)
        };
        assert_eq!(with(|_| ()), Ok(()));
        for (said, found) in [
            ("older release: 1 migrations", with(|all| drop(all.pop()))),
            ("older release", with(|all| all[0].2 = false)),
            (
                "newer release",
                with(|all| all.push((i64::MAX, vec![], true))),
            ),
            ("another one", with(|all| all[3].1[0] ^= 1)),
        ] {
            assert!(found.clone().unwrap_err().contains(said), "{found:?}");
        }
    }
}
