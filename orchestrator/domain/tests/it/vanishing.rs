//! Fields of any size, and methods that drop out of them.

use gauntlet_domain::record::{Event, IllegalEvent};
use gauntlet_domain::run::{Metric, RunState};
use gauntlet_domain::tournament::{Classic, Play, Rules, Swiss, Terms};
use proptest::prelude::*;

use crate::support::{Game, by_number, completed, every_format, failed, nth, submission};

#[test]
fn a_field_too_small_cannot_be_closed_and_a_full_one_takes_no_more() {
    for rules in every_format() {
        let rules = Rules {
            terms: Terms {
                min_field: 3,
                max_field: Some(4),
                ..Terms::default()
            },
            ..rules
        };
        let mut game = Game::open(rules, &[Metric::default()]);
        let contradiction = |error| matches!(error, IllegalEvent::Contradiction { .. });
        game.enter(0);
        game.enter(1);
        assert!(contradiction(game.refuses(&game.closing())));
        game.enter(2);
        game.enter(3);
        assert!(contradiction(game.refuses(&Game::submission_of(4))));
        // One that is out makes room, and does not count for the smallest field.
        game.disqualify(0);
        game.disqualify(1);
        assert!(contradiction(game.refuses(&game.closing())));
        game.enter(4);
        assert!(contradiction(game.refuses(&Game::submission_of(0))));
        game.happens(game.closing());
        game.play_out(by_number);
        assert_eq!(game.champion(), Some(4));
        assert_eq!(game.tournament.rounds()[0].entrants.len(), 3);
    }
}

#[test]
fn nobody_can_steer_the_seed_by_throwing_a_method_out() {
    let mut game = Game::open(every_format()[0].clone(), &[Metric::default()]);
    game.enter(0);
    game.enter(1);
    let before = game.closing();
    game.disqualify(0);
    assert_eq!(game.closing(), before);
}

#[test]
fn one_method_alone_runs_and_wins_if_it_can() {
    for rules in every_format() {
        let mut game = Game::closed(rules.clone(), 1);
        game.play_out(by_number);
        assert_eq!(game.champion(), Some(0));
        assert_eq!(game.tournament.rounds().len(), 1);
        assert_eq!(game.decisions()[0].evidence, None);

        let mut game = Game::closed(rules, 1);
        game.play_out(|_, _| failed());
        assert_eq!(game.champion(), None);
    }
}

#[test]
fn where_all_fail_there_is_no_champion() {
    for rules in every_format() {
        for field in 2..=9 {
            let mut game = Game::closed(rules.clone(), field);
            game.play_out(|_, _| failed());
            assert_eq!(game.champion(), None);
        }
    }
}

#[test]
fn where_all_but_one_fail_that_one_wins_wherever_it_is_drawn() {
    for rules in every_format() {
        for field in 2..=11 {
            for able in 0..field {
                let mut game = Game::closed(rules.clone(), field);
                game.play_out(|who, _| {
                    if nth(who) == able {
                        completed(0.1)
                    } else {
                        failed()
                    }
                });
                assert_eq!(game.champion(), Some(able), "{rules:?}, field of {field}");
            }
        }
    }
}

#[test]
fn equals_are_parted_by_a_hash_nobody_chose() {
    for rules in every_format() {
        let order = |field: usize| {
            let mut game = Game::closed(rules.clone(), field);
            game.play_out(|_, _| completed(0.5));
            let standings = game.decisions()[0].standings.clone();
            let places = standings.into_iter().map(|line| nth(line.submission));
            places.filter(|nth| *nth < 8).collect::<Vec<_>>()
        };
        assert_eq!(order(8), order(8));
        assert_ne!(order(8), order(9), "{rules:?}");
    }
}

#[test]
fn disqualification_voids_what_waits_and_forgets_what_was_done() {
    for rules in every_format() {
        let mut game = Game::closed(rules, 4);
        game.carry_on();
        let best = 3;
        let own: Vec<_> = game
            .waiting()
            .into_iter()
            .filter(|(_, who, _)| nth(*who) == best)
            .collect();
        let (leased, who, block) = own[0];
        game.lease(leased, 1);
        game.disqualify(best);
        for (run, ..) in &own {
            assert_eq!(
                game.tournament.find_run(*run).unwrap().state,
                RunState::Void
            );
        }
        // Its report comes too late.
        game.refuses(&Event::RunDone {
            run: leased,
            attempt: 1,
            outcome: by_number(who, block),
            model: None,
            to_target: None,
        });
        game.refuses(&Event::Disqualified {
            submission: submission(best),
            reason: "again".to_owned(),
        });
        game.play_out(by_number);
        assert_eq!(game.champion(), Some(2));
        let first = &game.decisions()[0];
        assert!(
            first
                .standings
                .iter()
                .all(|line| nth(line.submission) != best)
        );
        assert_eq!(first.cut.last(), Some(&submission(best)));
        assert!(!game.tournament.has_completed_a_run(submission(best)));
    }
}

#[test]
fn one_disqualified_after_its_runs_leaves_no_trace_in_the_standings() {
    for rules in every_format() {
        let mut game = Game::closed(rules, 5);
        game.carry_on();
        let all = game.waiting().len();
        game.play_runs(all, by_number);
        // Every result is in, but nothing is decided yet.
        game.disqualify(4);
        game.play_out(by_number);
        assert_eq!(game.champion(), Some(3));
        let mut later = game.decisions().into_iter().flat_map(|one| one.standings);
        assert!(later.all(|line| nth(line.submission) != 4));
    }
}

#[test]
fn the_place_of_one_disqualified_after_the_cut_goes_to_the_best_of_those_cut() {
    // Halving keeps 5 of 9: 8 to 4. Without the best of them, 3 comes back.
    let mut game = Game::closed(every_format()[0].clone(), 9);
    game.play_rounds(1, by_number);
    game.disqualify(8);
    game.carry_on();
    let mut entrants: Vec<usize> = game.last().entrants.iter().map(|who| nth(*who)).collect();
    entrants.sort_unstable();
    assert_eq!(entrants, [3, 4, 5, 6, 7]);

    // And of the winner, to the second.
    for rules in every_format() {
        let mut game = Game::closed(rules.clone(), 6);
        while game.tournament.next()
            != Some(gauntlet_domain::tournament::Effect::Complete {
                champion: Some(submission(5)),
            })
        {
            if !game.carry_on() {
                game.play_runs(1, by_number);
            }
        }
        game.disqualify(5);
        game.play_out(by_number);
        let last = game.decisions().pop().unwrap();
        assert_eq!(game.champion(), Some(nth(last.cut[0])), "{rules:?}");
    }
}

#[test]
fn a_round_whose_entrants_all_vanish_ends_the_tournament() {
    for rules in every_format() {
        for after in 0..4 {
            let mut game = Game::closed(rules.clone(), 4);
            game.carry_on();
            game.play_runs(after, by_number);
            for nth in 0..4 {
                game.disqualify(nth);
            }
            assert!(game.last().is_finished());
            game.play_out(by_number);
            assert_eq!(game.champion(), None);
            assert_eq!(game.decisions()[0].standings, []);
        }
        // Before the first round there is nothing to play at all.
        let mut game = Game::closed(rules, 2);
        game.disqualify(0);
        game.disqualify(1);
        game.play_out(by_number);
        assert_eq!(game.champion(), None);
        assert!(game.tournament.rounds().is_empty());
    }
}

#[test]
fn a_walk_over_needs_no_result_of_its_own() {
    // Two pairs; the opponent of the worst is thrown out before it has run, and then the
    // worst fails: it goes on all the same.
    let classic = Rules::from(Play::Classic(Classic::default()));
    let mut game = Game::closed(classic, 4);
    game.carry_on();
    let heat = game
        .last()
        .heats
        .iter()
        .find(|heat| heat.entrants.contains(&submission(0)))
        .unwrap();
    let opponent = heat.entrants.iter().find(|who| nth(**who) != 0).unwrap();
    game.disqualify(nth(*opponent));
    game.play_rounds(1, |who, block| {
        if nth(who) == 0 {
            failed()
        } else {
            by_number(who, block)
        }
    });
    let first = &game.decisions()[0];
    assert_eq!(first.kept.len(), 2);
    assert!(first.kept.contains(&submission(0)));
}

#[test]
fn a_heat_that_vanishes_or_fails_leaves_its_places_to_others() {
    // Two groups of four with two winners each.
    let rules = every_format()[1].clone();
    for vanish in [true, false] {
        let mut game = Game::closed(rules.clone(), 8);
        game.carry_on();
        let gone = game.last().heats[0].entrants.clone();
        if vanish {
            gone.iter().for_each(|who| game.disqualify(nth(*who)));
        }
        game.play_rounds(1, |who, block| {
            if gone.contains(&who) {
                failed()
            } else {
                by_number(who, block)
            }
        });
        let first = &game.decisions()[0];
        let mut kept = first.kept.clone();
        kept.sort_unstable();
        let mut others = game.tournament.rounds()[0].heats[1].entrants.clone();
        others.sort_unstable();
        assert_eq!(kept, others);
    }
}

#[test]
fn a_final_that_both_fail_falls_back_on_what_was_before() {
    let classic = Rules::from(Play::Classic(Classic::default()));
    let mut game = Game::closed(classic, 4);
    game.play_out(|who, block| {
        if block.0 == 2 {
            failed()
        } else {
            by_number(who, block)
        }
    });
    let decisions = game.decisions();
    assert_eq!(game.champion(), Some(nth(decisions[0].kept[0])));
    assert_eq!(decisions[1].standings[0].blocks, 2);
}

#[test]
fn nobody_wins_by_byes_alone() {
    // Three methods, the pair fails, the third had a bye and has not run.
    for rules in [
        Rules::from(Play::Classic(Classic::default())),
        Rules::from(Play::Swiss(Swiss::default())),
    ] {
        let mut game = Game::closed(rules.clone(), 3);
        game.carry_on();
        let pair = game.last().heats[0].entrants.clone();
        let free = (0..3)
            .find(|nth| !pair.contains(&submission(*nth)))
            .unwrap();
        let mut able = game.clone();
        able.play_out(|who, block| {
            if nth(who) == free {
                by_number(who, block)
            } else {
                failed()
            }
        });
        assert_eq!(able.champion(), Some(free));
        assert_eq!(able.tournament.rounds().len(), 2);
        game.play_out(|_, _| failed());
        assert_eq!(game.champion(), None);
    }
}

#[test]
fn a_field_that_shrank_into_one_group_starts_with_the_knockout() {
    let mut game = Game::open(every_format()[1].clone(), &[Metric::default()]);
    (0..5).for_each(|nth| game.enter(nth));
    game.disqualify(2);
    game.happens(game.closing());
    game.carry_on();
    assert_eq!(game.last().heats.len(), 2);
    game.play_out(by_number);
    assert_eq!(game.champion(), Some(4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// In a knockout of any size exactly half go on, odd ones out included, and the best wins.
    #[test]
    fn a_knockout_halves_any_field(field in 2_usize..=17) {
        let rules = Rules::from(Play::Classic(Classic { group_size: 32, ..Classic::default() }));
        let mut game = Game::closed(rules.clone(), field);
        game.play_out(by_number);
        prop_assert_eq!(game.champion(), Some(field - 1));
        let mut left = field;
        for round in game.tournament.rounds() {
            prop_assert_eq!(round.entrants.len(), left);
            // A bye is an entrant in no heat, without a run.
            let meeting: usize = round.heats.iter().map(|heat| heat.entrants.len()).sum();
            prop_assert_eq!(meeting, left - left % 2);
            prop_assert_eq!(round.runs.len(), meeting);
            left = left.div_ceil(2);
        }
        prop_assert_eq!(game.tournament.rounds().len() as u32, rules.format().rounds(field));
    }
}

/// Of eight methods five fail everywhere, two are good and one is awful: whatever groups the
/// draw makes, the awful one gets no place at a good one's cost.
#[test]
fn a_group_emptied_by_failures_hands_nothing_to_an_awful_method() {
    let rules: Rules = serde_json::from_str(
        r#"{ "format": "classic", "group_size": 4, "group_winners": 2, "group_blocks": 1,
             "pair_blocks": 1, "shared": false }"#,
    )
    .unwrap();
    const AWFUL: usize = 5;
    let good = |who: usize| (6..8).contains(&(who % 8));
    let mut crowded = 0;
    // Other digests are another seed, and so another draw.
    for draw in 0..40 {
        let mut game = Game::open(rules.clone(), &[Metric::default()]);
        for method in 0..8 {
            game.enter(8 * draw + method);
        }
        game.happens(game.closing());
        game.play_out(|who, _| match nth(who) % 8 {
            6 => completed(0.90),
            7 => completed(0.92),
            AWFUL => completed(0.05),
            _ => failed(),
        });
        let champion = game.champion().expect("a good one completed every run");
        assert!(good(champion), "draw {draw}: champion {champion}");
        for round in game.tournament.rounds() {
            let decision = round.decision.as_ref().unwrap();
            for out in decision.cut.iter().filter(|who| good(nth(**who))) {
                let heat = round
                    .heats
                    .iter()
                    .find(|heat| heat.entrants.contains(out))
                    .unwrap();
                let winner = heat.entrants.iter().find(|who| decision.kept.contains(who));
                assert!(
                    winner.is_some_and(|who| good(nth(*who))),
                    "draw {draw}: a good one was cut by the draw alone"
                );
            }
            assert!(
                decision
                    .standings
                    .iter()
                    .all(|line| line.mean.is_finite() && nth(line.submission) / 8 == draw)
            );
        }
        let groups = &game.tournament.rounds()[0].heats;
        assert_eq!(groups.len(), 2);
        crowded += usize::from(groups.iter().any(|heat| {
            let able = heat.entrants.iter().filter(|who| nth(**who) % 8 >= AWFUL);
            able.count() == 3
        }));
        assert_eq!(gauntlet_domain::record::audit(&game.log).differences, []);
    }
    assert!(crowded > 0, "no draw put all who can into one group");
}
