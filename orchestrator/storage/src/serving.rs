//! Lets a role serve that does not own the tables, and can do nothing to what has happened but
//! add to it.

use sqlx::{Connection as _, Executor as _};

use crate::excess::{MENDABLE, ranked};
use crate::grants::{GRANTS, NOT_ALLOWED};
use crate::{Conn, Db, Result, Unfit};

/// What came of [`Db::let_serve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// The role was there.
    Existing,
    /// It was made, without a password.
    Made,
}

impl Db {
    /// Roles to which somebody has granted what it takes to serve, but the owner.
    pub async fn serving_roles(&self) -> Result<Vec<String>> {
        let mut conn = self.acquire().await?;
        serving_roles(&mut conn).await
    }

    /// Grants a role what it takes to serve, and nothing else; makes it if it is not there. To be
    /// called as the owner of the tables. `Err` within says why this role is not one to serve.
    pub async fn let_serve(&self, role: &str) -> Result<std::result::Result<Granted, Unfit>> {
        let mut tx = self.begin().await?;
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
                .bind(role)
                .fetch_one(&mut *tx)
                .await?;
        if !exists && let Err(unfit) = make(&mut tx, role).await? {
            return Ok(Err(unfit));
        }
        // Before anything is taken from it: this may be the owner itself.
        if let Err(unfit) = check(&mut tx, role, |too_much| too_much.0 < MENDABLE).await? {
            return Ok(Err(unfit));
        }
        grant(&mut tx, role).await?;
        if let Err(unfit) = check(&mut tx, role, |_| true).await? {
            return Ok(Err(unfit));
        }
        tx.commit().await?;
        Ok(Ok(if exists {
            Granted::Existing
        } else {
            Granted::Made
        }))
    }

    /// Carries the list out once more for the roles that serve already: migrations may have made
    /// tables since.
    pub(crate) async fn grant_again(&self) -> Result<()> {
        let mut conn = self.acquire().await?;
        let mut tx = conn.begin().await?;
        for role in serving_roles(&mut tx).await? {
            grant(&mut tx, &role).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn serving_roles(conn: &mut Conn) -> Result<Vec<String>> {
    let roles = sqlx::query_scalar(
        "SELECT roles.rolname::text
         FROM pg_class AS tables
         CROSS JOIN aclexplode(tables.relacl) AS granted
         JOIN pg_roles AS roles ON roles.oid = granted.grantee
         WHERE tables.oid = to_regclass(quote_ident(current_schema()) || '.runs')
           AND granted.privilege_type = 'INSERT' AND granted.grantee <> tables.relowner
         ORDER BY 1",
    )
    .fetch_all(conn)
    .await?;
    Ok(roles)
}

async fn grant(conn: &mut Conn, role: &str) -> Result<()> {
    sqlx::query("SELECT set_config('gauntlet.serving_role', $1, true)")
        .bind(role)
        .execute(&mut *conn)
        .await?;
    conn.execute(sqlx::raw_sql(GRANTS)).await?;
    Ok(())
}

/// Makes a role that may log in, once somebody gives it a password or the server lets it in
/// without one.
async fn make(conn: &mut Conn, role: &str) -> Result<std::result::Result<(), Unfit>> {
    sqlx::query("SELECT set_config('gauntlet.serving_role', $1, true)")
        .bind(role)
        .execute(&mut *conn)
        .await?;
    let made = conn
        .execute(sqlx::raw_sql(
            "DO $$ BEGIN
                 EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT',
                                current_setting('gauntlet.serving_role'));
             END $$",
        ))
        .await;
    match made {
        Err(sqlx::Error::Database(said)) if said.code().as_deref() == Some(NOT_ALLOWED) => {
            Ok(Err(Unfit {
                setting: "serving role",
                what: format!("there is no role {role}, and this one may not make it"),
                cure: format!("have an administrator CREATE ROLE {role} LOGIN, then try again"),
            }))
        }
        made => Ok(Ok(made.map(drop)?)),
    }
}

/// Whether a role has nothing too much of what `counts`.
async fn check(
    conn: &mut Conn,
    role: &str,
    counts: impl Fn(&(i32, String)) -> bool,
) -> Result<std::result::Result<(), Unfit>> {
    let found = ranked(conn, role).await?;
    Ok(match found.into_iter().find(counts) {
        None => Ok(()),
        Some((rank, words)) => Err(Unfit {
            setting: "serving role",
            what: format!("role {role} could change what has happened: {words}"),
            cure: if rank == MENDABLE {
                "REVOKE CREATE ON SCHEMA … FROM PUBLIC, as the schema's owner (before PostgreSQL \
                 15 everybody may make tables in schema public)"
                    .to_owned()
            } else {
                "name a role of its own that is member of no other".to_owned()
            },
        }),
    })
}
