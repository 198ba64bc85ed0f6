//! Follows tournaments to their end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gauntlet_api::{RoundState, Run, Tournament, TournamentState};
use gauntlet_client::Client;

use crate::failure::{Failure, Fault};
use crate::show::verdicts::first_faults;
use crate::show::{self, progress::Progress};

const PAUSE: Duration = Duration::from_millis(250);
/// An orchestrator may be restarted under us; this long it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Shows how the named tournaments proceed until all have ended, and returns
/// them as they are then, in the same order.
///
/// # Errors
/// If one can't end: it isn't closed yet, a round is stuck, or nobody answers.
pub(crate) async fn to_the_end(
    client: &Client,
    names: &[&str],
) -> Result<Vec<Tournament>, Failure> {
    let mut progress = Progress::new();
    let mut ended: BTreeMap<&str, Tournament> = BTreeMap::new();
    let mut heard = Instant::now();
    while ended.len() < names.len() {
        for &name in names {
            if ended.contains_key(name) {
                continue;
            }
            let now: Tournament = match client.get(&["tournaments", name]).await {
                Ok(now) => now,
                Err(error) if error.is_unreachable() && heard.elapsed() < PATIENCE => continue,
                Err(error) => return Err(error.into()),
            };
            heard = Instant::now();
            progress.update(&now);
            match now.state {
                TournamentState::Completed | TournamentState::Cancelled => {
                    ended.insert(name, now);
                }
                TournamentState::Closed => refuse_stuck(&now)?,
                TournamentState::Draft | TournamentState::Open => {
                    return Err(Failure::input(format!(
                        "{name} is {} and has no rounds to follow",
                        now.state.as_str()
                    ))
                    .field("NAME")
                    .help(format!("start it with `gauntlet tournament close {name}`")));
                }
            }
        }
        if ended.len() < names.len() {
            tokio::time::sleep(PAUSE).await;
        }
    }
    progress.finish();
    Ok(names.iter().filter_map(|name| ended.remove(name)).collect())
}

fn refuse_stuck(tournament: &Tournament) -> Result<(), Failure> {
    let Some(round) = tournament
        .rounds
        .iter()
        .find(|round| round.state == RoundState::Stuck)
    else {
        return Ok(());
    };
    Err(Failure::new(
        Fault::Ours,
        format!(
            "round {} of {} is stuck: {}",
            round.number,
            tournament.name,
            round
                .note
                .as_deref()
                .unwrap_or("a run failed too often for reasons of the platform")
        ),
    )
    .help(format!(
        "look at the runners' logs; the run's attempts are listed on its page. Once mended: `{}`",
        show::tournament::retry(&tournament.name)
    )))
}

/// A sentence about the first fault of each method that had one, by method.
pub(crate) async fn fault_details(
    client: &Client,
    tournament: &Tournament,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut details = BTreeMap::new();
    for cell in first_faults(tournament) {
        let run: Run = client.get(&["runs", &cell.run.to_string()]).await?;
        if let Some(detail) = run.detail {
            details.insert(cell.method.clone(), detail);
        }
    }
    Ok(details)
}
