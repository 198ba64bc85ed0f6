//! Real runners and the real API, with a network between them that loses, delays, doubles
//! and reorders messages as a seed says.
//!
//! A proxy and not a simulated network: the runner's HTTP client brings its own connector
//! and starts processes, PostgreSQL speaks over a socket of its own, and none of them runs
//! on simulated time. So the network is at fault by seed, and time is real.

#![expect(clippy::unwrap_used, reason = "a surprise here is a failed test")]

mod proxy;
mod stage;

use std::collections::BTreeMap;
use std::time::Duration;

use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::{Tournament, TournamentState};
use stage::Stage;

/// What must not depend on the network.
#[derive(Debug, PartialEq)]
struct Outcome {
    champion: Option<(String, String)>,
    standings: Vec<(String, u64, u32)>,
    /// Verdict, score and model by round, block and method.
    runs: BTreeMap<(u32, u32, String), String>,
}

/// A whole tournament over a network of that seed, or over a good one.
async fn play(seed: Option<u64>) -> Outcome {
    let stage = Stage::set(seed).await;
    let ended = async {
        while stage.view().await.state != TournamentState::Completed {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(900), ended)
        .await
        .expect("the tournament ends");
    let outcome = outcome(&stage).await;
    check(&stage).await;
    let fates = stage.proxy.fates();
    eprintln!("{seed:?}: {fates:?}");
    if seed.is_some() {
        assert!(fates.lost > 0 && fates.answer_lost > 0, "{fates:?}");
        assert!(fates.doubled > 0 && fates.repeated_late > 0, "{fates:?}");
        assert!(fates.delayed > 0 && fates.answer_cut > 0, "{fates:?}");
    }
    stage.end().await;
    outcome
}

async fn outcome(stage: &Stage) -> Outcome {
    let view = stage.view().await;
    let mut runs = BTreeMap::new();
    for round in &view.rounds {
        for cell in &round.runs {
            let run = stage.run(cell.run).await;
            let result = format!("{:?} {:?} {:?}", run.verdict, run.score, run.model);
            let key = (round.number, cell.block, cell.method.clone());
            assert!(runs.insert(key, result).is_none(), "two runs for one place");
        }
    }
    let champion = view.champion.as_ref();
    Outcome {
        champion: champion.map(|won| (won.method.clone(), format!("{:?}", won.model))),
        standings: view
            .standings
            .iter()
            .map(|line| (line.method.clone(), line.mean.to_bits(), line.faults))
            .collect(),
        runs,
    }
}

/// Each run has one result, the chain holds, and tells what the tables have.
async fn check(stage: &Stage) {
    let record = stage.record().await;
    let mut done: BTreeMap<_, u32> = BTreeMap::new();
    for event in &record {
        if let Event::RunDone { run, .. } = event {
            *done.entry(*run).or_default() += 1;
        }
    }
    let loaded = stage.loaded().await;
    let runs: usize = loaded.rounds().iter().map(|round| round.runs.len()).sum();
    assert_eq!(done.len(), runs, "a result is lost");
    assert!(done.values().all(|times| *times == 1), "{done:?}");
    assert_eq!(Tournament::replay(&record).unwrap(), loaded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn whatever_the_network_does_the_tournament_ends_the_same() {
    let quiet = play(None).await;
    assert!(quiet.champion.is_some(), "{quiet:?}");
    for seed in [1, 2] {
        assert_eq!(play(Some(seed)).await, quiet, "seed {seed}");
    }
}
