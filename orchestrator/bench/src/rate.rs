//! How many runs a second can be leased and completed over HTTP, against what pgbench
//! reaches with the same statements on the same server in the same sitting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::figures::{Figures, quantile};
use crate::platform::Platform;
use crate::progress::Progress;
use crate::runner::Runner;

const CLIENTS: usize = 32;
/// Attempts of one request when several are leased together.
const BATCH: usize = 16;

/// How much is measured.
pub(crate) struct Plan {
    /// Each side this often, in turn; the median counts.
    turns: usize,
    seconds: u64,
    /// Methods of each tournament; each has 100 runs queued.
    methods: usize,
}

impl Plan {
    pub(crate) const fn full() -> Self {
        Self {
            turns: 3,
            seconds: 7,
            methods: 400,
        }
    }

    pub(crate) const fn quick() -> Self {
        Self {
            turns: 1,
            seconds: 2,
            methods: 120,
        }
    }
}

pub(crate) async fn measure(
    platform: &Platform,
    plan: &Plan,
    progress: &Progress,
    figures: &mut Figures,
) -> Result<()> {
    progress.part("p4: leases and results", 3 * plan.turns as u64);
    let runners = crate::pgbench::runners(platform, CLIENTS)?;
    let (mut pgbench, mut single, mut batched) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..plan.turns {
        for side in ["pgbench", "single", "batched"] {
            // A tournament of its own for each, of which nothing has been run yet.
            let name = format!("rate-{turn}-{side}");
            let id = platform
                .tournament(&name, plan.methods, &[100, 1], || ())
                .await?;
            platform.close(&name).await?;
            queued(platform, id, plan.methods * 100).await?;
            match side {
                "pgbench" => {
                    let rate = crate::pgbench::run(platform, id, &runners, CLIENTS, plan.seconds)?;
                    pgbench.push(rate);
                }
                "single" => single.push(over_http(platform, &name, 1, plan.seconds).await?),
                _ => batched.push(over_http(platform, &name, BATCH, plan.seconds).await?),
            }
            platform.cancel(&name).await?;
            progress.step();
        }
    }
    let pgbench = quantile(&mut pgbench, 0.5);
    let single = quantile(&mut single, 0.5);
    let batched = quantile(&mut batched, 0.5);
    figures.add(
        "p4_pgbench_per_s",
        pgbench,
        "",
        format!("runs leased and completed a second by pgbench, {CLIENTS} clients, one tournament"),
    );
    figures.add(
        "p4_single_over_pgbench",
        single / pgbench,
        "≥ 0.5",
        format!("the same over HTTP, one run a request, {CLIENTS} runners: {single:.0} a second"),
    );
    figures.add(
        "p4_batched_over_pgbench",
        batched / pgbench,
        "≥ 2",
        format!("the same with {BATCH} runs a request: {batched:.0} a second"),
    );
    Ok(())
}

/// Waits until the first round is open.
async fn queued(platform: &Platform, id: gauntlet_domain::TournamentId, runs: usize) -> Result<()> {
    let mut conn = platform.context.db.acquire().await?;
    let start = Instant::now();
    while !gauntlet_storage::runs::any_open(&mut conn, id).await? {
        if start.elapsed() > Duration::from_secs(60) {
            return Err(format!("a round of {runs} runs is not opened within a minute").into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn over_http(platform: &Platform, name: &str, batch: usize, seconds: u64) -> Result<f64> {
    let count = Arc::new(AtomicU64::new(0));
    let mut runners = Vec::new();
    for nth in 0..CLIENTS {
        runners.push(Runner::start(platform, &format!("{name}-{nth}")).await?);
    }
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut working = tokio::task::JoinSet::new();
    for mut runner in runners {
        let count = Arc::clone(&count);
        working.spawn(async move {
            while Instant::now() < end {
                let done = if batch == 1 {
                    let leased = runner.lease(1).await?.ok_or("the queue is empty")?;
                    runner.report(&leased).await?;
                    1
                } else {
                    let leased = runner.lease_many(batch).await?;
                    if leased.is_empty() {
                        return Err("the queue is empty".into());
                    }
                    runner.report_many(&leased).await?;
                    leased.len() as u64
                };
                count.fetch_add(done, Ordering::Relaxed);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(done) = working.join_next().await {
        done??;
    }
    Ok(count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}
