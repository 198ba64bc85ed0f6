//! Results of several tasks become one number.

use gauntlet_domain::SubmissionId;
use gauntlet_domain::run::{Direction, Metric, Outcome};
use gauntlet_domain::statistics::profile_points;
use gauntlet_domain::tournament::{
    Combine, FirstBlock, Play, Racing, RoundRobin, Rules, Succession, Terms,
};

use crate::support::{CHAMPION, Game, Report, completed, every_format, failed, nth, submission};

fn loss() -> Metric {
    Metric {
        name: "loss".to_owned(),
        unit: Some("nats".to_owned()),
        better: Direction::Lower,
        best: 0.0,
        miss: 100.0,
    }
}

fn combined(rules: Rules, combine: Combine) -> Rules {
    Rules {
        terms: Terms {
            combine,
            ..rules.terms
        },
        ..rules
    }
}

fn robin(blocks: u32) -> Rules {
    Rules::from(gauntlet_domain::tournament::Play::RoundRobin(RoundRobin {
        blocks,
    }))
}

/// Blocks of the two tasks alternate in a round of two blocks: odd numbers are the first's.
fn task(block: (u32, u32)) -> u32 {
    (block.1 - 1) % 2
}

#[test]
fn ranks_weigh_tasks_alike_whichever_way_is_better() {
    // Where more is better method n has n; where less is, 10 - n: the last wins both.
    let rules = combined(robin(2), Combine::Ranks);
    let mut game = Game::closed_over(rules, &[Metric::default(), loss()], 5);
    game.play_out(|who, block| {
        let n = nth(who) as f64;
        completed(if task(block) == 0 { n / 10.0 } else { 10.0 - n })
    });
    assert_eq!(game.champion(), Some(4));
    let standings = game.decisions()[0].standings.clone();
    let lines: Vec<(usize, f64)> = standings
        .iter()
        .map(|line| (nth(line.submission), line.mean))
        .collect();
    // The share of the four others that each beats.
    assert_eq!(lines, [(4, 1.0), (3, 0.75), (2, 0.5), (1, 0.25), (0, 0.0)]);
    assert_eq!(game.tournament.scale().name, "share beaten");
}

#[test]
fn ranks_do_not_care_about_units() {
    let play = |stretch: f64| {
        let rules = combined(robin(2), Combine::Ranks);
        let mut game = Game::closed_over(rules, &[Metric::default(), loss()], 4);
        game.play_out(|who, block| {
            let n = (nth(who) * 7 + block.1 as usize * 3) % 5;
            match (task(block), n) {
                (_, 4) => failed(),
                (0, _) => completed(n as f64 / 10.0),
                _ => completed(n as f64 * stretch),
            }
        });
        serde_json::to_string(&game.decisions()).unwrap()
    };
    assert_eq!(play(1.0), play(0.001));
    assert_eq!(play(1.0), play(20.0));
}

#[test]
fn by_ranks_a_fault_beats_nobody_and_equals_share() {
    let rules = combined(robin(1), Combine::Ranks);
    let mut game = Game::closed_over(rules, &[loss()], 4);
    game.play_out(|who, _| match nth(who) {
        0 => failed(),
        3 => completed(1.0),
        _ => completed(2.0),
    });
    let standings = game.decisions()[0].standings.clone();
    let mean = |nth: usize| {
        let who = submission(nth);
        standings
            .iter()
            .find(|line| line.submission == who)
            .unwrap()
            .mean
    };
    assert_eq!([0, 1, 2, 3].map(mean), [0.0, 0.5, 0.5, 1.0]);
}

#[test]
fn the_disqualified_are_nobody_to_beat() {
    let rules = combined(robin(1), Combine::Ranks);
    let mut game = Game::closed_over(rules, &[loss()], 3);
    game.carry_on();
    game.play_runs(3, |who, _| completed(nth(who) as f64));
    game.disqualify(0);
    game.play_out(|_, _| failed());
    let standings = game.decisions()[0].standings.clone();
    assert_eq!((standings[0].mean, standings[1].mean), (1.0, 0.0));
}

#[test]
fn profiles_compare_the_work_to_reach_a_target() {
    let profile = Combine::Profile {
        r_max: 4.0,
        reference: vec![100.0, 1000.0],
    };
    let rules = combined(robin(6), profile);
    let metrics = [Metric::default(), loss()];
    let mut game = Game::closed_over(rules, &metrics, 4);
    let report = |outcome: Outcome, to_target: Option<f64>| Report { outcome, to_target };
    let play = |who: SubmissionId, block: (u32, u32)| {
        let reference = [100.0, 1000.0][task(block) as usize];
        match nth(who) {
            // As fast as the reference on every block but one per task: the median forgives it.
            0 if block.1 <= 2 => report(failed(), None),
            0 => report(completed(0.1), Some(reference)),
            // Half the pace everywhere, but with the best scores, which do not matter here.
            1 => report(completed(0.0), Some(2.0 * reference)),
            // Reaches only the first task's target.
            2 if task(block) == 0 => report(completed(0.1), Some(reference)),
            2 => report(completed(0.1), None),
            // Work of a run that failed counts for nothing.
            _ => report(failed(), Some(1.0)),
        }
    };
    game.play_out(play);
    let standings = game.decisions()[0].standings.clone();
    let mean = |nth: usize| {
        let who = submission(nth);
        standings
            .iter()
            .find(|line| line.submission == who)
            .unwrap()
            .mean
    };
    assert_eq!(mean(0), 1.0);
    assert_eq!(mean(1), profile_points(2.0, 4.0));
    assert_eq!(mean(2), 0.5);
    assert_eq!(mean(3), 0.0);
    assert_eq!(game.tournament.scale().best, 4.0 / 3.0);
}

#[test]
fn a_margin_over_a_champion_faster_than_the_reference_is_measured_from_no_work_at_all() {
    // r_max 2: no work is worth 2, half the reference 1.5. Ten per cent of what is left
    // are 0.05 points, work 0.05 less.
    let rules = Rules {
        terms: Terms {
            defend: true,
            succession: Succession::Margin {
                blocks: 1,
                margin: 0.1,
            },
            combine: Combine::Profile {
                r_max: 2.0,
                reference: vec![1.0],
            },
            ..Terms::default()
        },
        ..robin(1)
    };
    let champion = |work: f64| {
        let mut game = Game::closed_over(rules.clone(), &[Metric::default()], 1);
        game.play_out(|who, _| Report {
            outcome: completed(0.5),
            to_target: Some(if nth(who) == CHAMPION { 0.5 } else { work }),
        });
        game.champion()
    };
    assert_eq!(champion(0.46), Some(CHAMPION));
    assert_eq!(champion(0.44), Some(0));
}

fn by_profile_from_whole_runs(mut rules: Rules) -> Rules {
    if let (Play::Racing(racing), Combine::Profile { .. }) = (&rules.play, &rules.terms.combine) {
        assert_eq!(rules.validate().unwrap_err().field, "rules.first_block");
        rules.play = Play::Racing(Racing {
            first_block: FirstBlock::Whole,
            ..racing.clone()
        });
    }
    rules.validate().unwrap();
    rules
}

#[test]
fn every_format_plays_by_every_combination() {
    for rules in every_format() {
        for combine in [
            Combine::Ranks,
            Combine::Profile {
                r_max: 4.0,
                reference: vec![10.0, 10.0],
            },
        ] {
            let by_ranks = combine == Combine::Ranks;
            let rules = combined(rules.clone(), combine);
            if by_ranks && matches!(rules.play, Play::Racing(_)) {
                let error = rules.validate().unwrap_err();
                assert_eq!(error.field, "rules.terms.combine");
                continue;
            }
            let rules = by_profile_from_whole_runs(rules);
            let mut game = Game::closed_over(rules, &[Metric::default(), loss()], 7);
            game.play_out(|who, block| {
                let n = nth(who) as f64;
                Report {
                    outcome: completed((n + f64::from(block.1)) / 20.0),
                    to_target: Some(20.0 - n),
                }
            });
            assert!(game.champion().is_some());
        }
    }
}
