//! How long a machine idles between two rounds: from the moment that the last result of a
//! round is sent to the moment that the first lease of the next round has arrived, with
//! runners that wait for work as runners do.

use std::sync::Arc;
use std::time::Instant;

use crate::error::Result;
use crate::figures::{Figures, quantile};
use crate::platform::Platform;
use crate::progress::Progress;
use crate::runner::Runner;

/// Methods of each tournament; as many runners.
const METHODS: usize = 32;
/// Runs of the rounds: 32, 16, 8, 4 and 2 methods on one block each.
const ROUNDS: [usize; 5] = [32, 16, 8, 4, 2];

/// Plays so many tournaments; each has four gaps.
pub(crate) async fn measure(
    platform: &Platform,
    tournaments: usize,
    progress: &Progress,
    figures: &mut Figures,
) -> Result<()> {
    progress.part("p3: the gap between rounds", tournaments as u64);
    let mut runners = Vec::new();
    for nth in 0..METHODS {
        runners.push(Runner::start(platform, &format!("gap-{nth}")).await?);
    }
    let mut gaps = Vec::new();
    for nth in 0..tournaments {
        let name = format!("gap-{nth}");
        platform.tournament(&name, METHODS, &[1; 5], || ()).await?;
        let played = play(platform, &name, runners);
        let (back, times) = played.await?;
        runners = back;
        gaps.extend(times.gaps());
        progress.step();
    }
    let samples = gaps.len();
    let median = quantile(&mut gaps, 0.5);
    figures.add(
        "p3_round_gap_p99_ms",
        quantile(&mut gaps, 0.99),
        "≤ 250",
        format!(
            "last result of a round sent → first lease of the next arrived; {METHODS} methods, \
             {METHODS} waiting runners, 99th of 100 over {samples} gaps (median {median:.1} ms)"
        ),
    );
    Ok(())
}

/// When each report was sent, and when each lease arrived.
#[derive(Default)]
struct Times {
    sent: Vec<Instant>,
    leased: Vec<Instant>,
}

impl Times {
    /// No lease of a round is given before all results of the round before are in, so the
    /// order of the moments tells the rounds apart.
    fn gaps(mut self) -> Vec<f64> {
        self.sent.sort();
        self.leased.sort();
        let mut runs = 0;
        let mut gaps = Vec::new();
        for round in &ROUNDS[..ROUNDS.len() - 1] {
            runs += round;
            let gap = self.leased[runs].duration_since(self.sent[runs - 1]);
            gaps.push(gap.as_secs_f64() * 1e3);
        }
        gaps
    }
}

async fn play(
    platform: &Platform,
    name: &str,
    runners: Vec<Runner>,
) -> Result<(Vec<Runner>, Times)> {
    let left = Arc::new(tokio::sync::Semaphore::new(ROUNDS.iter().sum()));
    let mut working = tokio::task::JoinSet::new();
    for mut runner in runners {
        let left = Arc::clone(&left);
        working.spawn(async move {
            let mut times = Times::default();
            while left.available_permits() > 0 {
                // A second at most, so that the end is noticed.
                let Some(assignment) = runner.lease(1).await? else {
                    continue;
                };
                times.leased.push(Instant::now());
                if let Ok(permit) = left.try_acquire() {
                    permit.forget();
                }
                times.sent.push(Instant::now());
                runner.report(&assignment).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((runner, times))
        });
    }
    platform.close(name).await?;
    let (mut runners, mut all) = (Vec::new(), Times::default());
    while let Some(done) = working.join_next().await {
        let (runner, times) = done??;
        runners.push(runner);
        all.sent.extend(times.sent);
        all.leased.extend(times.leased);
    }
    Ok((runners, all))
}
