//! One draw of a field, and the results it would have.

use gauntlet_domain::statistics::Normals;

use crate::Model;

/// A field with its true qualities, and what every run on every block would score.
pub struct World {
    model: Model,
    qualities: Vec<f64>,
    best: usize,
    blocks: Vec<Drawn>,
    scores: Normals,
    halves: Normals,
    half_runs: u64,
}

struct Drawn {
    scores: Vec<f64>,
    /// How much lower each stood half-way, drawn when first asked for.
    progress: Vec<f64>,
}

impl World {
    /// Number `replication` of the seed's worlds.
    pub fn new(model: &Model, seed: [u8; 32], replication: u64) -> Self {
        let mut scores = Normals::stream(seed, 2 * replication);
        let qualities: Vec<f64> = (0..model.field)
            .map(|_| model.quality_sd * scores.draw())
            .collect();
        let best = (1..model.field).fold(0, |best, next| {
            if qualities[next] > qualities[best] {
                next
            } else {
                best
            }
        });
        Self {
            model: *model,
            qualities,
            best,
            blocks: Vec::new(),
            scores,
            halves: Normals::stream(seed, 2 * replication + 1),
            half_runs: 0,
        }
    }

    /// What it was drawn from.
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// Number of methods.
    pub const fn field(&self) -> usize {
        self.model.field
    }

    /// The truth.
    pub const fn best(&self) -> usize {
        self.best
    }

    /// By how much `method` is worse than the best.
    pub fn regret(&self, method: usize) -> f64 {
        self.qualities[self.best] - self.qualities[method]
    }

    /// Runs made so far, a stopped one counting half.
    pub fn runs(&self) -> f64 {
        self.half_runs as f64 / 2.0
    }

    fn block(&mut self, block: usize) -> &mut Drawn {
        while self.blocks.len() <= block {
            let difficulty = self.model.difficulty_sd * self.scores.draw();
            let noise = self.model.noise_sd();
            let scores = self
                .qualities
                .iter()
                .map(|quality| quality + difficulty + noise * self.scores.draw())
                .collect();
            self.blocks.push(Drawn {
                scores,
                progress: Vec::new(),
            });
        }
        &mut self.blocks[block]
    }

    /// Runs a method on a shared block to its end.
    pub fn run(&mut self, method: usize, block: usize) -> f64 {
        self.half_runs += 2;
        self.block(block).scores[method]
    }

    /// Runs a method to its end on a block of its own, which nobody else will see.
    pub fn run_alone(&mut self, method: usize) -> f64 {
        self.half_runs += 2;
        self.qualities[method]
            + self.model.difficulty_sd * self.scores.draw()
            + self.model.noise_sd() * self.scores.draw()
    }

    /// Runs a method on a shared block to half-way.
    pub fn run_half(&mut self, method: usize, block: usize) -> f64 {
        self.half_runs += 1;
        self.block(block);
        if self.blocks[block].progress.is_empty() {
            // What all gain alike is as uncertain as the difficulty, but its own draw.
            let common = self.model.difficulty_sd * self.halves.draw();
            self.blocks[block].progress = (0..self.model.field)
                .map(|_| common + self.model.halfway_sd * self.halves.draw())
                .collect();
        }
        let drawn = &self.blocks[block];
        drawn.scores[method] - drawn.progress[method]
    }

    /// Runs the second half of what [`World::run_half`] began.
    pub fn finish(&mut self, method: usize, block: usize) -> f64 {
        self.half_runs += 1;
        self.block(block).scores[method]
    }
}
