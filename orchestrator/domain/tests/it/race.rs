//! The early cut of halving: once methods differ at all, those beaten beyond doubt go.

use gauntlet_domain::tournament::{Halving, Play, Rules};

use crate::support::{Game, by_number, completed, failed, nth, submission};

fn racing(race: Option<f64>, blocks_per_rung: Vec<u32>) -> Rules {
    Rules::from(Play::Halving(Halving {
        rungs: blocks_per_rung.len() as u32,
        eta: 2,
        blocks_per_rung,
        race,
    }))
}

#[test]
fn those_the_leader_beats_beyond_doubt_go_at_once() {
    // Twelve blocks: a p-value of 1/4096, times three rivals, is below 0.05.
    let runs = |race: Option<f64>| {
        let mut game = Game::closed(racing(race, vec![12, 1, 1]), 8);
        game.play_out(by_number);
        assert_eq!(game.champion(), Some(7));
        let first = game.decisions()[0].clone();
        (first, game.tournament.rounds().len())
    };
    let (plain, rounds) = runs(None);
    assert_eq!((plain.kept.len(), plain.friedman, rounds), (4, None, 3));
    let (raced, rounds) = runs(Some(0.05));
    assert_eq!((raced.kept.len(), rounds), (1, 1));
    assert!(raced.friedman.unwrap() < 1e-6);
    // Every cut has its evidence: those raced out against the leader.
    assert_eq!(raced.comparisons.len(), 7);
    assert!(
        raced
            .comparisons
            .iter()
            .all(|one| one.kept == submission(7))
    );
}

#[test]
fn equals_of_the_leader_are_never_raced_out() {
    let mut game = Game::closed(racing(Some(0.5), vec![12, 1]), 4);
    game.play_out(|_, _| completed(0.5));
    let first = &game.decisions()[0];
    assert_eq!((first.kept.len(), first.friedman), (2, None));

    // Three equals and a straggler: methods do differ, but not those that would go on.
    let mut game = Game::closed(racing(Some(0.5), vec![12, 1]), 4);
    game.play_out(|who, _| {
        if nth(who) == 0 {
            failed()
        } else {
            completed(0.5)
        }
    });
    let first = &game.decisions()[0];
    assert_eq!(first.kept.len(), 2);
    assert!(first.friedman.unwrap() < 1e-6);
}

#[test]
fn one_raced_out_from_between_is_compared_with_the_leader() {
    // Second by its mean, but worse than the leader on every block; the third swings so much
    // that nothing is certain about it.
    let mut game = Game::closed(racing(Some(0.05), vec![12, 1]), 5);
    game.carry_on();
    let runs = game.waiting().len();
    game.play_runs(runs, |who, block| {
        completed(match nth(who) {
            4 => 0.80,
            3 => 0.79,
            2 if block.1.is_multiple_of(2) => 1.0,
            2 => 0.57,
            _ => 0.1,
        })
    });
    game.carry_on();
    let first = &game.decisions()[0];
    assert_eq!(first.kept, [4, 2].map(submission));
    let edge = first.evidence.as_ref().unwrap();
    assert_eq!((nth(edge.kept), nth(edge.cut)), (4, 3));
    assert_eq!(edge.p_value, Some(1.0 / 4096.0));
    // The others lost their places to the last one kept, as ever.
    assert!(first.comparisons[1..].iter().all(|one| nth(one.kept) == 2));
}

#[test]
fn one_block_proves_nothing() {
    let mut game = Game::closed(racing(Some(0.5), vec![1, 1, 1]), 8);
    game.play_out(by_number);
    let first = &game.decisions()[0];
    assert_eq!((first.kept.len(), first.friedman), (4, None));
}

#[test]
fn a_race_never_leaves_the_place_of_the_disqualified_to_chance() {
    // The only one left is thrown out: the best of those raced out takes its place.
    let mut game = Game::closed(racing(Some(0.05), vec![12, 1]), 6);
    game.play_rounds(1, by_number);
    assert_eq!(game.decisions()[0].kept, [submission(5)]);
    game.disqualify(5);
    game.play_out(by_number);
    assert_eq!(game.champion(), Some(4));
}

#[test]
fn where_methods_may_not_differ_at_all_nobody_is_raced_out() {
    // The best beats the second on each of five blocks, p = 1/32; but over all three
    // Friedman's test finds nothing at that level.
    let mut game = Game::closed(racing(Some(0.05), vec![5, 1]), 3);
    game.play_rounds(1, |who, (_, index)| {
        completed(match (nth(who), index) {
            (2, _) => 0.80,
            (1, _) => 0.79,
            (_, 1 | 2) => 1.0,
            (_, 3 | 4) => 0.0,
            _ => 0.795,
        })
    });
    let first = &game.decisions()[0];
    // Rank sums 13, 10, 7: a statistic of 3.6 with 2 degrees, e^-1.8.
    assert!((first.friedman.unwrap() - (-1.8_f64).exp()).abs() < 1e-12);
    assert_eq!(first.kept, [2, 1].map(submission));
}
