//! What happens without being asked for.

pub mod advance_rounds;
pub mod expire_leases;
pub mod keep_contributions;
pub mod set_methods_aside;
pub mod start_series;
pub mod sweep_blobs;
pub mod tell_unserved;

use std::sync::Arc;
use std::time::Duration;

use gauntlet_storage::Db;
use gauntlet_storage::listen::Listener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::Context;

/// How often the log is told what nobody takes.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// How often what tournaments give to ratings is looked for where another release kept nothing.
const MAKE_UP_EVERY: Duration = Duration::from_secs(600);

/// Runs all loops until `shutdown`. A pass that fails is logged and tried
/// again; a transaction under way is finished or rolled back by the database.
pub async fn run(ctx: Context, shutdown: CancellationToken) {
    let wake = Arc::new(Notify::new());
    let all = async {
        tokio::join!(
            listen(ctx.db.clone(), Arc::clone(&wake)),
            advance(&ctx, &wake),
            expire(&ctx),
            set_aside(&ctx),
            start(&ctx),
            sweep(&ctx),
            tell(&ctx),
            make_up(&ctx),
        )
    };
    shutdown.run_until_cancelled(all).await;
}

async fn advance(ctx: &Context, wake: &Notify) {
    let mut rounds = ctx.signals.on_rounds();
    loop {
        // Registered before looking, so that no hint is lost in between.
        rounds.mark_unchanged();
        let woken = async {
            tokio::select! {
                () = wake.notified() => {}
                // The sender lives as long as we do.
                _ = rounds.changed() => {}
            }
        };
        if let Err(error) = advance_rounds::once(ctx).await {
            tracing::error!(%error, "failed to move tournaments forward");
        }
        // Running into the time limit is the polling.
        tokio::time::timeout(ctx.policy.poll, woken)
            .await
            .unwrap_or(());
    }
}

async fn expire(ctx: &Context) {
    loop {
        let taken = async {
            expire_leases::watch(ctx).await?;
            expire_leases::once(ctx).await
        };
        if let Err(error) = taken.await {
            tracing::error!(%error, "failed to take expired leases back");
        }
        tokio::time::sleep(ctx.policy.poll).await;
    }
}

async fn set_aside(ctx: &Context) {
    loop {
        if let Err(error) = set_methods_aside::once(ctx).await {
            tracing::error!(%error, "failed to look for methods that cannot be run");
        }
        tokio::time::sleep(ctx.policy.poll).await;
    }
}

async fn start(ctx: &Context) {
    loop {
        if let Err(error) = start_series::once(ctx).await {
            tracing::error!(%error, "failed to start or close tournaments of a series");
        }
        tokio::time::sleep(ctx.policy.poll).await;
    }
}

async fn sweep(ctx: &Context) {
    loop {
        // Not at the start: whoever restarts often should not sweep often.
        tokio::time::sleep(ctx.policy.sweep_every).await;
        if let Err(error) = sweep_blobs::once(ctx).await {
            tracing::error!(%error, "failed to sweep blobs that nothing names");
        }
    }
}

async fn tell(ctx: &Context) {
    loop {
        // Not at the start: runners that were there before need a moment.
        tokio::time::sleep(TELL_EVERY).await;
        if let Err(error) = tell_unserved::once(ctx).await {
            tracing::error!(%error, "failed to look for runs that nobody takes");
        }
    }
}

async fn make_up(ctx: &Context) {
    loop {
        match keep_contributions::once(ctx).await {
            Ok(0) => {}
            Ok(tournaments) => {
                tracing::info!(tournaments, "kept what they give to ratings");
            }
            Err(error) => {
                tracing::error!(%error, "failed to keep what tournaments give to ratings");
            }
        }
        tokio::time::sleep(MAKE_UP_EVERY).await;
    }
}

/// Turns notifications of the database into wake-ups.
async fn listen(db: Db, wake: Arc<Notify>) {
    loop {
        let error = match Listener::start(&db).await {
            Ok(mut listener) => loop {
                wake.notify_one();
                if let Err(error) = listener.next().await {
                    break error;
                }
            },
            Err(error) => error,
        };
        tracing::warn!(%error, "no notifications from the database; polling");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
