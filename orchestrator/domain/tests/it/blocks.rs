//! Blocks taken out and replaced, rounds that open in turn, pauses.

use gauntlet_domain::RunnerId;
use gauntlet_domain::record::{Event, IllegalEvent};
use gauntlet_domain::run::{Metric, RunState};
use gauntlet_domain::tournament::{
    Block, Classic, Effect, Play, RoundRobin, Rules, TournamentState,
};
use uuid::Uuid;

use crate::support::{Game, by_number, completed, defended, every_format, failed, nth};

fn robin(blocks: u32) -> Rules {
    Rules::from(Play::RoundRobin(RoundRobin { blocks }))
}

/// The first block is spoilt: there everybody gets what the others deserve.
fn spoilt(who: gauntlet_domain::SubmissionId, block: (u32, u32)) -> gauntlet_domain::run::Outcome {
    if block.1 == 1 {
        completed(1.0 - nth(who) as f64 / 10.0)
    } else {
        completed(0.5)
    }
}

#[test]
fn what_a_voided_block_said_does_not_count() {
    let mut game = Game::closed(robin(2), 3);
    game.carry_on();
    let (on_first, others): (Vec<_>, Vec<_>) =
        game.waiting().into_iter().partition(|run| run.2.1 == 1);
    // One is done, one under way, one waits.
    game.run(on_first[0].0, 0, spoilt(on_first[0].1, (1, 1)).into());
    game.lease(on_first[1].0, 1);
    game.happens(game.void_of(1));
    let state = |game: &Game, at: usize| game.tournament.find_run(on_first[at].0).unwrap().state;
    assert_eq!(
        [0, 1, 2].map(|at| state(&game, at)),
        [RunState::Done, RunState::Void, RunState::Void]
    );
    assert_eq!(game.waiting().len(), others.len());
    assert!(game.tournament.scores()[&on_first[0].1].is_empty());
    assert!(!game.tournament.has_completed_a_run(on_first[0].1));
    // It does not count twice, nor come back.
    game.refuses(&game.void_of(1));
    assert!(game.tournament.replacement(1, 1).is_some());
    let replacement = game.clone().replacement_of(1);
    game.refuses(&replacement);
    // The other one is the last.
    assert!(matches!(
        game.refuses(&game.void_of(2)),
        IllegalEvent::Contradiction { .. }
    ));
    game.play_out(spoilt);
    let standings = &game.decisions()[0].standings;
    assert!(
        standings
            .iter()
            .all(|line| line.blocks == 1 && line.mean == 0.5)
    );
}

#[test]
fn a_replacement_follows_from_the_seed_and_counts_instead() {
    let mut game = Game::closed(robin(1), 3);
    game.carry_on();
    game.play_runs(3, spoilt);
    assert!(game.last().is_finished());
    let event = game.replacement_of(1);
    let Event::BlockReplaced {
        round,
        block,
        replacement,
        runs,
        reason,
    } = event.clone()
    else {
        unreachable!()
    };
    assert_eq!((replacement.index, runs.len()), (2, 3));
    assert_eq!(
        replacement.seed,
        game.tournament.seed().unwrap().block(1, 2)
    );
    let changed = |replacement: Block, runs| Event::BlockReplaced {
        round,
        block,
        replacement,
        runs,
        reason: reason.clone(),
    };
    // No other seed, number or task, no run more or less, no name used before.
    for wrong in [
        Block {
            seed: game.tournament.seed().unwrap().block(1, 3),
            ..replacement
        },
        Block {
            index: 3,
            ..replacement
        },
        Block {
            task: 1,
            ..replacement
        },
    ] {
        game.refuses(&changed(wrong, runs.clone()));
    }
    game.refuses(&changed(replacement, runs[1..].to_vec()));
    let mut old_name = runs.clone();
    old_name[0].run = *game.last().runs.keys().next().unwrap();
    game.refuses(&changed(replacement, old_name));

    game.happens(event);
    assert!(!game.last().is_finished());
    assert_eq!(game.tournament.next(), None);
    // In the heat now; the old one may not come back.
    assert_eq!(game.last().heats[0].blocks, [1, 2]);
    game.play_out(by_number);
    // By the first block method 0 would have won.
    assert_eq!(game.champion(), Some(2));
    assert_eq!(game.decisions()[0].standings[0].blocks, 1);
}

#[test]
fn a_replacement_is_not_run_by_the_disqualified() {
    let mut game = Game::closed(robin(1), 3);
    game.carry_on();
    game.disqualify(2);
    let event = game.replacement_of(1);
    let Event::BlockReplaced { runs, .. } = &event else {
        unreachable!()
    };
    assert_eq!(runs.len(), 2);
    game.happens(event);
    game.play_out(by_number);
    assert_eq!(game.champion(), Some(1));
}

#[test]
fn no_heat_loses_its_last_block_but_the_operator_may_replace_it() {
    // Two pairs with two blocks of their own each: 1, 2 and 3, 4.
    let mut game = Game::closed(
        Rules::from(Play::Classic(Classic {
            pair_blocks: 2,
            ..Classic::default()
        })),
        4,
    );
    game.carry_on();
    game.happens(game.void_of(1));
    game.refuses(&game.void_of(2));
    game.happens(game.void_of(3));
    game.refuses(&game.void_of(4));
    let replacement = game.replacement_of(4);
    game.happens(replacement);
    assert_eq!(game.last().heats[1].blocks, [3, 4, 5]);
    assert_eq!(game.last().heats[0].blocks, [1, 2]);
    game.refuses(&game.void_of(5));
    game.play_out(by_number);
    assert_eq!(game.champion(), Some(3));
    // A decided round is decided.
    game.refuses(&game.void_of(2));
}

#[test]
fn a_stuck_run_of_a_voided_block_holds_nothing_up() {
    let mut game = Game::closed(robin(2), 1);
    game.carry_on();
    let (run, ..) = game.waiting()[0];
    game.lease(run, 1);
    game.happens(Event::RunStuck {
        run,
        attempt: 1,
        reason: "no disk".to_owned(),
    });
    let block = game.tournament.find_run(run).unwrap().block.1;
    game.happens(game.void_of(block));
    game.refuses(&Event::RunRetried { run });
    game.play_out(by_number);
    assert_eq!(game.champion(), Some(0));
}

#[test]
fn a_block_of_the_title_round_can_be_replaced_too() {
    let mut game = Game::closed(defended(robin(1)), 2);
    game.play_rounds(1, by_number);
    game.carry_on();
    assert_eq!(game.last().blocks.len(), 8);
    let first = game.replacement_of(1);
    game.happens(first);
    // Method 1 beats the champion everywhere but on the block that was taken out.
    game.play_out(|who, block| match (nth(who), block) {
        (1, (2, 1)) => failed(),
        (1, _) => completed(0.9),
        _ => completed(0.1),
    });
    let title = game.decisions()[1].title.clone().unwrap();
    assert_eq!((title.evidence.blocks, title.dethroned), (8, true));
}

#[test]
fn tasks_are_dealt_in_turn_and_a_replacement_is_of_the_same_task() {
    let metrics = [Metric::default(), Metric::default(), Metric::default()];
    let rules = Rules::from(Play::Swiss(gauntlet_domain::tournament::Swiss {
        rounds: Some(3),
        blocks: 2,
    }));
    let tasks = |game: &Game| -> Vec<u32> {
        let blocks = game.tournament.rounds().iter().flat_map(|one| &one.blocks);
        blocks.map(|block| block.task).collect()
    };
    let mut game = Game::closed_over(rules, &metrics, 2);
    let mut plain = game.clone();
    plain.play_out(by_number);
    assert_eq!(tasks(&plain), [0, 1, 2, 0, 1, 2]);
    // One replaced in the first round: its task is run all the same, and none loses its turn.
    game.carry_on();
    let replacement = game.replacement_of(2);
    game.happens(replacement);
    game.play_out(by_number);
    assert_eq!(tasks(&game), [0, 1, 1, 2, 0, 1, 2]);
}

#[test]
fn a_round_opens_once_and_in_turn() {
    for rules in every_format() {
        let mut game = Game::closed(rules, 4);
        game.carry_on();
        // As round 2, before round 1 is decided.
        let Some(Event::RoundOpened {
            entrants,
            blocks,
            heats,
            runs,
            ..
        }) = game.log.last().cloned()
        else {
            unreachable!()
        };
        let again = |round: u32, runs| Event::RoundOpened {
            round,
            entrants: entrants.clone(),
            blocks: blocks
                .iter()
                .map(|block| Block { round, ..*block })
                .collect(),
            heats: heats.clone(),
            runs,
        };
        game.refuses(&again(1, runs.clone()));
        game.refuses(&again(2, runs.clone()));
        // And not with the names of runs there have been.
        game.play_rounds(1, by_number);
        game.refuses(&again(2, runs));
    }
}

#[test]
fn work_to_the_target_is_a_number() {
    let mut game = Game::closed(every_format()[0].clone(), 1);
    game.carry_on();
    let (run, who, block) = game.waiting()[0];
    game.lease(run, 1);
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        game.refuses(&Event::RunDone {
            run,
            attempt: 1,
            outcome: by_number(who, block),
            model: None,
            to_target: Some(wrong),
        });
    }
}

#[test]
fn nothing_is_leased_or_decided_in_a_pause_but_reports_are_taken() {
    for rules in every_format() {
        let mut game = Game::closed(rules, 2);
        game.carry_on();
        let waiting = game.waiting();
        let (first, rest) = waiting.split_first().unwrap();
        for (run, who, block) in rest {
            game.run(*run, 0, by_number(*who, *block).into());
        }
        game.lease(first.0, 1);
        game.happens(Event::Paused {
            reason: "power".to_owned(),
        });
        assert_eq!(game.tournament.paused(), Some("power"));
        game.refuses(&Event::Paused {
            reason: "more".to_owned(),
        });
        game.happens(Event::RunDone {
            run: first.0,
            attempt: 1,
            outcome: by_number(first.1, first.2),
            model: None,
            to_target: None,
        });
        // Every result is in; the decision waits.
        assert!(game.last().is_finished());
        assert_eq!(game.tournament.next(), None);
        let mut resumed = game.clone();
        resumed.happens(Event::Resumed);
        let Some(Effect::DecideRound(decision)) = resumed.tournament.next() else {
            panic!("a finished round is decided")
        };
        game.refuses(&Event::RoundDecided(decision));
        resumed.refuses(&Event::Resumed);
        resumed.play_out(by_number);
        assert_eq!(resumed.champion(), Some(1));
        resumed.refuses(&Event::Resumed);
    }
}

#[test]
fn a_paused_run_is_not_leased() {
    let mut game = Game::closed(every_format()[0].clone(), 2);
    game.carry_on();
    game.happens(Event::Paused {
        reason: "power".to_owned(),
    });
    let (run, ..) = game.waiting()[0];
    game.refuses(&Event::RunLeased {
        run,
        attempt: 1,
        runner: RunnerId(Uuid::nil()),
    });
    game.happens(Event::Cancelled {
        reason: "no power".to_owned(),
    });
    game.refuses(&Event::Resumed);
    assert_eq!(game.tournament.state(), TournamentState::Cancelled);
}
