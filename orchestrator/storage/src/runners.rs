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

/// What is known of a runner that asks for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// There is no such runner with that token.
    Unknown,
    /// It may get leases.
    Served,
    /// It gets none for now.
    SetAside,
}

/// A runner that asks for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Which.
    pub runner: RunnerId,
    /// By which token.
    pub token: TokenId,
    /// Whether it takes images too.
    pub images: bool,
}

/// Notes that these runners were heard; says of each whether it is that token's, and gets work.
/// One that was heard within the last second is not written again.
pub async fn seen(conn: &mut Conn, runners: &[Asking]) -> Result<Vec<Heard>> {
    let ids: Vec<uuid::Uuid> = runners.iter().map(|asks| asks.runner.0).collect();
    let tokens: Vec<uuid::Uuid> = runners.iter().map(|asks| asks.token.0).collect();
    let images: Vec<bool> = runners.iter().map(|asks| asks.images).collect();
    let rows = sqlx::query!(
        r#"
        WITH asked AS (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[])
                WITH ORDINALITY AS asked (id, token, images, nth)
        ), noted AS (
            UPDATE runners SET last_seen_at = now(),
                images_asked_at = CASE WHEN asked.images THEN now() ELSE images_asked_at END
            FROM asked
            WHERE runners.id = asked.id AND runners.token_id = asked.token
              AND (runners.last_seen_at < now() - interval '1 second'
                   -- The first time since it introduced itself, which may be a moment ago.
                   OR asked.images AND coalesce(images_asked_at < registered_at, true))
        )
        SELECT runners.id IS NOT NULL AS "known!",
               coalesce(runners.set_aside_until > now(), false) AS "set_aside!"
        FROM asked LEFT JOIN runners ON runners.id = asked.id AND runners.token_id = asked.token
        ORDER BY asked.nth
        "#,
        &ids,
        &tokens,
        &images
    )
    .fetch_all(conn)
    .await?;
    let heard = rows
        .into_iter()
        .map(|row| match (row.known, row.set_aside) {
            (false, _) => Heard::Unknown,
            (true, false) => Heard::Served,
            (true, true) => Heard::SetAside,
        });
    Ok(heard.collect())
}

/// Notes that the runner of a run was heard.
pub async fn seen_on(conn: &mut Conn, run: gauntlet_domain::RunId) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE runners SET last_seen_at = now()
        WHERE id = (SELECT runner_id FROM runs WHERE id = $1)
          AND last_seen_at < now() - interval '1 second'
        "#,
        run.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
