//! Runs that are stopped because they can no longer matter.

use std::collections::BTreeMap;

use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Direction, Metric, Outcome, Verdict};
use gauntlet_domain::tournament::{
    Classic, Combine, Halving, MidRun, Play, Rules, Terms, Tournament, TournamentState,
    can_still_matter,
};
use gauntlet_domain::{RunId, SubmissionId};
use proptest::prelude::*;

use crate::support::{Game, completed, defended, failed, nth};

/// Halving in `rungs` rungs of one block, with runs that may be stopped.
fn stopping(rungs: u32, slack: f64, min_finished: u32) -> Rules {
    Rules {
        play: Play::Halving(Halving {
            rungs,
            eta: 2,
            blocks_per_rung: vec![2; rungs as usize],
            race: None,
        }),
        terms: Terms {
            mid_run: Some(MidRun {
                slack,
                min_finished,
            }),
            ..Terms::default()
        },
    }
}

fn stopped(probe: f64) -> Outcome {
    Outcome::new(Verdict::Stopped, Some(probe)).unwrap()
}

/// Four methods, of which three have completed both blocks of the first rung: probed at
/// 0.5, ended at 0.875. Returns their probes, and the two runs of the last.
fn three_of_four(rules: Rules) -> (Game, Vec<(RunId, f64)>, Vec<RunId>) {
    let mut game = Game::closed(rules, 4);
    game.carry_on();
    let (mut probes, mut left) = (Vec::new(), Vec::new());
    for (run, who, _) in game.waiting() {
        if nth(who) == 3 {
            left.push(run);
        } else {
            game.run(run, 0, completed(0.875).into());
            probes.push((run, 0.5));
        }
    }
    (game, probes, left)
}

#[test]
fn a_run_that_cannot_catch_up_is_stopped_and_one_that_can_is_not() {
    let (game, probes, left) = three_of_four(stopping(1, 0.0, 3));
    let ask = |probe| can_still_matter(&game.tournament, left[0], probe, &probes);
    // 0.375 more at best, and 1 on the other block: a mean of 0.875 at most.
    assert_eq!(ask(0.375), Ok(()), "equals may win the tie");
    let hopeless = ask(0.25).unwrap_err();
    assert_eq!((hopeless.bound, hopeless.mean), (0.625, 0.8125));
    assert_eq!((hopeless.needed, hopeless.places), (0.875, 1));
    assert!(hopeless.to_string().contains("0.8125"), "{hopeless}");
    // The other runs' probes are those of other blocks.
    let others: Vec<(RunId, f64)> = probes.iter().copied().take(2).collect();
    assert_eq!(
        can_still_matter(&game.tournament, left[0], 0.0, &others),
        Ok(()),
        "fewer than three of its block have completed"
    );

    let (game, probes, left) = three_of_four(stopping(1, 0.25, 3));
    assert_eq!(
        can_still_matter(&game.tournament, left[0], 0.25, &probes),
        Ok(()),
        "slack is granted"
    );
    let (game, probes, left) = three_of_four(stopping(2, 0.0, 3));
    assert!(
        can_still_matter(&game.tournament, left[0], 0.25, &probes).is_err(),
        "two of four are kept, and three are better"
    );
}

#[test]
fn a_stopped_run_counts_as_a_miss_but_not_as_a_fault_and_is_recorded() {
    let (mut game, probes, left) = three_of_four(stopping(1, 0.0, 3));
    can_still_matter(&game.tournament, left[0], 0.25, &probes).unwrap_err();
    game.run(left[0], 0, stopped(0.25).into());
    game.run(left[1], 0, completed(1.0).into());
    game.play_out(|_, _| -> Outcome { unreachable!("everything has run") });
    assert_ne!(game.champion(), Some(3));
    let last = game.tournament.standings(1).into_iter().last().unwrap();
    assert_eq!((nth(last.submission), last.mean, last.faults), (3, 0.5, 0));
    assert_eq!(
        Tournament::replay(&game.stored()).unwrap(),
        game.tournament,
        "the record tells the same"
    );
}

#[test]
fn nothing_is_stopped_where_the_mean_does_not_decide_or_the_rules_do_not_ask() {
    let without = |mut rules: Rules| {
        rules.terms.mid_run = None;
        rules
    };
    let ranks = Rules {
        terms: Terms {
            combine: Combine::Ranks,
            ..stopping(1, 0.0, 1).terms
        },
        ..stopping(1, 0.0, 1)
    };
    let race = Rules {
        play: Play::Halving(Halving::default()),
        ..stopping(1, 0.0, 1)
    };
    let classic = Rules {
        play: Play::Classic(Classic::default()),
        ..stopping(1, 0.0, 1)
    };
    for rules in [&ranks, &race, &classic] {
        assert_eq!(rules.validate().unwrap_err().field, "rules.terms.mid_run");
    }
    // Whoever plays by them all the same is safe too.
    for rules in [without(stopping(1, 0.0, 1)), ranks, race, classic] {
        let mut game = Game::closed(rules, 4);
        game.carry_on();
        let (run, _, _) = game.waiting()[0];
        let probes: Vec<(RunId, f64)> = game.waiting()[1..]
            .iter()
            .map(|(run, _, _)| (*run, 0.5))
            .collect();
        for (other, _) in &probes {
            game.run(*other, 0, completed(0.5).into());
        }
        assert_eq!(
            can_still_matter(&game.tournament, run, 0.0, &probes),
            Ok(())
        );
        game.lease(run, 1);
        let error = game.refuses(&Event::RunDone {
            run,
            attempt: 1,
            outcome: stopped(0.0),
            model: None,
            to_target: None,
        });
        assert!(error.to_string().contains("be stopped"), "{error}");
    }
}

#[test]
fn nothing_is_stopped_in_a_round_for_the_title() {
    let mut game = Game::closed(defended(stopping(1, 0.0, 1)), 2);
    game.play_rounds(1, |_, _| completed(0.5));
    game.carry_on();
    let waiting = game.waiting();
    let (run, who, _) = waiting[0];
    let rivals = waiting.iter().filter(|(_, other, _)| *other != who);
    let probes: Vec<(RunId, f64)> = rivals.map(|(run, _, _)| (*run, 0.5)).collect();
    for (other, _) in &probes {
        game.run(*other, 0, completed(1.0).into());
    }
    assert_eq!(
        can_still_matter(&game.tournament, run, 0.0, &probes),
        Ok(())
    );
}

/// Plays to the end. Runs that end as `ends` says are probed before, as `probe` says, and
/// stopped where the bound allows it and they obey it. Returns how many were.
fn play(
    game: &mut Game,
    metric: &Metric,
    ends: impl Fn(SubmissionId, (u32, u32)) -> Outcome,
    probe: impl Fn(SubmissionId, (u32, u32)) -> f64,
    mut pick: impl FnMut(usize) -> usize,
) -> usize {
    let (mut probes, mut stops) = (BTreeMap::<RunId, f64>::new(), 0);
    loop {
        if game.carry_on() {
            continue;
        }
        if game.tournament.state() == TournamentState::Completed {
            return stops;
        }
        let waiting = game.waiting();
        let (run, who, block) = waiting[pick(waiting.len()) % waiting.len()];
        let (end, before) = (ends(who, block), probe(who, block));
        let seen: Vec<(RunId, f64)> = probes.iter().map(|(run, score)| (*run, *score)).collect();
        probes.insert(run, before);
        let most = seen
            .iter()
            .filter_map(|(other, before)| {
                let other = game.tournament.find_run(*other)?;
                let score = other.outcome?.score()?;
                (other.block == block).then(|| metric.advantage(score, *before))
            })
            .fold(f64::NEG_INFINITY, f64::max);
        let slack = game.tournament.rules().terms.mid_run.unwrap().slack;
        let obeys = end
            .score()
            .is_none_or(|score| metric.advantage(score, before) <= most + slack);
        let verdict = can_still_matter(&game.tournament, run, before, &seen);
        let stop = obeys && verdict.is_err();
        stops += usize::from(stop);
        let end = if stop { stopped(before) } else { end };
        game.run(run, 0, end.into());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// As long as runs end within the bound, stopping changes neither who is kept nor who
    /// wins, in whatever order results arrive.
    #[test]
    fn stopping_changes_nobodys_fate(
        field in 2_usize..9,
        blocks in prop::collection::vec(1_u32..4, 1..4),
        eta in 2_u32..4,
        slack in 0_u32..4,
        min_finished in 1_u32..4,
        lower: bool,
        ends in prop::collection::vec(0_u8..=16, 64),
        rises in prop::collection::vec(0_u8..=6, 64),
        picks in prop::collection::vec(0_usize..64, 16),
    ) {
        // Sixteenths add up exactly, so that obeying the bound is no matter of rounding.
        let sixteenth = |number: u8| f64::from(number) / 16.0;
        let metric = if lower {
            Metric { better: Direction::Lower, best: 0.0, miss: 1.0, ..Metric::default() }
        } else {
            Metric::default()
        };
        let rules = Rules {
            play: Play::Halving(Halving {
                rungs: blocks.len() as u32,
                eta,
                blocks_per_rung: blocks,
                race: None,
            }),
            terms: Terms {
                mid_run: Some(MidRun { slack: f64::from(slack) / 16.0, min_finished }),
                ..Terms::default()
            },
        };
        prop_assert_eq!(rules.validate(), Ok(()));
        let at = |who: SubmissionId, (round, block): (u32, u32)| {
            (nth(who) * 7 + round as usize * 5 + block as usize) % 64
        };
        let ends = |who, block| match ends[at(who, block)] {
            16 => failed(),
            score => completed(sixteenth(score)),
        };
        let probe = |who, block| {
            let rise = sixteenth(rises[at(who, block)]);
            let end = ends(who, block).score().unwrap_or(0.5);
            if lower { end + rise } else { end - rise }
        };
        let mut whole = Game::closed_for(rules.clone(), metric.clone(), field);
        whole.play_out(ends);
        let mut next = 0;
        let mut short = Game::closed_for(rules, metric.clone(), field);
        play(&mut short, &metric, ends, probe, |_| {
            next += 1;
            picks[next % picks.len()]
        });
        let kept = |game: &Game| -> Vec<Vec<SubmissionId>> {
            game.decisions().into_iter().map(|decision| decision.kept).collect()
        };
        prop_assert_eq!(kept(&short), kept(&whole));
        prop_assert_eq!(short.champion(), whole.champion());
        prop_assert_eq!(Tournament::replay(&short.stored()).unwrap(), short.tournament);
    }
}

#[test]
fn runs_are_stopped_where_methods_differ_much() {
    // The best come first: half of the field is hopeless at once.
    let mut game = Game::closed(stopping(1, 0.0, 3), 8);
    let metric = Metric::default();
    let ends = |who, _| completed(1.0 - nth(who) as f64 / 8.0);
    let probe = |who, _| 0.75 - nth(who) as f64 / 8.0;
    let stops = play(&mut game, &metric, ends, probe, |_| 0);
    assert!(stops >= 4, "{stops}");
    assert_eq!(game.champion(), Some(0));
}
