//! What methods are worth, and how a tournament ends that nobody disturbs.

use gauntlet_domain::record::{Event, QueuedRun};
use gauntlet_domain::run::{Outcome, Verdict};
use gauntlet_domain::tournament::{BlockSeed, Effect, Nonce, Tournament};
use gauntlet_domain::{Digest, MethodName, RunId, RunnerId};
use uuid::Uuid;

/// What a method is worth on a block: mostly its number, with noise, and ties now and then.
/// Some methods fail sometimes, and one does always.
pub(crate) fn truth(method: &MethodName, seed: BlockSeed, less_is_better: bool) -> Outcome {
    let digest = Digest::of_parts(&[method.as_str().as_bytes(), seed.to_string().as_bytes()]);
    let chance = digest.as_bytes();
    let own = Digest::of(method.as_str().as_bytes());
    let own = own.as_bytes()[0] % 16;
    let fails = match own {
        0 | 1 => chance[0].is_multiple_of(2),
        2 => true,
        _ => chance[0].is_multiple_of(32),
    };
    if fails {
        return Outcome::new(Verdict::MethodFailed, None).unwrap();
    }
    let points = f64::from(own + chance[1] % 5) / 20.0;
    let score = if less_is_better { 2.0 - points } else { points };
    Outcome::new(Verdict::Completed, Some(score)).unwrap()
}

/// Plays a closed tournament to its end in memory: every run once, in order.
pub(crate) fn undisturbed(mut tournament: Tournament) -> Result<Tournament, String> {
    let apply = |tournament: &mut Tournament, event: Event| {
        tournament
            .apply(&event)
            .map_err(|error| format!("undisturbed: {error}"))
    };
    while let Some(effect) = tournament.next() {
        match effect {
            Effect::OpenRound {
                round,
                entrants,
                blocks,
                heats,
            } => {
                let mut runs = Vec::new();
                for heat in &heats {
                    for block in &heat.blocks {
                        runs.extend(heat.entrants.iter().map(|who| QueuedRun {
                            run: RunId(Uuid::now_v7()),
                            submission: *who,
                            block: *block,
                        }));
                    }
                }
                let queued = runs.clone();
                let seeds = blocks.clone();
                let event = Event::RoundOpened {
                    round,
                    entrants,
                    blocks,
                    heats,
                    runs,
                };
                apply(&mut tournament, event)?;
                for run in queued {
                    let block = seeds.iter().find(|block| block.index == run.block);
                    let block = block.ok_or("a run without its block")?;
                    let outcome = {
                        let mut entrants = tournament.entrants();
                        let entrant = entrants.find(|one| one.submission == run.submission);
                        let entrant = entrant.ok_or("a run of nobody")?;
                        truth(&entrant.name, block.seed, block.task == 1)
                    };
                    for event in [
                        Event::RunLeased {
                            run: run.run,
                            attempt: 1,
                            runner: RunnerId(Uuid::nil()),
                        },
                        Event::RunDone {
                            run: run.run,
                            attempt: 1,
                            outcome,
                            model: None,
                            to_target: None,
                        },
                    ] {
                        apply(&mut tournament, event)?;
                    }
                }
            }
            Effect::DecideRound(decision) => {
                apply(&mut tournament, Event::RoundDecided(decision))?;
            }
            Effect::Complete { champion } => {
                let event = Event::Completed {
                    champion,
                    archive: None,
                };
                apply(&mut tournament, event)?;
            }
        }
    }
    Ok(tournament)
}

/// The nonce of a history's tournament.
pub(crate) fn phrase(seed: u64) -> String {
    format!("history {seed}")
}

#[test]
fn the_phrase_gives_a_nonce() {
    assert_ne!(
        Nonce::from_phrase(&phrase(1)).commitment(),
        Nonce::from_phrase(&phrase(2)).commitment()
    );
}
