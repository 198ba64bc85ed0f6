//! A runner introduces itself.

use std::time::Duration;

use gauntlet_domain::record::PlatformEvent;
use gauntlet_domain::run::AttemptState;
use gauntlet_domain::{NameError, RunnerId, RunnerName, TokenId};
use gauntlet_storage::{events, leases, runners};
use uuid::Uuid;

use super::release::release;
use super::text;
use crate::{Context, Reason, Refusal};

/// A runner that introduces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRunner {
    /// Its token.
    pub token: TokenId,
    /// Its name, unique to the token.
    pub name: String,
    /// Hardware class, at most 400 characters.
    pub class: String,
    /// Release, at most 100 characters.
    pub version: String,
}

/// Adds the runner. One of the same token and name has started again: it keeps
/// its id, and what it held before is queued again at once rather than when
/// the lease runs out.
pub async fn register_runner(ctx: &Context, new: NewRunner) -> Result<RunnerId, Refusal> {
    let name: RunnerName = new.name.parse().map_err(|error: NameError| {
        Reason::new("invalid-name", error.to_string(), "choose another name")
            .field("body.name")
            .limit(format!("{} characters", error.max))
            .invalid()
    })?;
    text::check("body.class", &new.class, 400)?;
    text::check("body.version", &new.version, 100)?;

    let mut tx = ctx.db.begin().await?;
    let id = RunnerId(Uuid::now_v7());
    let runner = runners::register(&mut tx, id, new.token, &name, &new.class, &new.version).await?;
    let event = PlatformEvent::RunnerRegistered {
        runner,
        name,
        class: new.class,
        version: new.version,
    };
    events::append_platform(&mut tx, &event).await?;
    ctx.commit(tx, "register").await?;

    ctx.reached("register", "between row and leases");
    // Each in a transaction of its own, so that locks are taken in order.
    loop {
        let mut tx = ctx.db.begin().await?;
        let Some(lost) = leases::find_held(&mut tx, runner).await? else {
            break;
        };
        let reason = "the runner started again";
        release(
            &mut tx,
            &lost,
            AttemptState::Expired,
            reason,
            Duration::ZERO,
        )
        .await?;
        ctx.commit(tx, "register").await?;
        ctx.signals.work();
    }
    Ok(runner)
}
