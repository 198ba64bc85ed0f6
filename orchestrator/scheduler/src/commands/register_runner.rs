//! A runner introduces itself.

use std::time::Duration;

use gauntlet_domain::record::PlatformEvent;
use gauntlet_domain::run::AttemptState;
use gauntlet_domain::{NameError, RunnerId, RunnerName, TokenId};
use gauntlet_storage::leases::Expiry;
use gauntlet_storage::{events, leases, runner_health, runners};
use uuid::Uuid;

use super::release::{Release, release};
use super::text;
use crate::{Cause, Context, Reason, Refusal};

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
/// the lease runs out. One that was set aside and has held nothing, as after an orderly end,
/// may show at once that it is mended.
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
    let mut died = false;
    loop {
        let mut tx = ctx.db.begin().await?;
        let Some(held) = leases::find_held(&mut tx, runner).await? else {
            break;
        };
        let cause = match held.because {
            // It may have gone because nobody was there.
            Expiry::Outage => Cause::Nothing,
            Expiry::Silence | Expiry::LastEnd => Cause::Lost,
        };
        died |= cause == Cause::Lost;
        let because = Release {
            how: AttemptState::Expired,
            cause,
            reason: "the runner started again",
            pause: Duration::ZERO,
        };
        release(ctx, &mut tx, &held.lost, because).await?;
        ctx.commit(tx, "register").await?;
        ctx.signals.work();
    }
    if !died && runner_health::begin_probation(&mut *ctx.db.acquire().await?, runner).await? {
        tracing::info!(%runner, "a runner that was set aside has started again: on probation");
    }
    Ok(runner)
}
