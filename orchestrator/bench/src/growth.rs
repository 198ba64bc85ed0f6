//! Does the engine grow with what it has done? One database, one tournament of ten
//! thousand submissions and a hundred thousand runs, a thousand runners.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gauntlet_domain::TournamentId;
use gauntlet_domain::tournament::{Effect, Parts, Tournament, TournamentState};
use gauntlet_storage::play;
use gauntlet_storage::tournaments::Lock;

use crate::error::Result;
use crate::figures::{Figures, quantile};
use crate::platform::Platform;
use crate::progress::Progress;
use crate::runner::Runner;

/// How much is measured.
pub(crate) struct Plan {
    methods: usize,
    runners: usize,
    /// Half of the methods go on after each.
    blocks_per_rung: &'static [u32],
    runs: u64,
    /// Cost is measured over so many runs at a time.
    window: u64,
}

impl Plan {
    pub(crate) const fn full() -> Self {
        Self {
            methods: 10_000,
            runners: 1_000,
            blocks_per_rung: &[4, 6, 8, 8],
            runs: 40_000 + 30_000 + 20_000 + 10_000,
            window: 1_000,
        }
    }

    pub(crate) const fn quick() -> Self {
        Self {
            methods: 500,
            runners: 100,
            blocks_per_rung: &[4, 4],
            runs: 2_000 + 1_000,
            window: 250,
        }
    }
}

/// What a run cost when so many had been done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) runs: u64,
    /// Processor time of orchestrator and database.
    pub(crate) processor_us: f64,
    /// Time that passed.
    pub(crate) elapsed_us: f64,
    pub(crate) memory_mib: f64,
}

pub(crate) async fn measure(
    platform: &Platform,
    plan: &Plan,
    progress: &Progress,
    figures: &mut Figures,
) -> Result<Vec<Point>> {
    progress.part("p6: submissions", plan.methods as u64);
    let name = "growth";
    let id = platform
        .tournament(name, plan.methods, plan.blocks_per_rung, || progress.step())
        .await?;
    progress.part("p6: runners", plan.runners as u64);
    let mut runners = Vec::new();
    for nth in 0..plan.runners {
        runners.push(Runner::start(platform, &format!("growth-{nth}")).await?);
        progress.step();
    }
    progress.part("p6: runs", plan.runs);
    let done = Arc::new(AtomicU64::new(0));
    let working = work(runners, &done, plan.runs);
    platform.close(name).await?;
    let points = watch(platform, plan, &done, progress);
    let (points, worked) = tokio::join!(points, working);
    worked?;
    let points = points?;

    let runs = plan.runs;
    let (early, late) = ends(&points);
    figures.add(
        "p6_cost_growth",
        late.processor_us / early.processor_us,
        "≤ 1.2",
        format!(
            "processor time of a run (lease and result; orchestrator and database) at {runs} runs over \
             that at {}: {:.0} and {:.0} µs; {} submissions in one tournament, {} runners",
            early.runs, late.processor_us, early.processor_us, plan.methods, plan.runners
        ),
    );
    figures.add(
        "p6_elapsed_growth",
        late.elapsed_us / early.elapsed_us,
        "≤ 1.2",
        format!(
            "the same of elapsed time, all runners at work: {:.0} and {:.0} µs a run",
            late.elapsed_us, early.elapsed_us
        ),
    );
    let (_, peak) = platform.memory_mib()?;
    figures.add(
        "p6_rss_mib",
        peak,
        "≤ 200",
        format!(
            "most memory the orchestrator ever held; {:.0} MiB at {} runs, {:.0} at {runs}",
            early.memory_mib, early.runs, late.memory_mib
        ),
    );
    let milliseconds = decide(platform, id, plan).await?;
    figures.add(
        "p6_standings_ms",
        milliseconds,
        "< 1000",
        format!(
            "reading that tournament, its standings and the cut of its last round, {runs} runs"
        ),
    );
    Ok(points)
}

/// The first whole windows, where a thousand runs were done, and the last.
fn ends(points: &[Point]) -> (Point, Point) {
    // A few windows each: one alone says as much of its neighbours as of itself.
    let few = (points.len() / 30).clamp(1, 3);
    let middle = |points: &[Point]| {
        let of = |field: fn(&Point) -> f64| {
            let mut values: Vec<f64> = points.iter().map(field).collect();
            quantile(&mut values, 0.5)
        };
        Point {
            runs: points.last().map_or(0, |point| point.runs),
            processor_us: of(|point| point.processor_us),
            elapsed_us: of(|point| point.elapsed_us),
            memory_mib: of(|point| point.memory_mib),
        }
    };
    let first = &points[..few.min(points.len())];
    let last = &points[points.len().saturating_sub(few)..];
    (middle(first), middle(last))
}

/// All runners at work until all runs are done.
async fn work(runners: Vec<Runner>, done: &Arc<AtomicU64>, runs: u64) -> Result<()> {
    let mut working = tokio::task::JoinSet::new();
    for mut runner in runners {
        let done = Arc::clone(done);
        working.spawn(async move {
            while done.load(Ordering::Relaxed) < runs {
                if let Some(leased) = runner.lease(2).await? {
                    runner.report(&leased).await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(ended) = working.join_next().await {
        ended??;
    }
    Ok(())
}

async fn watch(
    platform: &Platform,
    plan: &Plan,
    done: &AtomicU64,
    progress: &Progress,
) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    // The first runs pay for warming up: plans, caches, connections.
    let mut last: Option<(u64, Duration, Instant)> = None;
    let (mut seen, mut moved) = (0, Instant::now());
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = done.load(Ordering::Relaxed);
        progress.at(now);
        if now > seen {
            (seen, moved) = (now, Instant::now());
        } else if moved.elapsed() > Duration::from_secs(60) {
            return Err(format!("nothing was done for a minute after {now} runs").into());
        }
        let Some((runs, processor, at)) = last else {
            if now >= plan.window / 2 {
                last = Some((now, platform.processor_time()?, Instant::now()));
            }
            continue;
        };
        if now >= runs + plan.window || now >= plan.runs {
            let (processor_now, at_now) = (platform.processor_time()?, Instant::now());
            // What is left over at the end is too little to measure.
            if now - runs >= plan.window / 2 {
                let each = |time: Duration| time.as_secs_f64() * 1e6 / (now - runs) as f64;
                points.push(Point {
                    runs: now,
                    processor_us: each(processor_now - processor),
                    elapsed_us: each(at_now - at),
                    memory_mib: platform.memory_mib()?.0,
                });
            }
            last = Some((now, processor_now, at_now));
        }
        if now >= plan.runs {
            return Ok(points);
        }
    }
}

/// Milliseconds that the last round's decision takes, reading included; median of five.
async fn decide(platform: &Platform, id: TournamentId, plan: &Plan) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let mut conn = platform.context.db.acquire().await?;
        let start = Instant::now();
        let loaded = play::load(&mut conn, id, Lock::None).await?;
        let read = start.elapsed();
        let tournament = loaded.ok_or("the tournament is gone")?.tournament;
        let mut rounds = tournament.rounds().to_vec();
        let runs: usize = rounds.iter().map(|round| round.runs.len()).sum();
        if runs as u64 != plan.runs {
            return Err(format!("{runs} runs instead of {}", plan.runs).into());
        }
        // As it was before the last decision.
        if let Some(last) = rounds.last_mut() {
            last.decision = None;
        }
        let before = Tournament::restore(Parts {
            rules: tournament.rules().clone(),
            metrics: tournament.metrics().to_vec(),
            state: TournamentState::Closed,
            paused: None,
            commitment: None,
            field: tournament.field().cloned().collect(),
            defender: None,
            disqualified: std::collections::BTreeSet::new(),
            seed: tournament.seed().copied(),
            rounds,
            champion: None,
        });
        let start = Instant::now();
        let Some(Effect::DecideRound(_)) = before.next() else {
            return Err("the last round is not ready to be decided".into());
        };
        times.push((read + start.elapsed()).as_secs_f64() * 1e3);
    }
    Ok(quantile(&mut times, 0.5))
}
