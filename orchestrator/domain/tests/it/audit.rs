//! The audit passes every honest record and finds every change to one.

use gauntlet_domain::record::{Audit, Event, audit};
use gauntlet_domain::run::Metric;
use gauntlet_domain::tournament::{
    BlockSeed, Halving, Nonce, Play, RULES_VERSION, Rules, TournamentState,
};

use crate::support::{
    CHAMPION, Game, by_number, completed, defended, digest, every_format, failed, halving, nth,
    submission,
};

/// A tournament with all that can happen in one: a title, a fault, a voided and a replaced
/// block, a disqualification, lost attempts, a pause.
pub(crate) fn eventful(rules: Rules) -> Game {
    let mut game = Game::closed(defended(rules), 9);
    game.carry_on();
    let replacement = game.replacement_of(1);
    game.happens(replacement);
    game.play_runs(4, by_number);
    game.disqualify(7);
    game.happens(Event::Paused {
        reason: "power".to_owned(),
    });
    game.happens(Event::Resumed);
    game.finish(
        |who, block| match (nth(who), block.1) {
            (5, 1) => failed(),
            (CHAMPION, _) => completed(0.2),
            _ => by_number(who, block),
        },
        |waiting| (waiting / 2, 1),
    );
    game
}

/// Changes the `nth` event for which `change` says it did, and audits the result.
pub(crate) fn tampered(
    game: &Game,
    nth: usize,
    mut change: impl FnMut(&mut Event) -> bool,
) -> Audit {
    let mut log = game.stored();
    let mut seen = 0;
    for event in &mut log {
        let mut changed = event.clone();
        if change(&mut changed) {
            if seen == nth {
                assert_ne!(*event, changed, "nothing was changed");
                *event = changed;
                return audit(&log);
            }
            seen += 1;
        }
    }
    panic!("no event to change");
}

pub(crate) fn what(audit: &Audit) -> Vec<&str> {
    let whats = audit.differences.iter().map(|one| one.what.as_str());
    whats.collect()
}

#[test]
fn an_honest_record_has_no_differences() {
    for rules in every_format() {
        let game = eventful(rules);
        let found = audit(&game.stored());
        assert_eq!(found.differences, []);
        assert!(found.is_clean());
        let rounds = game.tournament.rounds();
        assert_eq!(
            (found.rounds, found.decisions),
            (rounds.len(), rounds.len())
        );
        let runs: usize = rounds.iter().map(|round| round.runs.len()).sum();
        assert_eq!(found.runs, runs);
        assert!(
            found.results < runs,
            "those of the disqualified are missing"
        );
        assert_eq!(found.events, game.log.len());
        assert_eq!(found.state, TournamentState::Completed);
        assert_eq!(found.champion, Some(submission(8)));
        assert_eq!(found.champion_name.unwrap().as_str(), "m8");
    }
}

#[test]
fn every_beginning_of_an_honest_record_is_honest() {
    let game = eventful(halving());
    for end in 1..game.log.len() {
        assert_eq!(audit(&game.log[..end]).differences, [], "{end}");
    }
    assert_eq!(what(&audit(&[])), ["the first event"]);
    assert_eq!(what(&audit(&game.log[1..])), ["the first event"]);
}

#[test]
fn records_from_before_versions_were_written_still_pass() {
    let game = eventful(halving());
    let mut log = game.stored();
    for event in &mut log {
        match event {
            Event::Opened { rules, version, .. } => (*rules, *version) = (None, None),
            Event::RoundDecided(decision) => {
                decision.comparisons.clear();
                if let Some(evidence) = &mut decision.evidence {
                    evidence.holm_p_value = None;
                }
            }
            _ => {}
        }
    }
    assert_eq!(audit(&log).differences, []);
    // But not if they say that they are of now.
    for event in &mut log {
        if let Event::Opened { rules, version, .. } = event {
            (*rules, *version) = (Some(game.tournament.rules().digest()), Some(RULES_VERSION));
        }
    }
    assert!(!audit(&log).is_clean());
}

#[test]
fn a_changed_score_shows_in_the_decision() {
    for rules in every_format() {
        let game = eventful(rules);
        let found = tampered(&game, 2, |event| match event {
            Event::RunDone { outcome, .. } => {
                *outcome = completed(0.97);
                true
            }
            _ => false,
        });
        assert!(what(&found).contains(&"standings of round 1"), "{found:?}");
        let impossible = tampered(&game, 2, |event| match event {
            Event::RunDone { outcome, .. } => {
                *outcome = completed(1.5);
                true
            }
            _ => false,
        });
        assert_eq!(impossible.differences[0].what, "score");
    }
}

#[test]
fn a_changed_score_of_the_title_round_shows_in_the_title() {
    let game = eventful(halving());
    let last = |event: &Event| matches!(event, Event::RunDone { .. });
    let runs = game.log.iter().filter(|event| last(event)).count();
    let found = tampered(&game, runs - 1, |event| match event {
        Event::RunDone { outcome, .. } => {
            *outcome = failed();
            true
        }
        _ => false,
    });
    assert!(
        what(&found)
            .iter()
            .any(|what| what.starts_with("title of round"))
    );
}

#[test]
fn another_seed_or_nonce_is_found() {
    let game = eventful(halving());
    let found = tampered(&game, 0, |event| match event {
        Event::Closed { seed, .. } => {
            seed.0 = digest(77);
            true
        }
        _ => false,
    });
    let whats = what(&found);
    assert_eq!(whats[0], "seed of the tournament");
    assert!(whats.contains(&"blocks of round 1") && whats.contains(&"blocks of round 2"));
    assert!(!whats.contains(&"digest of the nonce"));

    let found = tampered(&game, 0, |event| match event {
        Event::Closed { nonce, .. } => {
            *nonce = Nonce::from_phrase("another");
            true
        }
        _ => false,
    });
    // The record is followed with the seed it claims, so nothing else differs.
    assert_eq!(
        what(&found),
        ["digest of the nonce", "seed of the tournament"]
    );
    // The place is the event's: it was created, opened, defended, nine came.
    assert_eq!(found.differences[0].seq, 13);
}

#[test]
fn a_changed_field_is_another_seed() {
    let game = eventful(halving());
    let found = tampered(&game, 4, |event| match event {
        Event::Submitted { digest: own, .. } => {
            *own = digest(77);
            true
        }
        _ => false,
    });
    assert_eq!(found.differences[0].what, "seed of the tournament");
}

#[test]
fn changed_rules_are_found() {
    let game = eventful(halving());
    let found = tampered(&game, 0, |event| match event {
        Event::Created { rules, .. } => {
            rules.play = Play::Halving(Halving {
                eta: 3,
                race: None,
                ..Halving::default()
            });
            true
        }
        _ => false,
    });
    let whats = what(&found);
    assert_eq!(whats[0], "digest of the rules");
    assert!(whats.contains(&"kept of round 1"));
    // Another version of what follows from them, or an impossible rule.
    let found = tampered(&game, 0, |event| match event {
        Event::Opened { version, .. } => {
            *version = Some(RULES_VERSION + 1);
            true
        }
        _ => false,
    });
    assert_eq!(what(&found), ["version of the rules"]);
    let found = tampered(&game, 0, |event| match event {
        Event::Created { rules, metric, .. } => {
            rules.terms.min_field = 0;
            *metric = Metric {
                miss: 2.0,
                ..Metric::default()
            };
            true
        }
        _ => false,
    });
    assert_eq!(what(&found)[..2], ["rules", "metric"]);
}

#[test]
fn a_missing_run_or_result_is_found() {
    for rules in every_format() {
        let game = eventful(rules);
        let found = tampered(&game, 0, |event| match event {
            Event::RoundOpened { runs, .. } => {
                runs.pop();
                true
            }
            _ => false,
        });
        assert_eq!(found.differences[0].what, "runs of round 1");

        // Any event less is noticed, but for those that leave no trace.
        let log = game.stored();
        for at in 1..log.len() {
            let mut less = log.clone();
            let taken = less.remove(at);
            let harmless = matches!(
                taken,
                Event::RunRequeued { .. } | Event::Resumed | Event::Paused { .. }
            ) || at == log.len() - 1;
            if !harmless {
                assert!(!audit(&less).is_clean(), "{taken:?}");
            }
        }
    }
}

#[test]
fn a_result_removed_before_the_decision_is_named() {
    let game = eventful(halving());
    let mut log = game.stored();
    let decided = log
        .iter()
        .position(|event| matches!(event, Event::RoundDecided(_)));
    let decided = decided.unwrap();
    assert!(matches!(log[decided - 1], Event::RunDone { .. }));
    log.remove(decided - 1);
    let found = audit(&log);
    assert_eq!(found.differences[0].what, "results of round 1");
    assert_eq!(found.differences[0].seq, decided);
}

#[test]
fn two_changes_are_two_differences() {
    let game = eventful(halving());
    let mut log = game.stored();
    for event in &mut log {
        match event {
            Event::RoundOpened {
                round: 2, blocks, ..
            } => blocks[0].seed = BlockSeed(7),
            Event::Completed { champion, .. } => *champion = None,
            _ => {}
        }
    }
    assert_eq!(what(&audit(&log)), ["blocks of round 2", "champion"]);
}

#[test]
fn what_happens_in_a_pause_or_out_of_turn_is_found() {
    let game = eventful(halving());
    let mut log = game.stored();
    let at = |log: &[Event], kind: &str| log.iter().position(|one| one.kind() == kind).unwrap();
    let resumed = at(&log, "resumed");
    log.remove(resumed);
    assert!(!audit(&log).is_clean());

    // A decision taken twice, a round opened twice.
    for kind in ["round_decided", "round_opened", "completed", "closed"] {
        let mut log = game.stored();
        let place = at(&log, kind);
        let again = log[place].clone();
        log.insert(place + 1, again);
        let found = audit(&log);
        assert!(!found.is_clean(), "{kind}");
        assert_eq!(found.differences[0].seq, place + 2);
    }
}
