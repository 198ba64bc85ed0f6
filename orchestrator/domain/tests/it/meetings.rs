//! Pairs: who meets whom, and what it is worth.

use gauntlet_domain::SubmissionId;
use gauntlet_domain::tournament::{Play, RoundRobin, Rules, Swiss};

use crate::support::{Game, by_number, completed, nth};

#[test]
fn swiss_gives_nobody_a_second_bye_and_no_pair_a_second_meeting_while_it_can() {
    let mut game = Game::closed(Rules::from(Play::Swiss(Swiss::default())), 9);
    game.play_out(by_number);
    let rounds = game.tournament.rounds();
    assert_eq!(rounds.len(), 4);
    let mut pairs: Vec<_> = Vec::new();
    let mut free: Vec<SubmissionId> = Vec::new();
    for round in rounds {
        let met: Vec<_> = round.heats.iter().flat_map(|heat| &heat.entrants).collect();
        free.extend(round.entrants.iter().filter(|who| !met.contains(who)));
        for heat in &round.heats {
            let mut pair = heat.entrants.clone();
            pair.sort_unstable();
            pairs.push(pair);
        }
    }
    assert_eq!((pairs.len(), free.len()), (16, 4));
    pairs.sort();
    pairs.dedup();
    free.sort();
    free.dedup();
    assert_eq!((pairs.len(), free.len()), (16, 4));
    assert_eq!(game.champion(), Some(8));
}

#[test]
fn an_opponent_that_is_thrown_out_is_a_win_in_swiss() {
    // Whichever of the two is named first in its heat.
    for out in [0, 1] {
        let rules = Rules::from(Play::Swiss(Swiss {
            rounds: Some(1),
            blocks: 1,
        }));
        let mut game = Game::closed(rules, 2);
        game.carry_on();
        game.disqualify(out);
        game.play_out(by_number);
        let line = &game.decisions()[0].standings[0];
        assert_eq!((nth(line.submission), line.points), (1 - out, Some(1.0)));
    }
}

#[test]
fn most_meetings_won_come_before_the_mean() {
    // One has the best mean by a single block, another wins more of them.
    let rules = Rules::from(Play::RoundRobin(RoundRobin { blocks: 3 }));
    let mut game = Game::closed(rules, 2);
    game.play_out(|who, block| match (nth(who), block.1) {
        (0, 1) => completed(1.0),
        (0, _) => completed(0.1),
        _ => completed(0.2),
    });
    assert_eq!(game.champion(), Some(1));
    let standings = &game.decisions()[0].standings;
    assert!(standings[0].mean < standings[1].mean);
    assert_eq!(standings[0].points, Some(1.0));
}
