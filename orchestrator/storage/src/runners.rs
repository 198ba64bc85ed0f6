//! Runners.

use gauntlet_domain::{RunnerId, RunnerName, TokenId};

use crate::{Conn, Result};

/// Adds a runner, or finds the one of that token and name, which has started again.
pub async fn register(
    conn: &mut Conn,
    id: RunnerId,
    token: TokenId,
    name: &RunnerName,
    class: &str,
    version: &str,
) -> Result<RunnerId> {
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO runners (id, token_id, name, class, version) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT ON CONSTRAINT runners_name_key DO UPDATE
            SET class = excluded.class, version = excluded.version,
                registered_at = now(), last_seen_at = now()
        RETURNING id
        "#,
        id.0,
        token.0,
        name.as_str(),
        class,
        version
    )
    .fetch_one(conn)
    .await?;
    Ok(RunnerId(id))
}

/// Notes that a runner was heard; false if it is not this token's.
pub async fn seen(conn: &mut Conn, runner: RunnerId, token: TokenId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE runners SET last_seen_at = now() WHERE id = $1 AND token_id = $2",
        runner.0,
        token.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the runner of a run was heard.
pub async fn seen_on(conn: &mut Conn, run: gauntlet_domain::RunId) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE runners SET last_seen_at = now()
        WHERE id = (SELECT runner_id FROM runs WHERE id = $1)
        "#,
        run.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
