//! The champion defends its title, whatever the format.

use gauntlet_domain::SubmissionId;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Metric, Outcome};
use gauntlet_domain::tournament::{Effect, Rules, Succession, Terms};

use crate::support::{
    CHAMPION, Game, by_number, completed, defended, digest, every_format, failed, halving, nth,
    submission,
};

fn is_champion(who: SubmissionId) -> bool {
    nth(who) == CHAMPION
}

/// Field methods by number, the champion as given.
fn against(champion: f64) -> impl Fn(SubmissionId, (u32, u32)) -> Outcome + Clone {
    move |who, block| {
        if is_champion(who) {
            completed(champion)
        } else {
            by_number(who, block)
        }
    }
}

fn every_defence() -> [Rules; 5] {
    every_format().map(defended)
}

#[test]
fn the_title_is_decided_on_new_blocks_that_only_two_run() {
    for rules in every_defence() {
        for field in [1, 2, 5, 8] {
            let mut game = Game::closed(rules.clone(), field);
            game.play_out(against(0.1));
            let (title, before) = game.tournament.rounds().split_last().unwrap();
            assert!(
                before
                    .iter()
                    .all(|one| !one.entrants.contains(&submission(CHAMPION)))
            );
            assert_eq!(
                title.entrants,
                [submission(field - 1), submission(CHAMPION)]
            );
            assert_eq!((title.blocks.len(), title.runs.len()), (8, 16));
            let decision = title.decision.as_ref().unwrap();
            let evidence = &decision.title.as_ref().unwrap().evidence;
            // Not the blocks on which the challenger was chosen.
            assert!(decision.standings.iter().all(|line| line.blocks == 8));
            assert_eq!(evidence.blocks, 8);
            assert_eq!(evidence.p_value, Some(1.0 / 256.0));
            assert!(before.len() as u32 <= rules.format().rounds(field));
            assert_eq!(game.champion(), Some(field - 1));
            assert!(decision.title.as_ref().unwrap().dethroned);
        }
    }
}

#[test]
fn results_of_earlier_rounds_cannot_take_the_title() {
    for rules in every_defence() {
        let mut game = Game::closed(rules, 4);
        let title = |game: &Game| game.tournament.rounds().len() as u32;
        while game
            .tournament
            .rounds()
            .last()
            .is_none_or(|one| !one.entrants.contains(&submission(CHAMPION)))
        {
            if !game.carry_on() {
                game.play_runs(1, |_, _| completed(1.0));
            }
        }
        let last = title(&game);
        game.play_out(|who, (round, _)| {
            assert_eq!(round, last);
            completed(if is_champion(who) { 0.6 } else { 0.5 })
        });
        assert_eq!(game.champion(), Some(CHAMPION));
        let title = game.decisions().pop().unwrap().title.unwrap();
        assert!(!title.dethroned);
        assert!((title.evidence.effect + 0.1).abs() < 1e-12);
    }
}

#[test]
fn a_tie_keeps_the_champion() {
    for rules in every_defence() {
        let mut game = Game::closed(rules, 5);
        game.play_out(|_, _| completed(0.5));
        assert_eq!(game.champion(), Some(CHAMPION));
        let decision = game.decisions().pop().unwrap();
        assert_eq!(decision.kept, [submission(CHAMPION)]);
        assert_eq!(decision.title.unwrap().evidence.p_value, Some(1.0));
    }
}

#[test]
fn a_lucky_block_is_not_enough() {
    for rules in every_defence() {
        let mut game = Game::closed(rules, 3);
        game.play_out(|who, (_, index)| match (is_champion(who), index) {
            (true, 1) => completed(0.0),
            (false, 1) => completed(1.0),
            (true, _) => completed(0.52),
            (false, _) => completed(0.5),
        });
        assert_eq!(game.champion(), Some(CHAMPION));
    }
}

#[test]
fn where_nobody_completes_a_run_the_champion_stays_without_one() {
    for rules in every_defence() {
        let mut game = Game::closed(rules, 4);
        game.play_out(|_, _| failed());
        assert_eq!(game.champion(), Some(CHAMPION));
        assert!(game.decisions().iter().all(|one| one.title.is_none()));
    }
}

#[test]
fn a_champion_that_fails_everywhere_loses_to_one_that_does_not() {
    for rules in every_defence() {
        let play = |completes: u32| {
            let mut game = Game::closed(rules.clone(), 3);
            game.play_out(move |who, (_, index)| {
                if is_champion(who) {
                    return failed();
                }
                let title = index > 8 - completes || completes == 0;
                if title { completed(0.2) } else { failed() }
            });
            game.champion()
        };
        assert_ne!(play(8), Some(CHAMPION));
    }
    // Three of eight are not beyond doubt, by the rule as for any other scores.
    let mut game = Game::closed(defended(halving()), 2);
    game.play_out(
        |who, (round, index)| match (is_champion(who), round, index) {
            (true, ..) | (_, 2, 4..) => failed(),
            _ => completed(0.2),
        },
    );
    assert_eq!(game.champion(), Some(CHAMPION));
}

#[test]
fn both_failing_the_title_round_keeps_the_champion() {
    for rules in every_defence() {
        let mut game = Game::closed(rules, 2);
        game.play_rounds(1, by_number);
        while game.tournament.champion().is_none() {
            let title = game.last().entrants.contains(&submission(CHAMPION));
            if !game.carry_on() {
                game.play_runs(1, |who, block| {
                    if title {
                        failed()
                    } else {
                        by_number(who, block)
                    }
                });
            }
        }
        assert_eq!(game.champion(), Some(CHAMPION));
        assert_eq!(
            game.decisions()
                .pop()
                .unwrap()
                .title
                .map(|one| one.dethroned),
            Some(false)
        );
    }
}

/// Plays until the title round is open.
fn to_the_title(rules: Rules, field: usize) -> Game {
    let mut game = Game::closed(rules, field);
    loop {
        let last = game.tournament.rounds().last();
        if last.is_some_and(|one| one.entrants.contains(&submission(CHAMPION))) {
            return game;
        }
        if !game.carry_on() {
            game.play_runs(1, by_number);
        }
    }
}

#[test]
fn a_champion_thrown_out_has_no_title_to_defend() {
    for rules in every_defence() {
        // While submissions are taken, and once the field is closed: there is no title round.
        let mut early = Game::open(rules.clone(), &[Metric::default()]);
        (0..3).for_each(|nth| early.enter(nth));
        early.disqualify(CHAMPION);
        early.happens(early.closing());
        let mut closed = Game::closed(rules.clone(), 3);
        closed.disqualify(CHAMPION);
        for mut game in [early, closed] {
            game.play_out(by_number);
            assert_eq!(game.champion(), Some(2));
            assert!(game.decisions().iter().all(|one| one.title.is_none()));
        }

        // In the title round, at any moment: a walk-over, even over a better champion.
        for done in [0, 5, 16] {
            let mut game = to_the_title(rules.clone(), 3);
            game.play_runs(done, against(1.0));
            game.disqualify(CHAMPION);
            game.play_out(against(1.0));
            assert_eq!(game.champion(), Some(2));
            let decision = game.decisions().pop().unwrap();
            assert!(decision.title.unwrap().dethroned);
            assert_eq!(decision.cut, [submission(CHAMPION)]);
        }

        // Once the title is decided, but not yet given: it goes to the challenger.
        let mut game = to_the_title(rules.clone(), 3);
        game.play_runs(16, against(1.0));
        game.carry_on();
        assert_eq!(
            game.tournament.next(),
            Some(Effect::Complete {
                champion: Some(submission(CHAMPION))
            })
        );
        game.disqualify(CHAMPION);
        game.play_out(against(1.0));
        assert_eq!(game.champion(), Some(2));

        // Both.
        let mut game = to_the_title(rules, 3);
        game.disqualify(CHAMPION);
        game.disqualify(2);
        game.play_out(by_number);
        assert_eq!(game.champion(), None);
    }
}

#[test]
fn a_challenger_thrown_out_leaves_the_title_where_it_is() {
    for rules in every_defence() {
        // Before the title round the next best asks for it.
        let mut game = Game::closed(rules.clone(), 3);
        while !matches!(
            game.tournament.next(),
            Some(Effect::OpenRound { ref entrants, .. }) if entrants.contains(&submission(CHAMPION))
        ) {
            if !game.carry_on() {
                game.play_runs(1, by_number);
            }
        }
        let next_best = game.decisions().pop().unwrap().cut[0];
        game.disqualify(2);
        game.play_out(against(0.1));
        assert_eq!(game.champion(), Some(nth(next_best)));

        // In it, nobody does.
        for done in [0, 16] {
            let mut game = to_the_title(rules.clone(), 3);
            game.play_runs(done, against(0.1));
            game.disqualify(2);
            game.play_out(against(0.1));
            assert_eq!(game.champion(), Some(CHAMPION));
        }

        // After it, even if the champion failed every run.
        let mut game = to_the_title(rules, 3);
        game.play_runs(16, |who, block| {
            if is_champion(who) {
                failed()
            } else {
                by_number(who, block)
            }
        });
        game.carry_on();
        game.disqualify(2);
        game.play_out(by_number);
        assert_eq!(game.champion(), Some(CHAMPION));
    }
}

#[test]
fn a_margin_asks_for_more_than_half_of_the_blocks() {
    let by_margin = |format: Rules| Rules {
        terms: Terms {
            defend: true,
            succession: Succession::Margin {
                blocks: 3,
                margin: 0.1,
            },
            ..Terms::default()
        },
        ..format
    };
    for rules in every_format() {
        // The champion is 0.5 from the best: the challenger must be 0.05 better.
        for (clear, dethroned) in [(1, false), (2, true), (3, true)] {
            let mut game = Game::closed(by_margin(rules.clone()), 2);
            let mut title = 0;
            while game.tournament.champion().is_none() {
                if !game.carry_on() {
                    game.play_runs(1, |who, (_, index)| {
                        if is_champion(who) {
                            completed(0.5)
                        } else if index <= clear {
                            completed(0.56)
                        } else {
                            completed(0.54)
                        }
                    });
                    title = game.last().blocks.len();
                }
            }
            let decision = game.decisions().pop().unwrap().title.unwrap();
            assert_eq!(title, 3);
            assert_eq!((decision.won, decision.dethroned), (Some(clear), dethroned));
            assert_eq!(game.champion() == Some(CHAMPION), !dethroned);
        }
    }
}

#[test]
fn there_is_one_defender_and_only_where_the_rules_say_so() {
    let entered = |nth: usize| Event::DefenderEntered {
        submission: submission(nth),
        name: format!("m{nth}").parse().unwrap(),
        digest: digest(nth),
        archive: gauntlet_domain::ArchiveId(uuid::Uuid::nil()),
    };
    let game = Game::open(halving(), &[Metric::default()]);
    game.refuses(&entered(7));
    let mut game = Game::open(defended(halving()), &[Metric::default()]);
    game.refuses(&entered(7));
    // Nor may its method be handed in again, and it takes no place of the field.
    game.refuses(&Game::submission_of(CHAMPION));
    game.enter(0);
    assert_eq!(game.tournament.playing(), [submission(0)]);
    assert_eq!(game.tournament.entrants().count(), 2);
}
