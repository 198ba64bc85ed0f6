//! Which blobs a runner's token may read, and which it has put there itself.

use gauntlet_domain::{Digest, TokenId};

use crate::{Conn, Result};

/// Whether a blob belongs to a run that a runner of this token holds: its method, or the data of
/// its task.
pub async fn is_of_a_held_run(conn: &mut Conn, token: TokenId, digest: &Digest) -> Result<bool> {
    let held = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT 1 FROM runners
            JOIN runs ON runs.runner_id = runners.id AND runs.state = 'leased'
            JOIN submissions ON submissions.id = runs.submission_id
            JOIN blocks ON blocks.id = runs.block_id
            JOIN tournament_tasks ON tournament_tasks.tournament_id = runs.tournament_id
                                 AND tournament_tasks.number = blocks.task
            JOIN tasks ON tasks.id = tournament_tasks.task_id
            WHERE runners.token_id = $1
              AND $2 IN (submissions.digest, tasks.train, tasks.hidden_inputs, tasks.hidden_labels,
                         tasks.base)
        ) AS "held!"
        "#,
        token.0,
        digest.to_string()
    )
    .fetch_one(conn)
    .await?;
    Ok(held)
}

/// Notes that a token has put a blob there. A few of the notes from more than thirty days ago go.
pub async fn note(conn: &mut Conn, token: TokenId, digest: &Digest) -> Result<()> {
    sqlx::query!(
        r#"
        WITH old AS (
            DELETE FROM uploads WHERE (token_id, digest) IN (
                SELECT token_id, digest FROM uploads
                WHERE uploaded_at < now() - interval '30 days' AND (token_id, digest) <> ($1, $2)
                ORDER BY uploaded_at LIMIT 4 FOR UPDATE SKIP LOCKED)
        )
        INSERT INTO uploads (token_id, digest) VALUES ($1, $2)
        ON CONFLICT (token_id, digest) DO UPDATE SET uploaded_at = now()
        "#,
        token.0,
        digest.to_string()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether a token has put a blob there.
pub async fn was_put_by(conn: &mut Conn, token: TokenId, digest: &Digest) -> Result<bool> {
    let put = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT 1 FROM uploads WHERE token_id = $1 AND digest = $2) AS "put!"
        "#,
        token.0,
        digest.to_string()
    )
    .fetch_one(conn)
    .await?;
    Ok(put)
}
