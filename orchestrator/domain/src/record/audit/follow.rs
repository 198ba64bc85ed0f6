//! Goes on with a record whose event does not fit: as if it did, so that what comes after it
//! is compared with what the record itself claims.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::event::{Event, QueuedRun};
use crate::run::RunState;
use crate::tournament::{Round, RunRecord, Tournament, TournamentState};

/// Takes over from an event that was refused what can be taken over. The rest is left out.
pub(super) fn follow(tournament: &mut Tournament, event: &Event) {
    match event {
        Event::Opened { commitment, .. } => {
            tournament.commitment = Some(*commitment);
            tournament.state = TournamentState::Open;
        }
        Event::Closed { seed, .. } => {
            tournament.seed = Some(*seed);
            tournament.order_field();
            tournament.state = TournamentState::Closed;
        }
        Event::RoundOpened {
            round,
            entrants,
            blocks,
            heats,
            runs,
        } => {
            let heats = if heats.is_empty() {
                Round::one_heat(entrants, blocks)
            } else {
                heats.clone()
            };
            let record = |run: &QueuedRun| RunRecord {
                submission: run.submission,
                block: (*round, run.block),
                state: RunState::Queued,
                attempt: 0,
                outcome: None,
                to_target: None,
            };
            // Rounds are found by their place, so one out of turn stays out.
            if *round as usize == tournament.rounds.len() + 1 {
                tournament.rounds.push(Round {
                    number: *round,
                    entrants: entrants.clone(),
                    blocks: blocks.clone(),
                    heats,
                    voided: BTreeSet::new(),
                    runs: runs
                        .iter()
                        .map(|run| (run.run, record(run)))
                        .collect::<BTreeMap<_, _>>(),
                    decision: None,
                });
            }
        }
        Event::BlockReplaced {
            round,
            block,
            replacement,
            runs,
            ..
        } => {
            let at = tournament
                .rounds
                .iter_mut()
                .find(|one| one.number == *round && one.decision.is_none());
            if let Some(round) = at
                && round.void(*block).is_ok()
            {
                round.replace(*block, *replacement);
                let wanted = runs.iter().map(|run| (run.submission, run.block));
                round.add(wanted.collect(), runs);
            }
        }
        Event::MethodSetAside { submission, .. } => {
            tournament.put_out(*submission);
        }
        Event::RoundDecided(decision) => {
            let last = tournament.rounds.last_mut();
            if let Some(round) = last.filter(|one| one.number == decision.round) {
                round.decision = Some(decision.clone());
            }
        }
        Event::Completed { champion, .. } => {
            tournament.champion = *champion;
            tournament.state = TournamentState::Completed;
        }
        Event::Rejudged { champion, .. } => tournament.champion = *champion,
        _ => {}
    }
}
