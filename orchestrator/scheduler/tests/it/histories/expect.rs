//! What the reference says must come of a question that is asked alone.

use gauntlet_domain::RunId;
use gauntlet_domain::record::{Event, IllegalEvent, QueuedRun};
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::{Tournament, TournamentState};
use gauntlet_scheduler::commands::report::NewReport;
use gauntlet_scheduler::commands::void_block::Which;
use gauntlet_storage::leases::Holder;
use uuid::Uuid;

use super::ask::Ask;
use super::model::{FAULT, Model};
use super::report_digest;

/// The code of a refusal, and the kinds of events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) refused: Option<&'static str>,
    /// Sorted.
    pub(crate) events: Vec<&'static str>,
}

fn refused(code: &'static str) -> Expected {
    Expected {
        refused: Some(code),
        events: vec![],
    }
}

fn done(events: impl IntoIterator<Item = &'static str>) -> Expected {
    let mut events: Vec<_> = events.into_iter().collect();
    events.sort_unstable();
    Expected {
        refused: None,
        events,
    }
}

/// See the module. Steps of the tournament are not foretold here: each is compared with
/// what the rules say when it is taken in.
pub(crate) fn expect(model: &Model, ask: &Ask) -> Option<Expected> {
    let tournament = &model.tournament;
    let state = tournament.state();
    Some(match ask {
        Ask::Nothing | Ask::Expire(_) => done([]),
        Ask::Advance => return None,
        Ask::Open => match state {
            TournamentState::Draft if tournament.rules().terms.defend => {
                done(["opened", "defender_entered"])
            }
            TournamentState::Draft => done(["opened"]),
            TournamentState::Open => done([]),
            _ => refused("tournament-not-draft"),
        },
        Ask::Submit(name, module) => {
            let digest = gauntlet_domain::Digest::of(module);
            let most = tournament.rules().terms.max_field;
            match state {
                TournamentState::Open => {}
                TournamentState::Draft => return Some(refused("tournament-not-open")),
                _ => return Some(refused("tournament-closed")),
            }
            if most.is_some_and(|most| tournament.playing().len() >= most as usize) {
                refused("field-full")
            } else if tournament.entrants().any(|one| one.name == *name) {
                refused("name-taken")
            } else if tournament.entrants().any(|one| one.digest == digest) {
                refused("duplicate-module")
            } else {
                done(["submitted"])
            }
        }
        Ask::Close => match (state, tournament.playing().len()) {
            (TournamentState::Closed | TournamentState::Completed, _) => done([]),
            (TournamentState::Draft | TournamentState::Cancelled, _) => {
                refused("tournament-not-open")
            }
            (_, 0) => refused("empty-field"),
            (_, field) if field < tournament.rules().terms.min_field as usize => {
                refused("small-field")
            }
            _ => done(["closed"]),
        },
        Ask::Claim(runner, token, _) if runner.token != *token => refused("unknown-runner"),
        Ask::Claim(_, _, gauntlet_domain::run::Lane::Wasm) if !model.claimable().is_empty() => {
            done(["run_leased"])
        }
        Ask::Claim(..) => done([]),
        Ask::Report(holder, report) => self::report(model, holder, report),
        Ask::Fault(holder) if own(model, holder) => {
            if model.is_current(holder.run, holder.attempt) {
                done([lost(model, holder.run)])
            } else if model.faulted.contains(&(holder.run, holder.attempt)) {
                done([])
            } else {
                refused("lease-lost")
            }
        }
        Ask::Beat(holder) if own(model, holder) && model.is_current(holder.run, holder.attempt) => {
            done([])
        }
        Ask::Fault(_) | Ask::Beat(_) => refused("lease-lost"),
        Ask::Register(runner) if model.is_played() => done(
            model
                .held_by(runner.id)
                .into_iter()
                .map(|run| lost(model, run)),
        ),
        Ask::Register(_) => done([]),
        Ask::Sweep if model.is_played() => done(model.expired.iter().map(|run| lost(model, *run))),
        Ask::Sweep => done([]),
        Ask::Retry(run) => match (model.state_of(*run).map(|(state, _)| state), state) {
            (Some(RunState::Stuck), TournamentState::Closed) => done(["run_retried"]),
            (Some(RunState::Stuck), _) => refused("tournament-ended"),
            (Some(RunState::Done), _) => refused("run-done"),
            _ => done([]),
        },
        Ask::Pause if tournament.paused().is_some() => done([]),
        Ask::Resume if tournament.paused().is_none() => done([]),
        Ask::Pause => {
            let reason = FAULT.to_owned();
            by_the_rules(tournament, Event::Paused { reason })
        }
        Ask::Resume => by_the_rules(tournament, Event::Resumed),
        Ask::Cancel => match state {
            TournamentState::Cancelled => done([]),
            TournamentState::Completed => refused("tournament-completed"),
            _ => done(["cancelled"]),
        },
        Ask::Disqualify(name) => {
            let Some(entrant) = tournament.entrants().find(|one| one.name == *name) else {
                return Some(refused("unknown-method"));
            };
            let event = Event::Disqualified {
                submission: entrant.submission,
                reason: FAULT.to_owned(),
            };
            by_the_rules(tournament, event)
        }
        Ask::Void(which) if which.round as usize > tournament.rounds().len() => {
            refused("unknown-block")
        }
        Ask::Void(which) => {
            let event = Event::BlockVoided {
                round: which.round,
                block: which.block,
                reason: FAULT.to_owned(),
            };
            by_the_rules(tournament, event)
        }
        Ask::Replace(which) => replaced(tournament, *which),
    })
}

fn own(model: &Model, holder: &Holder) -> bool {
    let mut leased = model.leased.iter();
    leased.any(|leased| {
        (leased.run, leased.attempt, leased.token) == (holder.run, holder.attempt, holder.token)
    })
}

/// What becomes of a run that is lost now.
fn lost(model: &Model, run: RunId) -> &'static str {
    let attempt = model.state_of(run).map(|(_, attempt)| attempt);
    if attempt >= model.allowed.get(&run).copied() {
        "run_stuck"
    } else {
        "run_requeued"
    }
}

fn report(model: &Model, holder: &Holder, report: &NewReport) -> Expected {
    if let Some((attempt, digest)) = model.accepted.get(&holder.run) {
        return if *attempt != holder.attempt || !own(model, holder) {
            refused("lease-lost")
        } else if *digest == report_digest(report) {
            done([])
        } else {
            refused("report-differs")
        };
    }
    if !own(model, holder) || !model.is_current(holder.run, holder.attempt) {
        return refused("lease-lost");
    }
    if report.model == Some(gauntlet_domain::Digest::of(b"never stored")) {
        return refused("missing-blob");
    }
    let loss = model.leased.iter().find(|leased| leased.run == holder.run);
    let (least, most) = match loss.is_some_and(|leased| leased.less_is_better) {
        true => (0.0, f64::INFINITY),
        false => (f64::NEG_INFINITY, 1.0),
    };
    if report
        .score
        .is_some_and(|score| score < least || score > most)
    {
        return refused("invalid-outcome");
    }
    done(["run_done"])
}

fn replaced(tournament: &Tournament, which: Which) -> Expected {
    let Some(replacement) = tournament.replacement(which.round, which.block) else {
        return refused("unknown-block");
    };
    let runs = tournament
        .rounds()
        .iter()
        .filter(|round| round.number == which.round)
        .flat_map(|round| round.runs_of(which.block))
        .filter(|(who, _)| !tournament.is_disqualified(*who))
        .map(|(submission, _)| QueuedRun {
            run: RunId(Uuid::now_v7()),
            submission,
            block: replacement.index,
        })
        .collect();
    let event = Event::BlockReplaced {
        round: which.round,
        block: which.block,
        replacement,
        runs,
        reason: FAULT.to_owned(),
    };
    by_the_rules(tournament, event)
}

fn by_the_rules(tournament: &Tournament, event: Event) -> Expected {
    match tournament.clone().apply(&event) {
        Ok(()) => done([event.kind()]),
        Err(IllegalEvent::State { .. }) => refused("tournament-state"),
        Err(_) => refused("not-allowed"),
    }
}
