//! Formats in which pairs decide and forget.

use crate::World;

/// Blocks are numbered through a tournament, from the next unused.
pub(crate) struct Bracket<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) next_block: usize,
}

impl Bracket<'_> {
    fn new_block(&mut self) -> usize {
        self.next_block += 1;
        self.next_block - 1
    }

    /// Who has the higher sum over `blocks` new common blocks.
    pub(crate) fn duel(&mut self, one: usize, other: usize, blocks: usize) -> usize {
        let mut lead = 0.0;
        for _ in 0..blocks {
            let block = self.new_block();
            lead += self.world.run(one, block) - self.world.run(other, block);
        }
        if lead >= 0.0 { one } else { other }
    }

    /// Pairs neighbours until one is left; the final has `last` blocks. With an odd
    /// number the last goes through.
    pub(crate) fn knockout(&mut self, mut alive: Vec<usize>, blocks: usize, last: usize) -> usize {
        while alive.len() > 1 {
            let blocks = if alive.len() == 2 { last } else { blocks };
            alive = alive
                .chunks(2)
                .map(|pair| match *pair {
                    [one, other] => self.duel(one, other, blocks),
                    _ => pair[0],
                })
                .collect();
        }
        alive[0]
    }

    /// Groups on one shared block each; the first two of each meet those of the next
    /// group in a knockout.
    pub(crate) fn groups(&mut self, groups: usize, last: usize) -> usize {
        let field = self.world.field();
        let mut first = Vec::new();
        let mut second = Vec::new();
        for group in 0..groups {
            let block = self.new_block();
            let members = (group * field / groups)..((group + 1) * field / groups);
            let mut scores: Vec<(f64, usize)> = members
                .map(|method| (self.world.run(method, block), method))
                .collect();
            scores.sort_by(|a, b| b.0.total_cmp(&a.0));
            first.extend(scores.first().map(|(_, method)| *method));
            second.extend(scores.get(1).map(|(_, method)| *method));
        }
        let shift = usize::from(!second.is_empty());
        second.rotate_left(shift);
        let mut alive = Vec::new();
        for at in 0..groups {
            alive.extend(first.get(at));
            alive.extend(second.get(at));
        }
        self.knockout(alive, 1, last)
    }

    /// Everyone meets everyone on `blocks` blocks of the pair's own; most wins.
    pub(crate) fn round_robin(&mut self, blocks: usize) -> usize {
        let field = self.world.field();
        let mut wins = vec![0_u32; field];
        for one in 0..field {
            for other in one + 1..field {
                wins[self.duel(one, other, blocks)] += 1;
            }
        }
        most(&wins)
    }

    /// In each round those with equally many wins so far meet, on one block per pair.
    pub(crate) fn swiss(&mut self, rounds: usize) -> usize {
        let field = self.world.field();
        let mut wins = vec![0_u32; field];
        let mut met = vec![vec![false; field]; field];
        for _ in 0..rounds {
            let mut waiting: Vec<usize> = (0..field).collect();
            waiting.sort_by_key(|method| std::cmp::Reverse(wins[*method]));
            while waiting.len() > 1 {
                let one = waiting.remove(0);
                let partner = waiting
                    .iter()
                    .position(|other| !met[one][*other])
                    .unwrap_or(0);
                let other = waiting.remove(partner);
                met[one][other] = true;
                met[other][one] = true;
                wins[self.duel(one, other, 1)] += 1;
            }
        }
        most(&wins)
    }
}

/// The first of those with most. Methods are numbered at random, so this is a fair lot.
fn most(wins: &[u32]) -> usize {
    (1..wins.len()).fold(
        0,
        |best, next| {
            if wins[next] > wins[best] { next } else { best }
        },
    )
}
