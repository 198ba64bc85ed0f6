//! A history before it happens: who plays by which rules, and what comes in between.

use gauntlet_domain::tournament::{
    Classic, Combine, FirstBlock, Halving, Play, Racing, RoundRobin, Rules, Succession, Swiss,
    Terms,
};
use serde::{Deserialize, Serialize};

use super::op::{Op, Step, Weights};
use crate::dice::Dice;

/// All that makes a history. Written as a line of JSON it can be played again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Where it comes from; also the tournament's nonce and what methods are worth.
    pub(crate) seed: u64,
    /// The rules.
    pub(crate) rules: Rules,
    /// Whether a second task, where less is better, takes turns with the first.
    pub(crate) two_tasks: bool,
    /// Attempts of a run before it is stuck.
    pub(crate) max_attempts: i32,
    /// What happens.
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// The history that follows from a seed.
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let field = [1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9][dice.index(12) as usize];
        let two_tasks = dice.once_in(5);
        Self {
            seed,
            rules: rules(&mut dice, field, two_tasks),
            two_tasks,
            max_attempts: 1 + dice.index(3) as i32,
            steps: steps(&mut dice, field),
        }
    }
}

fn rules(dice: &mut Dice, field: u32, two_tasks: bool) -> Rules {
    let few = |dice: &mut Dice| 1 + dice.index(2);
    let play = match dice.roll(if two_tasks { 4 } else { 5 }) {
        0 => {
            let rungs = 1 + dice.index(3);
            Play::Halving(Halving {
                rungs,
                eta: 2 + dice.index(2),
                blocks_per_rung: (0..rungs).map(|_| few(dice)).collect(),
                race: dice.once_in(2).then_some(0.3),
            })
        }
        1 => {
            let group_size = 2 + dice.index(3);
            Play::Classic(Classic {
                group_size,
                group_winners: 1 + dice.index(group_size - 1),
                group_blocks: few(dice),
                pair_blocks: few(dice),
                shared: dice.once_in(2),
            })
        }
        2 => Play::RoundRobin(RoundRobin {
            blocks: 1 + dice.index(3),
        }),
        3 => Play::Swiss(Swiss {
            rounds: dice.once_in(2).then(|| 1 + dice.index(3)),
            blocks: few(dice),
        }),
        // Of two tasks that measure differently there is no mean, and by ranks it refuses.
        _ => Play::Racing(Racing {
            runs_per_method: [1.0, 1.5, 2.5][dice.index(3) as usize],
            batch: 1 + dice.index(5),
            confidence: if dice.once_in(3) { 1.0 } else { 0.9 },
            first_block: if dice.once_in(2) {
                FirstBlock::Half
            } else {
                FirstBlock::Whole
            },
        }),
    };
    let succession = if dice.once_in(2) {
        Succession::SignFlip {
            blocks: 5,
            alpha: 0.1,
            minimum_effect: 0.0,
        }
    } else {
        Succession::Margin {
            blocks: 1 + dice.index(3),
            margin: 0.05,
        }
    };
    let racing = matches!(play, Play::Racing(_));
    let terms = Terms {
        min_field: if dice.once_in(6) { 2 } else { 1 },
        max_field: dice.once_in(6).then_some(field.max(2)),
        defend: dice.once_in(4),
        succession,
        combine: if two_tasks || (!racing && dice.once_in(4)) {
            Combine::Ranks
        } else {
            Combine::Mean
        },
        ..Terms::default()
    };
    Rules { play, terms }
}

fn steps(dice: &mut Dice, field: u32) -> Vec<Step> {
    let weights = Weights::throw(dice);
    let mut ops = vec![Op::Open];
    ops.extend((0..field).map(|nth| Op::Submit { nth }));
    ops.push(Op::Close);
    ops.push(Op::Advance);
    // What comes before its time, or after it, must be refused and do no harm.
    if dice.once_in(3) {
        for _ in 0..dice.roll(6) {
            let at = dice.index(ops.len() as u32) as usize;
            ops.insert(at, weights.op(dice));
        }
    }
    for _ in 0..(8 + dice.roll(9 * (2 + u64::from(field)))) {
        ops.push(weights.op(dice));
    }
    // Two at the same time, in some histories often.
    let together = [0, 0, 0, 8, 3][dice.index(5) as usize];
    let mut steps = Vec::new();
    let mut ops = ops.into_iter();
    while let Some(op) = ops.next() {
        let mut both = vec![op];
        if together > 0 && dice.once_in(together) {
            both.extend(ops.next());
        }
        steps.push(Step {
            ops: both,
            first: dice.index(2),
        });
    }
    steps
}

#[test]
fn a_plan_survives_its_written_form() {
    for seed in 0..50 {
        let plan = Plan::from_seed(seed);
        plan.rules.validate().unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}
