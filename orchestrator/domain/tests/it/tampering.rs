//! What the audit finds where a record was changed: decisions, champions, draws.

use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::BlockSeed;

use crate::audit::{eventful, tampered, what};
use crate::support::{CHAMPION, every_format, halving, submission};

#[test]
fn a_swapped_cut_is_found() {
    for rules in every_format() {
        let game = eventful(rules);
        let found = tampered(&game, 0, |event| match event {
            Event::RoundDecided(decision) if !decision.cut.is_empty() => {
                std::mem::swap(&mut decision.kept[0], &mut decision.cut[0]);
                true
            }
            _ => false,
        });
        let whats = what(&found);
        let kept = whats.iter().any(|what| what.starts_with("kept of round"));
        let cut = whats.iter().any(|what| what.starts_with("cut of round"));
        assert!(kept && cut, "{whats:?}");
    }
}

#[test]
fn changed_evidence_is_found() {
    let game = eventful(halving());
    let found = tampered(&game, 0, |event| match event {
        Event::RoundDecided(decision) => {
            decision.evidence.as_mut().unwrap().effect += 1e-15;
            true
        }
        _ => false,
    });
    assert_eq!(what(&found), ["evidence of round 1"]);
    let found = tampered(&game, 0, |event| match event {
        Event::RoundDecided(decision) => decision
            .title
            .as_mut()
            .is_some_and(|title| std::mem::replace(&mut title.dethroned, false)),
        _ => false,
    });
    assert_eq!(what(&found), ["title of round 4"]);
}

#[test]
fn another_champion_is_found() {
    for rules in every_format() {
        for other in [Some(submission(3)), Some(submission(CHAMPION)), None] {
            let found = tampered(&eventful(rules.clone()), 0, |event| match event {
                Event::Completed { champion, .. } => {
                    *champion = other;
                    true
                }
                _ => false,
            });
            assert_eq!(what(&found), ["champion"]);
            assert_eq!(found.champion, other);
        }
    }
}

#[test]
fn another_block_is_found() {
    let game = eventful(halving());
    for round in 0..2 {
        let found = tampered(&game, round, |event| match event {
            Event::RoundOpened { blocks, .. } => {
                blocks[0].seed = BlockSeed(7);
                true
            }
            _ => false,
        });
        assert_eq!(what(&found), [format!("blocks of round {}", round + 1)]);
    }
    let found = tampered(&game, 0, |event| match event {
        Event::BlockReplaced { replacement, .. } => {
            replacement.seed = BlockSeed(7);
            true
        }
        _ => false,
    });
    assert_eq!(what(&found), ["replacement of block 1 of round 1"]);
}

#[test]
fn another_draw_is_found() {
    let game = eventful(every_format()[1].clone());
    let found = tampered(&game, 0, |event| match event {
        Event::RoundOpened { heats, .. } => {
            let (one, other) = heats.split_at_mut(1);
            std::mem::swap(&mut one[0].entrants[0], &mut other[0].entrants[0]);
            true
        }
        _ => false,
    });
    assert_eq!(found.differences[0].what, "heats of round 1");
    let found = tampered(&game, 0, |event| match event {
        Event::RoundOpened { entrants, .. } => {
            entrants.pop();
            true
        }
        _ => false,
    });
    assert_eq!(found.differences[0].what, "entrants of round 1");
}
