//! Who gets how much of the runners' time. [`crate::claims`] shares it out and charges for it.

use gauntlet_domain::tournament::Share;
use gauntlet_domain::{AccountId, TournamentId};

use crate::{Conn, Result};

/// The share of a tournament.
pub async fn get(conn: &mut Conn, tournament: TournamentId) -> Result<Share> {
    let row = sqlx::query!(
        "SELECT priority, weight FROM tournament_shares WHERE tournament_id = $1",
        tournament.0
    )
    .fetch_one(conn)
    .await?;
    Ok(Share {
        priority: row.priority,
        weight: row.weight,
    })
}

/// Changes the share of a tournament, from the next lease on. In another priority it starts
/// where the others there are.
pub async fn set(conn: &mut Conn, tournament: TournamentId, share: Share) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE tournament_shares
        SET priority = $2, weight = $3,
            virtual_time = CASE WHEN priority = $2 THEN virtual_time ELSE 0 END
        WHERE tournament_id = $1
        "#,
        tournament.0,
        share.priority,
        share.weight
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes whose tournament it is: organisers share before their tournaments do.
pub async fn set_organiser(
    conn: &mut Conn,
    tournament: TournamentId,
    organiser: AccountId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tournament_shares SET organiser = $2 WHERE tournament_id = $1",
        tournament.0,
        organiser.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose tournament it is; none if that is not recorded.
pub async fn organiser(conn: &mut Conn, tournament: TournamentId) -> Result<Option<AccountId>> {
    let organiser = sqlx::query_scalar!(
        "SELECT organiser FROM tournament_shares WHERE tournament_id = $1",
        tournament.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(organiser.filter(|id| !id.is_nil()).map(AccountId))
}
