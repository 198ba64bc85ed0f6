//! A race opens with a block at half the budget.

use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::{FirstBlock, Play, Racing, Round, Rules};

use crate::audit::{tampered, what};
use crate::support::{Game, by_number, completed, failed, nth};

fn race(first_block: FirstBlock) -> Rules {
    Rules::from(Play::Racing(Racing {
        confidence: 1.0,
        first_block,
        ..Racing::default()
    }))
}

fn is_half(round: &Round) -> bool {
    round.blocks.iter().all(|block| block.half)
}

#[test]
fn only_the_first_block_has_half_the_budget_and_it_costs_half() {
    for (first_block, runs) in [(FirstBlock::Half, 9 + 18), (FirstBlock::Whole, 9 + 13)] {
        let mut game = Game::closed(race(first_block), 9);
        // Among equals nothing is ever certain.
        game.play_out(|_, _| completed(0.5));
        let rounds = game.tournament.rounds();
        assert_eq!(is_half(&rounds[0]), first_block == FirstBlock::Half);
        assert!(
            rounds[1..]
                .iter()
                .all(|round| round.blocks.iter().all(|one| !one.half))
        );
        let played: usize = rounds.iter().map(|round| round.runs.len()).sum();
        assert_eq!(played, runs);
        assert!(played <= game.tournament.rules().format().runs(9));
    }
}

#[test]
fn one_alone_runs_it_whole() {
    let mut game = Game::closed(race(FirstBlock::Half), 1);
    game.play_out(by_number);
    assert!(!is_half(&game.tournament.rounds()[0]));
    assert_eq!(game.champion(), Some(0));
}

#[test]
fn a_block_in_its_place_has_half_the_budget_too() {
    let mut game = Game::closed(race(FirstBlock::Half), 5);
    game.carry_on();
    let replacement = game.replacement_of(1);
    game.happens(replacement);
    game.play_out(by_number);
    let first = &game.tournament.rounds()[0];
    assert_eq!(first.blocks.len(), 2);
    assert!(is_half(first));
    assert_eq!(game.champion(), Some(4));
}

#[test]
fn who_never_gets_through_a_whole_run_does_not_win() {
    let mut game = Game::closed(race(FirstBlock::Half), 5);
    game.play_out(|who, block| match (nth(who), block) {
        (4, (1, _)) => completed(0.99),
        (4, _) => failed(),
        (who, _) => completed(0.5 + who as f64 / 100.0),
    });
    assert_ne!(game.champion(), Some(4));
}

#[test]
fn in_the_end_nobody_without_a_whole_run_stands_above_who_has_one() {
    // Few runs after the first block: most methods get none, the best of that block fails its.
    let rules = Rules::from(Play::Racing(Racing {
        runs_per_method: 1.0,
        confidence: 1.0,
        ..Racing::default()
    }));
    let mut game = Game::closed(rules, 12);
    game.play_out(|who, block| match (nth(who), block) {
        (11, (1, _)) => completed(0.99),
        (11, _) => failed(),
        (who, (1, _)) => completed(0.5 + who as f64 / 50.0),
        (_, _) => completed(0.1),
    });
    let last = game.decisions().last().unwrap().clone();
    let runs = |who| {
        game.tournament.rounds()[1..]
            .iter()
            .flat_map(|round| round.runs.values())
            .any(|run| run.submission == who && run.outcome == Some(completed(0.1)))
    };
    let whole: Vec<bool> = last
        .standings
        .iter()
        .map(|line| runs(line.submission))
        .collect();
    assert!(whole.contains(&true) && whole.contains(&false), "{whole:?}");
    assert!(whole.is_sorted_by(|a, b| a >= b), "{whole:?}");
    assert_eq!(
        game.champion(),
        Some(nth(last.standings[0].submission)),
        "{:?}",
        last.standings
    );
    assert!(
        (1..)
            .zip(&last.standings)
            .all(|(place, line)| line.place == place)
    );
    assert!(
        last.standings
            .iter()
            .any(|line| line.estimate > last.standings[0].estimate)
    );
}

#[test]
fn a_mean_is_of_whole_runs_where_there_are_some() {
    let mut game = Game::closed(race(FirstBlock::Half), 4);
    game.play_out(|who, block| match block {
        (1, _) => completed(0.2 + nth(who) as f64 / 100.0),
        _ => completed(0.6 + nth(who) as f64 / 100.0),
    });
    let last = game.decisions().last().unwrap().clone();
    for line in &last.standings {
        let whole = game.tournament.rounds()[1..].iter().any(|round| {
            let mut runs = round.runs.values();
            runs.any(|run| run.submission == line.submission)
        });
        assert_eq!(line.mean > 0.5, whole, "{line:?}");
    }
    // Estimates are on the scale of whole runs, also of those that had none.
    assert!(
        last.standings
            .iter()
            .all(|line| line.estimate.unwrap() > 0.5)
    );
}

#[test]
fn a_record_that_hides_it_is_found_out() {
    let mut game = Game::closed(race(FirstBlock::Half), 5);
    game.play_out(by_number);
    let audit = tampered(&game, 0, |event| match event {
        Event::RoundOpened { blocks, .. } => {
            for block in blocks {
                block.half = false;
            }
            true
        }
        _ => false,
    });
    assert!(!what(&audit).is_empty());
}
