//! A completed tournament judged again on the recorded results.

use gauntlet_domain::record::{
    Changes, Erratum, Event, IllegalEvent, Move, RejudgeError, Rejudgement,
};
use gauntlet_domain::run::{Metric, Outcome};
use gauntlet_domain::tournament::{Classic, Combine, Play, RoundRobin, Rules, Swiss, Terms};
use gauntlet_domain::{RunId, SubmissionId};
use uuid::Uuid;

use crate::support::{
    CHAMPION, Game, by_number, completed, defended, every_format, failed, halving, nth, submission,
};

pub(crate) fn numbers(list: &[SubmissionId]) -> Vec<usize> {
    list.iter().map(|who| nth(*who)).collect()
}

pub(crate) fn without(erratum: Erratum) -> Changes {
    Changes {
        erratum,
        ..Changes::default()
    }
}

pub(crate) fn disqualify(nth: usize) -> Changes {
    without(Erratum {
        disqualify: vec![submission(nth)],
        ..Erratum::default()
    })
}

/// The rejudgement as an event.
pub(crate) fn event(changes: Changes, judged: &Rejudgement) -> Event {
    Event::Rejudged {
        changes,
        reason: "the data were wrong".to_owned(),
        champion: judged.champion,
        ranking: judged.ranking.clone(),
    }
}

pub(crate) fn played(rules: Rules, field: usize) -> Game {
    let mut game = Game::closed(rules, field);
    game.play_out(|who, block| {
        if nth(who) == CHAMPION {
            completed(0.3)
        } else {
            by_number(who, block)
        }
    });
    game
}

/// Runs of a method in a round.
pub(crate) fn runs_of(game: &Game, who: usize, round: usize) -> Vec<RunId> {
    let runs = game.tournament.rounds()[round - 1].runs.iter();
    runs.filter(|(_, run)| nth(run.submission) == who)
        .map(|(id, _)| *id)
        .collect()
}

pub(crate) fn corrected(runs: &[RunId], outcome: Outcome) -> Changes {
    without(Erratum {
        corrected: runs.iter().map(|run| (*run, outcome)).collect(),
        ..Erratum::default()
    })
}

#[test]
fn without_changes_all_stays_as_it_was() {
    for rules in every_format()
        .into_iter()
        .flat_map(|one| [one.clone(), defended(one)])
    {
        for field in [1, 2, 5, 9] {
            let game = played(rules.clone(), field);
            let judged = game.tournament.rejudge(&Changes::default()).unwrap();
            assert_eq!(judged.decisions, game.decisions());
            assert_eq!(judged.champion, game.tournament.champion());
            assert_eq!(judged.ranking, judged.ranking_before);
            assert_eq!(
                (judged.cut_too_early, judged.kept_too_long),
                (vec![], vec![])
            );
        }
    }
}

#[test]
fn who_was_cut_later_ranks_higher_and_then_by_that_rounds_standings() {
    let game = played(defended(halving()), 9);
    let judged = game.tournament.rejudge(&Changes::default()).unwrap();
    let ranking = [8, CHAMPION, 7, 6, 5, 4, 3, 2, 1, 0];
    assert_eq!(numbers(&judged.ranking), ranking);
    // A classic's group of the strong sends home better ones than the weak one keeps.
    let game = played(every_format()[1].clone(), 8);
    let judged = game.tournament.rejudge(&Changes::default()).unwrap();
    let first = &game.decisions()[0];
    assert_eq!(judged.ranking[4..], first.cut[..]);
    assert_eq!(judged.ranking[0], submission(7));
}

#[test]
fn a_changed_miss_turns_the_order_round() {
    // Method 0 fails one block of four and is best on the others; 1 is steady.
    let rules = Rules::from(Play::RoundRobin(RoundRobin { blocks: 4 }));
    let mean = Rules {
        play: Play::Swiss(Swiss {
            rounds: Some(1),
            blocks: 4,
        }),
        ..rules
    };
    let mut game = Game::closed(mean, 2);
    game.play_out(|who, block| match (nth(who), block.1) {
        (0, 1) => failed(),
        (0, 2) => completed(0.9),
        // Equal on the rest, so that the meeting is drawn and the mean decides.
        (0, _) => completed(0.6),
        (_, 2) => completed(0.5),
        _ => completed(0.6),
    });
    assert_eq!(game.champion(), Some(1));
    let milder = Changes {
        metrics: Some(vec![Metric {
            miss: 0.5,
            ..Metric::default()
        }]),
        ..Changes::default()
    };
    let judged = game.tournament.rejudge(&milder).unwrap();
    assert_eq!(numbers(&judged.ranking), [0, 1]);
    assert_eq!(
        judged.moves,
        [
            Move {
                submission: submission(0),
                before: Some(2),
                after: Some(1),
            },
            Move {
                submission: submission(1),
                before: Some(1),
                after: Some(2),
            },
        ]
    );
}

#[test]
fn another_combination_judges_every_round_again() {
    // One block decides the mean: by ranks the one that is better on most blocks wins.
    let mut game = Game::closed(halving(), 3);
    game.play_out(|who, (_, index)| match (nth(who), index) {
        (0, 2) => completed(1.0),
        (0, _) => completed(0.1),
        (1, _) => completed(0.2),
        _ => completed(0.0),
    });
    assert_eq!(game.champion(), Some(0));
    let ranks = Changes {
        combine: Some(Combine::Ranks),
        ..Changes::default()
    };
    let judged = game.tournament.rejudge(&ranks).unwrap();
    assert_eq!(numbers(&judged.ranking), [1, 0, 2]);
    assert_eq!(judged.champion_before, Some(submission(0)));
    assert!(judged.cut_too_early.is_empty());
    assert!(judged.decisions[0].standings[0].mean <= 1.0);
    // The same scoring from the start would have said the same of what was played.
    let mut from_the_start = Game::closed(
        Rules {
            terms: Terms {
                combine: Combine::Ranks,
                ..Terms::default()
            },
            ..halving()
        },
        3,
    );
    from_the_start.play_out(|who, (_, index)| match (nth(who), index) {
        (0, 2) => completed(1.0),
        (0, _) => completed(0.1),
        (1, _) => completed(0.2),
        _ => completed(0.0),
    });
    assert_eq!(from_the_start.champion(), Some(1));
}

#[test]
fn one_cut_too_early_is_named_but_has_no_later_results() {
    let game = played(halving(), 9);
    // Method 0 was the best of the first round, had its score been read rightly.
    let runs = runs_of(&game, 0, 1);
    let judged = game
        .tournament
        .rejudge(&corrected(&runs, completed(1.0)))
        .unwrap();
    assert_eq!(judged.cut_too_early, [(submission(0), 1)]);
    assert_eq!(judged.kept_too_long, [(submission(4), 1)]);
    assert_eq!(numbers(&judged.decisions[0].kept)[0], 0);
    // It heads those cut in the first round, and no more; the champion is one that played on.
    assert_eq!(numbers(&judged.ranking), [8, 7, 6, 5, 4, 0, 3, 2, 1]);
    assert_eq!(judged.champion, Some(submission(8)));
    let moved = judged
        .moves
        .iter()
        .find(|one| one.submission == submission(0));
    assert_eq!(
        moved.map(|one| (one.before, one.after)),
        Some((Some(9), Some(6)))
    );
}

#[test]
fn the_champion_is_the_best_of_those_in_the_last_round() {
    for rules in every_format() {
        let game = played(rules, 6);
        let last = game.tournament.rounds().len();
        let second = game.decisions().pop().unwrap().cut[0];
        // All results of the champion were wrong.
        let mut runs = Vec::new();
        (1..=last).for_each(|round| runs.extend(runs_of(&game, 5, round)));
        let judged = game
            .tournament
            .rejudge(&corrected(&runs, failed()))
            .unwrap();
        assert_eq!(judged.champion, Some(second));
        let judged = game.tournament.rejudge(&disqualify(5)).unwrap();
        assert_eq!(judged.champion, Some(second));
        assert!(!judged.ranking.contains(&submission(5)));
        assert_eq!(judged.ranking.len(), 5);
        let lost = judged.moves.last().unwrap();
        assert_eq!(
            (nth(lost.submission), lost.before, lost.after),
            (5, Some(1), None)
        );
        assert!(
            judged
                .decisions
                .iter()
                .all(|one| { one.standings.iter().all(|line| nth(line.submission) != 5) })
        );
    }
}

#[test]
fn where_the_last_round_is_out_altogether_there_is_no_champion() {
    let game = played(every_format()[1].clone(), 4);
    let last = game.tournament.rounds().last().unwrap();
    let changes = without(Erratum {
        disqualify: last.entrants.clone(),
        ..Erratum::default()
    });
    let judged = game.tournament.rejudge(&changes).unwrap();
    assert_eq!((judged.champion, judged.ranking.len()), (None, 2));
}

#[test]
fn a_spoilt_block_is_taken_out_afterwards() {
    let rules = Rules::from(Play::RoundRobin(RoundRobin { blocks: 3 }));
    let mut game = Game::closed(rules, 2);
    game.play_out(|who, block| match (nth(who), block.1) {
        (0, 1 | 2) => completed(0.9),
        (0, _) => completed(0.1),
        _ => completed(0.5),
    });
    assert_eq!(game.champion(), Some(0));
    let void = |blocks: &[u32]| {
        let blocks = blocks.iter().map(|block| (1, *block)).collect();
        let changes = without(Erratum {
            void_blocks: blocks,
            ..Erratum::default()
        });
        game.tournament.rejudge(&changes)
    };
    assert_eq!(void(&[1, 2]).unwrap().champion, Some(submission(1)));
    assert_eq!(void(&[3]).unwrap().champion, Some(submission(0)));
    assert_eq!(void(&[1, 2, 3]), Err(RejudgeError::LastBlock(1, 3)));
    assert_eq!(void(&[4]), Err(RejudgeError::Block(1, 4)));
    assert_eq!(void(&[1, 1]), Err(RejudgeError::Block(1, 1)));
}

#[test]
fn what_cannot_be_changed_is_named() {
    let game = played(halving(), 3);
    let wrong = |changes: Changes| game.tournament.rejudge(&changes).unwrap_err();
    let run = runs_of(&game, 0, 1)[0];
    let nobody = RunId(Uuid::from_u128(u128::MAX));
    assert_eq!(
        wrong(disqualify(77)),
        RejudgeError::Submission(submission(77))
    );
    assert_eq!(
        wrong(corrected(&[nobody], failed())),
        RejudgeError::Run(nobody)
    );
    assert_eq!(
        wrong(corrected(&[run, run], failed())),
        RejudgeError::Run(run)
    );
    assert_eq!(
        wrong(corrected(&[run], completed(2.0))),
        RejudgeError::Score(run)
    );
    let metrics = |metrics| {
        wrong(Changes {
            metrics: Some(metrics),
            ..Changes::default()
        })
    };
    assert_eq!(metrics(vec![]), RejudgeError::Metrics { tasks: 1 });
    let impossible = Metric {
        miss: 2.0,
        ..Metric::default()
    };
    assert!(matches!(metrics(vec![impossible]), RejudgeError::Metric(_)));
    for (r_max, reference) in [(0.5, vec![1.0]), (4.0, vec![1.0, 1.0])] {
        let profile = Changes {
            combine: Some(Combine::Profile { r_max, reference }),
            ..Changes::default()
        };
        assert!(matches!(wrong(profile), RejudgeError::Rules(_)));
    }
    // Nothing is judged again that has not ended.
    let going = Game::closed(halving(), 2);
    assert!(matches!(
        going.tournament.rejudge(&Changes::default()),
        Err(RejudgeError::State(_))
    ));
    let early = event(
        Changes::default(),
        &game.tournament.rejudge(&Changes::default()).unwrap(),
    );
    assert!(matches!(going.refuses(&early), IllegalEvent::State { .. }));
    assert!(serde_json::from_str::<Changes>(r#"{"champion":1}"#).is_err());
    assert!(serde_json::from_str::<Changes>(r#"{"erratum":{"bribe":1}}"#).is_err());
    assert_eq!(serde_json::to_string(&Changes::default()).unwrap(), "{}");
}

#[test]
fn a_walk_over_afterwards_counts_like_one_at_the_time() {
    // Two pairs; the worse of the last two won its place against one that was out of order.
    let rules = Rules::from(Play::Classic(Classic::default()));
    let game = played(rules, 4);
    let first = &game.tournament.rounds()[0];
    let pair = |who: usize| {
        let heat = first
            .heats
            .iter()
            .find(|one| one.entrants.contains(&submission(who)));
        numbers(&heat.unwrap().entrants)
    };
    let rival = pair(3).into_iter().find(|who| *who != 3).unwrap();
    let judged = game.tournament.rejudge(&disqualify(3)).unwrap();
    assert!(judged.cut_too_early.contains(&(submission(rival), 1)));
    // It has no result of the final: the other finalist wins.
    assert_ne!(judged.champion, Some(submission(rival)));
}
