//! Methods, scores and rules that tests share.

use gauntlet_domain::run::{Outcome, Verdict};
use gauntlet_domain::tournament::{
    Classic, FirstBlock, Halving, Nonce, Play, Racing, RoundRobin, Rules, Swiss, Terms,
};
use gauntlet_domain::{Digest, SubmissionId};
use proptest::prelude::*;
use uuid::Uuid;

pub(crate) use crate::game::{Game, Report};

/// Number of the defending champion among the methods.
pub(crate) const CHAMPION: usize = 900;

pub(crate) fn submission(nth: usize) -> SubmissionId {
    SubmissionId(Uuid::from_u128(1000 + nth as u128))
}

/// The number of a method: the inverse of [`submission`].
pub(crate) fn nth(who: SubmissionId) -> usize {
    (who.0.as_u128() - 1000) as usize
}

pub(crate) fn digest(nth: usize) -> Digest {
    Digest::of(format!("module {nth}").as_bytes())
}

/// Halving as it was first: three rungs, no early cut.
pub(crate) fn halving() -> Rules {
    Rules::from(Play::Halving(Halving {
        race: None,
        ..Halving::default()
    }))
}

/// Every format with its defaults, but small.
pub(crate) fn every_format() -> [Rules; 5] {
    [
        halving(),
        Rules::from(Play::Classic(Classic {
            group_size: 4,
            ..Classic::default()
        })),
        Rules::from(Play::RoundRobin(RoundRobin { blocks: 2 })),
        Rules::from(Play::Swiss(Swiss::default())),
        Rules::from(Play::Racing(Racing {
            confidence: 1.0,
            ..Racing::default()
        })),
    ]
}

/// The same rules with a title to defend.
pub(crate) fn defended(rules: Rules) -> Rules {
    Rules {
        terms: Terms {
            defend: true,
            ..rules.terms
        },
        ..rules
    }
}

pub(crate) fn nonce() -> Nonce {
    Nonce::from_phrase("test")
}

pub(crate) fn completed(score: f64) -> Outcome {
    Outcome::new(Verdict::Completed, Some(score)).unwrap()
}

pub(crate) fn failed() -> Outcome {
    Outcome::new(Verdict::MethodFailed, None).unwrap()
}

/// A better number is a better method, the same on every block.
pub(crate) fn by_number(who: SubmissionId, _: (u32, u32)) -> Outcome {
    completed(0.5 + nth(who) as f64 / 2000.0)
}

/// A score per (method, round, block): coarse, so that ties and faults occur.
pub(crate) fn table() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0_u8..=10, 256)
}

pub(crate) fn look_up(table: &[u8], who: SubmissionId, (round, index): (u32, u32)) -> Outcome {
    let at = (nth(who) * 37 + round as usize * 11 + index as usize) % table.len();
    match table[at] {
        0 => failed(),
        score => completed(f64::from(score) / 10.0),
    }
}

/// Rules of every format with small random numbers, no title.
pub(crate) fn any_rules() -> impl Strategy<Value = Rules> {
    let halving = (1_u32..=4, 2_u32..=4, any::<bool>()).prop_flat_map(|(rungs, eta, race)| {
        prop::collection::vec(1_u32..=3, rungs as usize).prop_map(move |blocks| {
            Play::Halving(Halving {
                rungs,
                eta,
                blocks_per_rung: blocks,
                race: race.then_some(0.2),
            })
        })
    });
    let classic = (2_u32..=6, 1_u32..=5, 1_u32..=2, 1_u32..=2, any::<bool>()).prop_map(
        |(group_size, winners, group_blocks, pair_blocks, shared)| {
            Play::Classic(Classic {
                group_size,
                group_winners: winners.min(group_size - 1),
                group_blocks,
                pair_blocks,
                shared,
            })
        },
    );
    let round_robin = (1_u32..=3).prop_map(|blocks| Play::RoundRobin(RoundRobin { blocks }));
    let swiss = (prop::option::of(1_u32..=5), 1_u32..=2)
        .prop_map(|(rounds, blocks)| Play::Swiss(Swiss { rounds, blocks }));
    let racing = (2_u32..=6, 1_u32..=5, any::<bool>()).prop_map(|(halves, batch, half)| {
        Play::Racing(Racing {
            runs_per_method: f64::from(halves) / 2.0,
            batch,
            confidence: 0.95,
            first_block: if half {
                FirstBlock::Half
            } else {
                FirstBlock::Whole
            },
        })
    });
    prop_oneof![halving, classic, round_robin, swiss, racing].prop_map(Rules::from)
}
