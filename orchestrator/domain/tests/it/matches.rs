//! What a completed tournament says for ratings.

use gauntlet_domain::SubmissionId;
use gauntlet_domain::record::{Changes, Matches, RejudgeError};
use gauntlet_domain::tournament::{Play, Succession, TournamentState};

use crate::rejudge::{disqualify, numbers, played};
use crate::support::{CHAMPION, Game, completed, defended, every_format, halving, nth};

fn groups(groups: &[Vec<SubmissionId>]) -> Vec<Vec<usize>> {
    groups
        .iter()
        .map(|group| {
            let mut group = numbers(group);
            group.sort_unstable();
            group
        })
        .collect()
}

fn matches(game: &Game) -> Matches {
    game.tournament.matches(None).unwrap()
}

#[test]
fn the_field_is_ranked_and_the_title_is_a_match_of_its_own() {
    for rules in every_format() {
        let found = matches(&played(rules.clone(), 5));
        let flat: Vec<usize> = numbers(&found.field.concat());
        assert_eq!(flat, numbers(&found.ranking), "{rules:?}");
        assert_eq!((flat[0], flat.len()), (4, 5), "{rules:?}");
        assert_eq!(found.title, None);

        // The champion is worth 0.3, far below all: the title is lost.
        let found = matches(&played(defended(rules.clone()), 5));
        assert_eq!(numbers(&found.ranking)[..2], [4, CHAMPION]);
        // With another in the seed pairs are drawn otherwise, but the field is the same.
        let mut field = numbers(&found.field.concat());
        assert_eq!(field[0], 4, "{rules:?}");
        field.sort_unstable();
        assert_eq!(field, [0, 1, 2, 3, 4], "{rules:?}");
        assert_eq!(groups(&found.title.unwrap()), [vec![4], vec![CHAMPION]]);
    }
}

#[test]
fn a_title_that_was_kept_goes_by_what_was_measured() {
    // The rule wants a large effect, so the champion stays whoever is better.
    let mut rules = defended(halving());
    rules.terms.succession = Succession::SignFlip {
        blocks: 5,
        alpha: 0.05,
        minimum_effect: 0.5,
    };
    for (champion, expected) in [
        (0.6, vec![vec![CHAMPION], vec![1]]),
        (0.5, vec![vec![1, CHAMPION]]),
        (0.4, vec![vec![1], vec![CHAMPION]]),
    ] {
        let mut game = Game::closed(rules.clone(), 2);
        game.play_out(|who, _| match nth(who) {
            CHAMPION => completed(champion),
            1 => completed(0.5),
            _ => completed(0.1),
        });
        let found = matches(&game);
        assert_eq!(numbers(&found.ranking), [CHAMPION, 1, 0]);
        assert_eq!(groups(&found.field), [vec![1], vec![0]]);
        assert_eq!(groups(&found.title.unwrap()), expected, "{champion}");
    }
}

#[test]
fn equals_are_together() {
    for rules in every_format() {
        let mut game = Game::closed(rules.clone(), 4);
        game.play_out(|who, _| completed(if nth(who) == 0 { 0.1 } else { 0.5 }));
        let found = matches(&game);
        // In formats that cut, luck sent some of the equals a round further.
        // Where points of those one met part equals, that is more than luck.
        if !matches!(rules.play, Play::Swiss(_)) {
            assert_eq!(groups(&found.field), [vec![1, 2, 3], vec![0]], "{rules:?}");
        }
        assert_eq!(found.field.concat().len(), 4);
    }
}

#[test]
fn who_was_cut_by_the_tie_break_alone_is_beaten_by_nobody_of_its_round() {
    // Of two equals one is cut from the first rung; the other then loses to 3 and beats 2.
    let mut game = Game::closed(halving(), 6);
    game.play_out(|who, (round, _)| {
        completed(match (round, nth(who)) {
            (1, 3) => 0.9,
            (1, 2) => 0.8,
            (1, 0 | 1) => 0.5,
            (1, _) => 0.1,
            (_, 3) => 0.9,
            (_, 2) => 0.0,
            _ => 0.6,
        })
    });
    let found = groups(&matches(&game).field);
    assert_eq!(found, [vec![3], vec![0, 1, 2], vec![4, 5]]);
}

#[test]
fn a_rejudgement_counts_and_the_disqualified_do_not() {
    let game = played(defended(halving()), 4);
    let same = game.tournament.matches(Some(&Changes::default())).unwrap();
    assert_eq!(same, matches(&game));
    let without = game.tournament.matches(Some(&disqualify(3))).unwrap();
    assert!(!without.ranking.iter().any(|who| nth(*who) == 3));
    assert!(!without.field.concat().iter().any(|who| nth(*who) == 3));
    // Nobody else has met the champion.
    assert_eq!(without.title, None);
    assert_eq!(numbers(&without.ranking)[0], CHAMPION);

    let open = Game::closed(halving(), 2);
    assert_eq!(
        open.tournament.matches(None),
        Err(RejudgeError::State(TournamentState::Closed))
    );
}
