//! Changes how much of the runners' time a tournament gets.

use gauntlet_domain::TournamentName;
use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::Share;
use gauntlet_storage::{Conn, events, shares};

use super::{find, operator_actions, text};
use crate::{Context, Reason, Refusal};

/// What is to be changed of a share; what is `None` stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareChange {
    /// The new priority.
    pub priority: Option<i16>,
    /// The new weight.
    pub weight: Option<i16>,
}

/// Changes the share of a tournament that has not ended, from the next lease on. The reason
/// (at most 500 characters) is public. A share that is so already changes nothing.
///
/// # Errors
/// If the tournament does not exist or has ended, or a number is out of its range.
pub async fn set_share(
    ctx: &Context,
    name: &TournamentName,
    change: ShareChange,
    reason: &str,
) -> Result<(), Refusal> {
    text::check("body.reason", reason, 500)?;
    let mut tx = ctx.begin().await?;
    let done = set(&mut tx, name, change, reason).await;
    ctx.end(tx, "share", done).await?;
    ctx.signals.work();
    Ok(())
}

async fn set(
    conn: &mut Conn,
    name: &TournamentName,
    change: ShareChange,
    reason: &str,
) -> Result<(), Refusal> {
    let id = find::tournament(&mut *conn, name).await?;
    // The lock waits for claims under way, which have read the old share.
    let mut loaded = operator_actions::locked(&mut *conn, id).await?;
    let before = shares::get(&mut *conn, id).await?;
    let share = Share {
        priority: change.priority.unwrap_or(before.priority),
        weight: change.weight.unwrap_or(before.weight),
    };
    check(share, "body")?;
    if share == before {
        return Ok(());
    }
    let event = Event::ShareSet {
        share,
        reason: Some(reason.to_owned()),
    };
    operator_actions::apply(&mut loaded.tournament, name, &event, "path.name")?;
    shares::set(&mut *conn, id, share).await?;
    events::append(conn, id, &event).await?;
    Ok(())
}

/// Whether a share's numbers, which were found at `path`, are in their ranges.
pub(super) fn check(share: Share, path: &str) -> Result<(), Refusal> {
    for (field, range, found) in [
        ("priority", Share::PRIORITIES, share.priority),
        ("weight", Share::WEIGHTS, share.weight),
    ] {
        if !range.contains(&found) {
            return Err(Reason::new(
                "invalid-share",
                "this is no share of the runners' time",
                "a weight of 2 gets twice what one of 1 gets; a higher priority goes before all of a lower one",
            )
            .field(format!("{path}.{field}"))
            .limit(format!("{} to {}", range.start(), range.end()))
            .found(found.to_string())
            .invalid());
        }
    }
    Ok(())
}
