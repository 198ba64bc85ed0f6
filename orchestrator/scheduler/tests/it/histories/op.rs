//! What can happen to a tournament, by operators, entrants, runners and time.
//!
//! Operands are numbers that are taken modulo what there is, so that any part
//! of a history is a history too: failures can be made small.

use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    /// The organiser opens the tournament.
    Open,
    /// A method is handed in; number 9 is the defending champion's own module.
    Submit { nth: u32 },
    /// The organiser closes it.
    Close,
    /// A runner asks for work, perhaps under a token that is not its own.
    Claim { runner: u32, stolen: bool },
    /// A runner asks for work of a kind that nobody handed in.
    ClaimOtherLane { runner: u32 },
    /// Somebody reports about an attempt, counted from the latest.
    Report { back: u32, what: What, forged: bool },
    /// A runner gives an attempt up.
    Fault { back: u32, forged: bool },
    /// A runner is alive.
    Beat { back: u32, forged: bool },
    /// A runner starts again.
    Register { runner: u32 },
    /// The lease of an attempt runs out.
    Expire { back: u32 },
    /// All leases run out.
    ExpireAll,
    /// An orchestrator takes back what ran out.
    Sweep,
    /// An orchestrator plays on.
    Advance,
    /// The operator grants a run further attempts.
    Retry { nth: u32 },
    /// The operator pauses the tournament.
    Pause,
    /// The operator lets it go on.
    Resume,
    /// The operator calls it off.
    Cancel,
    /// The operator puts a method out.
    Disqualify { nth: u32 },
    /// The operator takes a block out.
    Void { round: u32, block: u32 },
    /// The operator has a block replaced.
    Replace { round: u32, block: u32 },
}

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// What came out.
    Truth,
    /// Something better. Sent by the holder it would count, so only after the truth.
    Better,
    /// A score that cannot be.
    Impossible,
    /// A model that was never stored.
    NoBlob,
}

/// Two things at most, by one orchestrator or by two at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// What the first orchestrator is asked, or the second.
    pub(crate) ops: Vec<Op>,
    /// Which of the two is asked first.
    pub(crate) first: u32,
}

/// How often kinds of things happen in one history.
pub(crate) struct Weights(Vec<(u64, Kind)>);

#[derive(Clone, Copy)]
enum Kind {
    Entering,
    Claim,
    Truth,
    Lie,
    Fault,
    Beat,
    Register,
    Expire,
    Sweep,
    Advance,
    Retry,
    Pause,
    Cancel,
    Disqualify,
    Block,
}

impl Weights {
    /// Every history leaves some kinds out, so that the others come in rows that an even
    /// mixture would never show.
    pub(crate) fn throw(dice: &mut Dice) -> Self {
        let mut weights = vec![
            (10, Kind::Claim),
            (14, Kind::Truth),
            (6, Kind::Advance),
            (3, Kind::Sweep),
        ];
        for (weight, kind) in [
            (1, Kind::Entering),
            (3, Kind::Lie),
            (3, Kind::Fault),
            (2, Kind::Beat),
            (1, Kind::Register),
            (3, Kind::Expire),
            (3, Kind::Retry),
        ] {
            if !dice.once_in(3) {
                weights.push((weight, kind));
            }
        }
        // Operators step in less often.
        for (weight, kind) in [(2, Kind::Pause), (1, Kind::Disqualify), (2, Kind::Block)] {
            if dice.once_in(3) {
                weights.push((weight, kind));
            }
        }
        if dice.once_in(12) {
            weights.push((1, Kind::Cancel));
        }
        Self(weights)
    }

    pub(crate) fn op(&self, dice: &mut Dice) -> Op {
        let mut left = dice.roll(self.0.iter().map(|(weight, _)| weight).sum());
        for (weight, kind) in &self.0 {
            if left < *weight {
                return kind.op(dice);
            }
            left -= weight;
        }
        Op::Advance
    }
}

impl Kind {
    fn op(self, dice: &mut Dice) -> Op {
        // Mostly the latest attempts, now and then one long past.
        let back = |dice: &mut Dice| {
            let most = if dice.once_in(4) { 24 } else { 3 };
            dice.index(most)
        };
        match self {
            Self::Entering => match dice.roll(4) {
                0 => Op::Open,
                1 => Op::Close,
                _ => Op::Submit {
                    nth: dice.index(10),
                },
            },
            Self::Claim if dice.once_in(40) => Op::ClaimOtherLane {
                runner: dice.index(3),
            },
            Self::Claim => Op::Claim {
                runner: dice.index(3),
                stolen: dice.once_in(25),
            },
            Self::Truth => Op::Report {
                back: back(dice),
                what: What::Truth,
                forged: false,
            },
            Self::Lie => Op::Report {
                back: back(dice),
                what: [What::Truth, What::Better, What::Impossible, What::NoBlob]
                    [dice.index(4) as usize],
                forged: dice.once_in(2),
            },
            Self::Fault => Op::Fault {
                back: back(dice),
                forged: dice.once_in(4),
            },
            Self::Beat => Op::Beat {
                back: back(dice),
                forged: dice.once_in(4),
            },
            Self::Register => Op::Register {
                runner: dice.index(3),
            },
            Self::Expire if dice.once_in(4) => Op::ExpireAll,
            Self::Expire => Op::Expire { back: back(dice) },
            Self::Sweep => Op::Sweep,
            Self::Advance => Op::Advance,
            Self::Retry => Op::Retry {
                nth: dice.index(64),
            },
            Self::Pause if dice.once_in(2) => Op::Pause,
            Self::Pause => Op::Resume,
            Self::Cancel => Op::Cancel,
            Self::Disqualify => Op::Disqualify {
                nth: dice.index(10),
            },
            Self::Block => {
                let (round, block) = (dice.index(3), 1 + dice.index(4));
                if dice.once_in(2) {
                    Op::Void { round, block }
                } else {
                    Op::Replace { round, block }
                }
            }
        }
    }
}
