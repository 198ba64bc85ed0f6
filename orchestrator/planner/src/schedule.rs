//! How a tournament spends its runs.

use serde::{Deserialize, Serialize};

use crate::brackets::Bracket;
use crate::racing::{Opening, Racing};
use crate::rungs::{everyone, halving};
use crate::{Model, World};

/// A format with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum Schedule {
    /// Pairs on blocks of their own, the loser out.
    Knockout {
        /// Blocks of each match.
        blocks: usize,
    },
    /// Groups on one shared block each, two of each into a knockout, a longer final.
    Groups {
        /// Number of groups.
        groups: usize,
        /// Blocks of the final.
        last: usize,
    },
    /// Successive halving.
    Halving {
        /// Runs in all.
        budget: usize,
        /// Whether survivors run the same blocks.
        shared: bool,
    },
    /// Everyone on so many blocks.
    Everyone {
        /// How many.
        blocks: usize,
        /// Whether they are the same for all.
        shared: bool,
    },
    /// Everyone against everyone.
    RoundRobin {
        /// Blocks of each match.
        blocks: usize,
    },
    /// Equals meet, one block per match.
    Swiss {
        /// Number of rounds.
        rounds: usize,
    },
    /// Runs go where they tell most.
    Racing(Racing),
}

impl Schedule {
    /// Plays one tournament and names its champion.
    pub fn play(&self, world: &mut World) -> usize {
        let mut bracket = Bracket {
            world,
            next_block: 0,
        };
        match *self {
            Self::Knockout { blocks } => {
                let all = (0..bracket.world.field()).collect();
                bracket.knockout(all, blocks, blocks)
            }
            Self::Groups { groups, last } => bracket.groups(groups, last),
            Self::RoundRobin { blocks } => bracket.round_robin(blocks),
            Self::Swiss { rounds } => bracket.swiss(rounds),
            Self::Halving { budget, shared } => halving(bracket.world, budget, shared),
            Self::Everyone { blocks, shared } => everyone(bracket.world, blocks, shared),
            Self::Racing(racing) => racing.play(bracket.world),
        }
    }

    /// Whether it needs runs that can be stopped half-way.
    pub const fn stops_runs(&self) -> bool {
        match self {
            Self::Racing(racing) => racing.stops(),
            _ => false,
        }
    }

    /// Whether its numbers make sense for that field.
    pub fn is_playable(&self, model: &Model) -> bool {
        match *self {
            Self::Knockout { blocks } | Self::RoundRobin { blocks } => blocks > 0,
            Self::Groups { groups, last } => last > 0 && groups > 0 && 2 * groups <= model.field,
            Self::Everyone { blocks, .. } => blocks > 0,
            Self::Swiss { rounds } => rounds > 0,
            Self::Halving { .. } => true,
            Self::Racing(racing) => racing
                .slack
                .is_none_or(|slack| (0.0..=100.0).contains(&slack)),
        }
    }

    /// Every format that `runs` pay for, at its most expensive within them.
    pub fn within(runs: usize, model: &Model) -> Vec<Self> {
        let field = model.field;
        let mut schedules = Vec::new();
        let per_duel = runs / (2 * (field - 1));
        if per_duel > 0 {
            schedules.push(Self::Knockout { blocks: per_duel });
        }
        // Groups, then all matches of the knockout but the final.
        let groups = field / 8;
        let before = field + 2 * (2 * groups).saturating_sub(2);
        if groups > 0 && runs >= before + 2 {
            schedules.push(Self::Groups {
                groups,
                last: (runs - before) / 2,
            });
        }
        let rounds = runs / (2 * (field / 2));
        if rounds > 0 {
            schedules.push(Self::Swiss { rounds });
        }
        let per_pair = runs / (field * (field - 1));
        if per_pair > 0 {
            schedules.push(Self::RoundRobin { blocks: per_pair });
        }
        for shared in [true, false] {
            if runs >= field {
                let blocks = runs / field;
                schedules.push(Self::Everyone { blocks, shared });
                schedules.push(Self::Halving {
                    budget: runs,
                    shared,
                });
            }
        }
        if runs >= field {
            let racing = Racing::new(runs);
            let whole = racing.whole();
            schedules.push(Self::Racing(Racing { batch: 0, ..whole }));
            schedules.push(Self::Racing(whole));
            schedules.push(Self::Racing(Racing { batch: 4, ..racing }));
            schedules.push(Self::Racing(racing));
            schedules.push(Self::Racing(racing.with_stops()));
        }
        schedules
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let blocks_of = |shared| if shared { "shared" } else { "unshared" };
        match self {
            Self::Knockout { blocks } => write!(f, "knockout, {blocks} per match"),
            Self::Groups { groups, last } => {
                write!(f, "{groups} groups, knockout, final of {last}")
            }
            Self::Halving { shared, .. } => write!(f, "halving, {} blocks", blocks_of(*shared)),
            Self::Everyone { blocks, shared } => {
                write!(f, "everyone on {blocks} {} blocks", blocks_of(*shared))
            }
            Self::RoundRobin { blocks } => write!(f, "round robin, {blocks} per match"),
            Self::Swiss { rounds } => write!(f, "swiss, {rounds} rounds"),
            Self::Racing(racing) => {
                write!(f, "racing")?;
                match racing.batch {
                    0 => write!(f, ", whole blocks")?,
                    1 => {}
                    batch => write!(f, ", {batch} at a time")?,
                }
                match racing.opening {
                    _ if racing.stops() => write!(f, ", with stops")?,
                    Opening::Whole => write!(f, ", first block whole")?,
                    Opening::Half | Opening::Halfway { .. } => {}
                }
                if racing.estimated {
                    write!(f, ", spread estimated")?;
                }
                Ok(())
            }
        }
    }
}
