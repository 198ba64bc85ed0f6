//! What holds of halving, the first format, and of events that cannot happen.

use std::collections::BTreeMap;

use gauntlet_domain::RunnerId;
use gauntlet_domain::record::{Event, IllegalEvent};
use gauntlet_domain::run::{Direction, Metric};
use gauntlet_domain::tournament::{
    Decision, Halving, Nonce, Play, Rules, Tournament, TournamentState,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{Game, completed, digest, failed, halving, look_up, nonce, submission, table};

#[test]
fn nine_methods_become_five_three_and_a_champion() {
    let mut play = Game::closed(halving(), 9);
    // Method n scores n/10; the last one always fails.
    play.finish(
        |who, _| {
            let nth = (who.0.as_u128() - 1000) as f64;
            if nth == 8.0 {
                failed()
            } else {
                completed(nth / 10.0)
            }
        },
        |_| (0, 0),
    );
    let sizes: Vec<(usize, usize)> = play
        .tournament
        .rounds()
        .iter()
        .map(|round| (round.entrants.len(), round.runs.len()))
        .collect();
    assert_eq!(sizes, [(9, 9), (5, 10), (3, 9)]);
    assert_eq!(play.tournament.champion(), Some(submission(7)));

    let decisions = play.decisions();
    assert_eq!(decisions[0].kept, [7, 6, 5, 4, 3].map(submission));
    // The failed one is last: 0 like method 0, but with a fault.
    assert_eq!(decisions[0].cut, [2, 1, 0, 8].map(submission));
    let last = decisions[2].evidence.as_ref().unwrap();
    assert_eq!((last.kept, last.cut), (submission(7), submission(6)));
    assert_eq!(last.blocks, 6);
    assert!((last.effect - 0.1).abs() < 1e-12);
    assert_eq!(last.p_value, Some(1.0 / 64.0));
}

#[test]
fn a_field_of_failures_has_no_champion() {
    let mut play = Game::closed(halving(), 4);
    play.finish(|_, _| failed(), |_| (0, 0));
    assert_eq!(play.tournament.state(), TournamentState::Completed);
    assert_eq!(play.tournament.champion(), None);
}

#[test]
fn two_methods_need_one_rung_and_one_method_none_to_compare_with() {
    let mut two = Game::closed(halving(), 2);
    two.finish(|_, _| completed(0.5), |_| (0, 0));
    assert_eq!(two.tournament.rounds().len(), 1);
    assert!(two.tournament.champion().is_some());

    let mut one = Game::closed(halving(), 1);
    one.finish(|_, _| completed(0.5), |_| (0, 0));
    assert_eq!(one.decisions()[0].evidence, None);
    assert_eq!(one.tournament.champion(), Some(submission(0)));
}

#[test]
fn equals_are_ordered_by_a_hash_nobody_chose() {
    let order = |field: usize| {
        let mut game = Game::closed(halving(), field);
        game.finish(|_, _| completed(0.5), |_| (0, 0));
        let first = &game.decisions()[0];
        let places = first.standings.iter().map(|line| line.submission);
        places
            .filter(|who| (0..8).any(|nth| submission(nth) == *who))
            .collect::<Vec<_>>()
    };
    assert_eq!(order(8), order(8));
    // One more in the field: another seed, another order of the same eight.
    assert_ne!(order(8), order(9));
}

#[test]
fn what_cannot_happen_is_refused_and_changes_nothing() {
    let mut play = Game::closed(halving(), 3);
    assert!(matches!(
        play.refuses(&Event::Submitted {
            submission: submission(7),
            name: "late".parse().unwrap(),
            digest: digest(7),
        }),
        IllegalEvent::State { .. }
    ));
    let effect = play.tournament.next().unwrap();
    play.carry_out(effect);
    let (run, ..) = play.waiting()[0];
    let done = |attempt| Event::RunDone {
        run,
        attempt,
        outcome: completed(0.5),
        model: None,
        to_target: None,
    };
    play.refuses(&done(0)); // never leased
    for attempt in [0, 2] {
        play.refuses(&Event::RunLeased {
            run,
            attempt,
            runner: RunnerId(Uuid::nil()),
        });
    }
    play.lease(run, 1);
    play.refuses(&done(2)); // a later attempt than there is
    play.happens(Event::RunRequeued {
        run,
        attempt: 1,
        reason: "lease ran out".to_owned(),
    });
    play.refuses(&done(1)); // its lease is gone
    play.lease(run, 2);
    play.refuses(&done(1)); // stale attempt
    play.happens(done(2));
    play.refuses(&done(2)); // a result is accepted once
    // The round is not finished, so it cannot be decided.
    let early = Decision {
        round: 1,
        standings: play.tournament.standings(1),
        kept: vec![submission(0)],
        cut: vec![],
        evidence: None,
        comparisons: vec![],
        friedman: None,
        title: None,
    };
    play.refuses(&Event::RoundDecided(early));
    play.refuses(&Event::Completed {
        champion: None,
        archive: None,
    });
}

#[test]
fn the_seed_must_follow_from_the_committed_nonce_and_the_field() {
    let mut play = Game {
        tournament: Tournament::new(halving(), vec![Metric::default()]),
        log: Vec::new(),
        next_run: 1,
    };
    play.happens(Event::Opened {
        commitment: nonce().commitment(),
        rules: None,
        version: None,
    });
    let closed = |nonce: Nonce, seed| Event::Closed { nonce, seed };
    let seed = play.tournament.derive_seed(&nonce());
    play.refuses(&closed(nonce(), seed)); // nobody has entered
    play.happens(Event::Submitted {
        submission: submission(0),
        name: "m".parse().unwrap(),
        digest: digest(0),
    });
    play.refuses(&closed(nonce(), seed)); // the field has changed since
    let other = Nonce::from_phrase("other");
    play.refuses(&closed(other, play.tournament.derive_seed(&other)));
    play.happens(closed(nonce(), play.tournament.derive_seed(&nonce())));
}

#[test]
fn a_stuck_run_holds_its_round_until_it_is_retried() {
    let mut play = Game::closed(halving(), 1);
    let effect = play.tournament.next().unwrap();
    play.carry_out(effect);
    let (run, ..) = play.waiting()[0];
    play.lease(run, 1);
    play.happens(Event::RunStuck {
        run,
        attempt: 1,
        reason: "no disk".to_owned(),
    });
    assert_eq!(play.tournament.next(), None);
    play.refuses(&Event::RunLeased {
        run,
        attempt: 2,
        runner: RunnerId(Uuid::nil()),
    });
    play.happens(Event::RunRetried { run });
    play.finish(|_, _| completed(1.0), |_| (0, 1));
    assert_eq!(play.tournament.champion(), Some(submission(0)));
}

fn rules() -> impl Strategy<Value = Rules> {
    (1_u32..=4, 2_u32..=4)
        .prop_flat_map(|(rungs, eta)| {
            prop::collection::vec(1_u32..=3, rungs as usize).prop_map(move |blocks| Halving {
                rungs,
                eta,
                blocks_per_rung: blocks,
                race: None,
            })
        })
        .prop_map(|halving| Rules::from(Play::Halving(halving)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_outcome_depends_on_results_alone(
        rules in rules(),
        field in 1_usize..12,
        scores in table(),
        order in prop::collection::vec((0_usize..64, 0_i32..3), 64),
    ) {
        let mut straight = Game::closed(rules.clone(), field);
        straight.finish(|who, block| look_up(&scores, who, block), |_| (0, 0));

        let mut turn = 0;
        let mut shuffled = Game::closed(rules.clone(), field);
        shuffled.finish(
            |who, block| look_up(&scores, who, block),
            |_| {
                turn += 1;
                order[turn % order.len()]
            },
        );
        // Byte-equal, whatever the order of arrival and the attempts lost on the way.
        prop_assert_eq!(
            serde_json::to_string(&straight.decisions()).unwrap(),
            serde_json::to_string(&shuffled.decisions()).unwrap()
        );
        prop_assert_eq!(straight.tournament.champion(), shuffled.tournament.champion());

        // No more runs than the format promised.
        let runs: usize = straight.tournament.rounds().iter().map(|round| round.runs.len()).sum();
        prop_assert!(runs <= rules.format().runs(field));
    }

    #[test]
    fn decisions_are_sound(rules in rules(), field in 1_usize..12, scores in table()) {
        let mut play = Game::closed(rules, field);
        play.finish(|who, block| look_up(&scores, who, block), |_| (0, 0));
        for (round, decision) in play.tournament.rounds().iter().zip(play.decisions()) {
            let places: Vec<u32> = decision.standings.iter().map(|line| line.place).collect();
            prop_assert_eq!(places, (1..=round.entrants.len() as u32).collect::<Vec<_>>());
            prop_assert!(decision.standings.is_sorted_by(|a, b| a.mean >= b.mean));
            prop_assert_eq!(decision.kept.len() + decision.cut.len(), round.entrants.len());
            // Everybody has run the same blocks.
            let counts: Vec<u32> = decision.standings.iter().map(|line| line.blocks).collect();
            prop_assert!(counts.iter().all(|count| *count == counts[0]));
            if let Some(evidence) = decision.evidence {
                prop_assert!(evidence.effect >= -1e-12);
                prop_assert!((0.0..=1.0).contains(&evidence.p_value.unwrap()));
            }
        }
        let seeds: BTreeMap<u64, ()> = play
            .tournament
            .rounds()
            .iter()
            .flat_map(|round| &round.blocks)
            .map(|block| (block.seed.0, ()))
            .collect();
        let blocks: usize = play.tournament.rounds().iter().map(|round| round.blocks.len()).sum();
        prop_assert_eq!(seeds.len(), blocks);
    }

    #[test]
    fn replaying_the_record_gives_the_same_tournament(
        rules in rules(),
        field in 1_usize..8,
        scores in table(),
        cut_at in 0.0_f64..1.0,
    ) {
        let mut play = Game::closed(rules, field);
        play.finish(|who, block| look_up(&scores, who, block), |turn| (turn / 2, 1));
        let log = play.stored();
        prop_assert_eq!(&log, &play.log);
        prop_assert_eq!(&Tournament::replay(&log).unwrap(), &play.tournament);

        // A restart anywhere continues to the same end.
        let kept = 1 + ((log.len() - 1) as f64 * cut_at) as usize;
        let mut again = Game::restarted(&log[..kept]);
        if again.tournament.state() == TournamentState::Closed {
            again.play_out(|who, block| look_up(&scores, who, block));
            prop_assert_eq!(again.tournament.champion(), play.tournament.champion());
            prop_assert_eq!(again.decisions(), play.decisions());
        }
    }
}

/// A tournament of errors is the mirror image of one of accuracies: same places, same cuts,
/// same evidence, and a fault is the worst in both.
#[test]
fn where_lower_is_better_everything_is_mirrored() {
    let error = Metric {
        name: "rmse".to_owned(),
        unit: None,
        better: Direction::Lower,
        best: -1.0,
        miss: 0.0,
    };
    let played = |metric: Metric, sign: f64| {
        let mut play = Game::closed_for(halving(), metric, 6);
        play.finish(
            |who, block| match (0..6).find(|nth| submission(*nth) == who) {
                Some(2) | None => failed(),
                Some(nth) => completed(sign * (0.1 * nth as f64 + 0.01 * f64::from(block.1))),
            },
            |_| (0, 0),
        );
        play
    };
    let (up, down) = (played(Metric::default(), 1.0), played(error, -1.0));
    assert_eq!(up.tournament.champion(), Some(submission(5)));
    assert_eq!(down.tournament.champion(), Some(submission(5)));
    for (up, down) in up.decisions().iter().zip(down.decisions()) {
        let order = |decision: &Decision| {
            let lines = decision.standings.iter();
            lines
                .map(|line| (line.submission, line.mean.abs(), line.faults))
                .collect::<Vec<_>>()
        };
        assert_eq!(order(up), order(&down));
        assert_eq!(
            (&up.kept, &up.cut, &up.evidence),
            (&down.kept, &down.cut, &down.evidence)
        );
    }
    let first = &up.decisions()[0];
    assert_eq!(
        first.cut.last(),
        Some(&submission(2)),
        "a fault is the worst"
    );
}
