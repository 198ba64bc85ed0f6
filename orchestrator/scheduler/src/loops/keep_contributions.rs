//! Makes up for releases that kept nothing of what tournaments give to ratings. Until it has, who
//! asks for ratings waits a little longer, and gets the same.

use gauntlet_domain::TournamentId;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_storage::tournaments::Lock;
use gauntlet_storage::{Error, contributions as kept, play};

use crate::{Context, contributions};

/// So many are looked for at a time.
const TOGETHER: i64 = 100;

/// Keeps what is missing. Returns of how many tournaments; one that fails does not hold the
/// others up.
///
/// # Errors
/// When the database fails.
pub async fn once(ctx: &Context) -> Result<usize, Error> {
    let mut done = 0;
    loop {
        let missing = kept::missing(&mut *ctx.db.acquire().await?, TOGETHER).await?;
        let before = done;
        for id in &missing {
            match keep(ctx, *id).await {
                Ok(()) => done += 1,
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(tournament = %id, %error, "what it gives to ratings cannot be kept");
                }
            }
        }
        if (missing.len() as i64) < TOGETHER || done == before {
            return Ok(done);
        }
    }
}

async fn keep(ctx: &Context, id: TournamentId) -> Result<(), Error> {
    let mut tx = ctx.db.begin().await?;
    // Locked, so that nobody judges it again meanwhile.
    let loaded = play::load(&mut tx, id, Lock::Update).await?;
    if let Some(loaded) = loaded.filter(|it| it.row.state == TournamentState::Completed) {
        let gives = contributions::recomputed(&mut tx, id, &loaded.tournament).await?;
        kept::set(&mut tx, id, &gives).await?;
    }
    ctx.commit(tx, "keep contributions").await
}
