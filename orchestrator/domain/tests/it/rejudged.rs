//! Titles judged again, and the events that tell of it.

use gauntlet_domain::record::{Changes, Erratum, Event, audit};

use crate::rejudge::{corrected, disqualify, event, numbers, played, runs_of, without};
use crate::support::{CHAMPION, defended, every_format, failed, halving, submission};

#[test]
fn a_title_is_decided_again_if_the_challenger_is_the_same() {
    for rules in every_format() {
        let game = played(defended(rules), 5);
        assert_eq!(game.champion(), Some(4));
        let title = game.tournament.rounds().len();
        let own = runs_of(&game, 4, title);
        assert_eq!(own.len(), 8);
        // Three of its eight results in the title round were failures: p is above 0.05.
        let judged = game
            .tournament
            .rejudge(&corrected(&own[..3], failed()))
            .unwrap();
        assert_eq!(judged.champion, Some(submission(CHAMPION)));
        assert_eq!(numbers(&judged.ranking)[..2], [CHAMPION, 4]);
        assert!(
            !judged
                .decisions
                .last()
                .unwrap()
                .title
                .as_ref()
                .unwrap()
                .dethroned
        );
        // Four blocks alone prove nothing.
        let round = game.tournament.rounds().last().unwrap();
        let blocks = round.blocks.iter().map(|block| (block.round, block.index));
        let fewer = |count| {
            let changes = without(Erratum {
                void_blocks: blocks.clone().take(count).collect(),
                ..Erratum::default()
            });
            game.tournament.rejudge(&changes).unwrap().champion
        };
        assert_eq!(fewer(3), Some(submission(4)));
        assert_eq!(fewer(4), Some(submission(CHAMPION)));
    }
}

#[test]
fn a_title_stays_with_its_defender_if_another_should_have_asked_for_it() {
    for rules in every_format() {
        let game = played(defended(rules), 5);
        let judged = game.tournament.rejudge(&disqualify(4)).unwrap();
        assert_eq!(judged.champion, Some(submission(CHAMPION)));
        assert!(judged.decisions.iter().all(|one| one.title.is_none()));
        let next_best = judged.ranking[1];
        // Who should have asked for it is among those that have no later results.
        let last = game.tournament.rounds().len() as u32 - 1;
        assert!(judged.cut_too_early.contains(&(next_best, last)));
        // Without the defender the challenger has it, and without both the next.
        let judged = game.tournament.rejudge(&disqualify(CHAMPION)).unwrap();
        assert_eq!(judged.champion, Some(submission(4)));
        let both = without(Erratum {
            disqualify: vec![submission(4), submission(CHAMPION)],
            ..Erratum::default()
        });
        assert_eq!(
            game.tournament.rejudge(&both).unwrap().champion,
            Some(next_best)
        );
    }
}

#[test]
fn the_event_must_follow_from_its_changes() {
    let mut game = played(halving(), 6);
    let changes = disqualify(5);
    let judged = game.tournament.rejudge(&changes).unwrap();
    let good = event(changes.clone(), &judged);
    let mut wrong = judged.clone();
    wrong.champion = Some(submission(0));
    game.refuses(&event(changes.clone(), &wrong));
    let mut wrong = judged.clone();
    wrong.ranking.swap(1, 2);
    game.refuses(&event(changes.clone(), &wrong));
    game.refuses(&event(disqualify(77), &judged));
    game.refuses(&event(Changes::default(), &judged));
    game.happens(good);
    assert_eq!(game.champion(), Some(4));

    // The next one starts from the recorded results, not from this one.
    let second = disqualify(4);
    let judged = game.tournament.rejudge(&second).unwrap();
    assert_eq!(judged.champion_before, Some(submission(5)));
    assert_eq!(judged.champion, Some(submission(5)));
    game.happens(event(second, &judged));
    // And one without changes brings the first champion back.
    let none = game.tournament.rejudge(&Changes::default()).unwrap();
    game.happens(event(Changes::default(), &none));
    assert_eq!(game.champion(), Some(5));

    let log = game.stored();
    assert_eq!(log, game.log);
    let found = audit(&log);
    assert_eq!(found.differences, []);
    assert_eq!(found.decisions, game.decisions().len() + 3);
}

#[test]
fn the_audit_finds_a_false_rejudgement() {
    let mut game = played(halving(), 6);
    let changes = disqualify(5);
    let judged = game.tournament.rejudge(&changes).unwrap();
    let whats = |event: Event| {
        let mut log = game.stored();
        log.push(event);
        let found = audit(&log);
        found
            .differences
            .into_iter()
            .map(|one| one.what)
            .collect::<Vec<_>>()
    };
    let mut wrong = judged.clone();
    wrong.champion = Some(submission(2));
    assert_eq!(
        whats(event(changes.clone(), &wrong)),
        ["champion judged again"]
    );
    let mut wrong = judged.clone();
    wrong.ranking.pop();
    assert_eq!(
        whats(event(changes.clone(), &wrong)),
        ["ranking judged again"]
    );
    assert_eq!(whats(event(disqualify(77), &judged)), ["changes judged by"]);
    assert_eq!(whats(event(changes.clone(), &judged)), [""; 0]);
    game.happens(event(changes, &judged));
}
