//! Killed between any two things that belong together.
//!
//! A process of its own plays a tournament and has every command carried out at
//! least once. It is killed (SIGKILL) at each place that a command names, started
//! again, and the tournament must end as if nothing had happened.

mod play;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};

use gauntlet_domain::tournament::TournamentState;
use gauntlet_storage::views::TournamentView;

use crate::support::Platform;
use play::{Orders, Places};

/// Places that a tournament comes by many times are tried later on, too.
const LATER: u32 = 3;

#[tokio::test]
async fn a_process_plays_a_tournament() {
    match Orders::from_env() {
        // Called by the test below.
        Some(orders) => play::carry_out(orders).await,
        None => {
            let platform = Platform::new().await;
            let (status, _) = process(&platform, "t", None);
            assert!(status.success());
            assert_eq!(platform.view("t").await.state, TournamentState::Completed);
        }
    }
}

#[tokio::test]
async fn killed_anywhere_a_tournament_ends_as_if_nothing_had_happened() {
    let platform = Platform::new().await;
    let (status, places) = process(&platform, "quiet", None);
    assert!(status.success());
    let quiet = outcome(&platform, "quiet").await;
    assert!(quiet.champion.is_some(), "{quiet:?}");
    for wanted in EVERY_COMMAND {
        let place = format!("{wanted}, after commit");
        assert!(places.contains_key(&place), "the tournament never {place}");
    }

    let mut nth = 0;
    for (place, times) in places {
        for time in [1, LATER] {
            if time > times {
                continue;
            }
            nth += 1;
            let tournament = format!("t{nth}");
            let (status, _) = process(&platform, &tournament, Some((&place, time)));
            assert_eq!(
                status.signal(),
                Some(9),
                "{place}, {time}: not reached again"
            );
            let (status, _) = process(&platform, &tournament, None);
            assert!(status.success(), "{place}, {time}: it does not go on");
            platform.check(&tournament).await;
            let disturbed = outcome(&platform, &tournament).await;
            assert_eq!(disturbed, quiet, "{place}, {time}");
        }
    }
    assert!(nth > 40, "only {nth} places");
}

/// Commands and loops that commit something.
const EVERY_COMMAND: [&str; 17] = [
    "advance",
    "cancel",
    "claim",
    "close",
    "create",
    "create task",
    "disqualify",
    "expire",
    "fault",
    "heartbeat",
    "open",
    "pause",
    "register",
    "report",
    "retry",
    "submit",
    "void block",
];

/// Plays in a process of its own; killed at that place the so-and-so-manieth time.
fn process(
    platform: &Platform,
    tournament: &str,
    die: Option<(&str, u32)>,
) -> (ExitStatus, Places) {
    let places = platform.blobs.path().join("places");
    let orders = Orders {
        database: platform.database.url().to_owned(),
        blobs: platform.blobs.path().to_owned(),
        tournament: tournament.to_owned(),
        die: die.map(|(place, time)| (place.to_owned(), time)),
        places: places.clone(),
    };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "failpoints::a_process_plays_a_tournament"])
        .args(["--nocapture", "--test-threads", "1"])
        .env(play::ORDERS, serde_json::to_string(&orders).unwrap())
        .output()
        .unwrap();
    if die.is_none() && !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    }
    (output.status, read(&places))
}

fn read(places: &Path) -> Places {
    let text = std::fs::read_to_string(places).unwrap_or_else(|_| "{}".to_owned());
    serde_json::from_str(&text).unwrap()
}

/// What must not depend on what happened meanwhile.
#[derive(Debug, PartialEq)]
struct Outcome {
    champion: Option<(String, String)>,
    standings: Vec<(String, u64, u32)>,
    /// Verdict, score and model by round, block and method.
    runs: BTreeMap<(u32, u32, String), String>,
}

async fn outcome(platform: &Platform, tournament: &str) -> Outcome {
    let view: TournamentView = platform.view(tournament).await;
    assert_eq!(view.state, TournamentState::Completed, "{tournament}");
    let mut runs = BTreeMap::new();
    for round in &view.rounds {
        for cell in &round.runs {
            let run = platform.run(cell.run).await;
            let result = format!("{:?} {:?} {:?}", run.verdict, run.score, run.model);
            let key = (round.number, cell.block, cell.method.clone());
            assert!(runs.insert(key, result).is_none(), "two runs for one place");
        }
    }
    let champion = view.champion.as_ref();
    Outcome {
        champion: champion
            .map(|champion| (champion.method.clone(), format!("{:?}", champion.model))),
        standings: view
            .standings
            .iter()
            .map(|line| (line.method.clone(), line.mean.to_bits(), line.faults))
            .collect(),
        runs,
    }
}
