//! What is kept of a champion.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ids::RunId;
use crate::names::{MethodName, TaskName, TournamentName};
use crate::run::{Budget, Metric, Verdict};
use crate::tournament::{BlockSeed, Evidence, Nonce, Rules, TournamentSeed};

/// The card of an archive entry: where the method won, and on what grounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Name of the method.
    pub method: MethodName,
    /// Digest of its module.
    #[serde(rename = "module")]
    pub artifact: Digest,
    /// Digest of the trained model (safetensors).
    pub model: Digest,
    /// The run the model comes from: the champion's best.
    pub run: RunId,
    /// Score of that run.
    pub model_score: f64,
    /// What the task measures; left out if it is accuracy.
    #[serde(default, skip_serializing_if = "Metric::is_default")]
    pub metric: Metric,
    /// What `score` is in, where it is not the task's metric: a share, where several tasks
    /// combine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Metric>,
    /// Mean score over all its blocks, faults counted as misses.
    pub score: f64,
    /// Standard error of that mean; needs two blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Faults among them.
    pub faults: u32,
    /// The task.
    pub task: TaskName,
    /// Licence of the task's data.
    pub licence: String,
    /// What each run could use.
    pub budget: Budget,
    /// The tournament.
    pub tournament: TournamentName,
    /// Its rules.
    pub rules: Rules,
    /// Size of its field.
    pub field: u32,
    /// Runs it took.
    pub runs: u32,
    /// The nonce, with which the seed can be computed again.
    pub nonce: Nonce,
    /// The seed of the tournament.
    pub seed: TournamentSeed,
    /// The champion's results that the score is the mean of, in the order of the blocks.
    pub blocks: Vec<CardBlock>,
    /// What each round's cut rests on, with names.
    pub evidence: Vec<CardEvidence>,
}

/// The champion's result on one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardBlock {
    /// Round, from 1.
    pub round: u32,
    /// Number within the round, from 1.
    pub index: u32,
    /// Seed of the block.
    pub seed: BlockSeed,
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub verdict: Verdict,
    /// The score, if it completed.
    pub score: Option<f64>,
    /// The trained model, if there is one.
    pub model: Option<Digest>,
}

/// A cut, with the names of the two at its edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardEvidence {
    /// The round that decided it.
    pub round: u32,
    /// Name of the last kept.
    pub kept: MethodName,
    /// Name of the first cut.
    pub cut: MethodName,
    /// The numbers.
    pub evidence: Evidence,
}

/// The run whose model represents the champion: the best score; of equals the
/// earliest block. `None` if no run left a model with a score.
pub fn choose_model<'a>(metric: &Metric, blocks: &'a [CardBlock]) -> Option<&'a CardBlock> {
    blocks
        .iter()
        .filter(|block| block.model.is_some())
        .filter_map(|block| Some((block.score?, block)))
        .min_by(|(a_score, a), (b_score, b)| {
            let place = |block: &CardBlock| (block.round, block.index);
            metric
                .order(*a_score, *b_score)
                .then(place(a).cmp(&place(b)))
        })
        .map(|(_, block)| block)
}

#[cfg(test)]
mod tests {
    use super::{CardBlock, choose_model};
    use crate::digest::Digest;
    use crate::ids::RunId;
    use crate::run::{Direction, Metric, Verdict};
    use crate::tournament::BlockSeed;
    use uuid::Uuid;

    fn block(round: u32, index: u32, score: Option<f64>, model: bool) -> CardBlock {
        CardBlock {
            round,
            index,
            seed: BlockSeed(0),
            run: RunId(Uuid::nil()),
            verdict: if score.is_some() {
                Verdict::Completed
            } else {
                Verdict::MethodFailed
            },
            score,
            model: model.then(|| Digest::of(b"model")),
        }
    }

    #[test]
    fn the_best_run_with_a_model_represents_the_champion() {
        let blocks = [
            block(1, 1, Some(0.8), true),
            block(2, 1, Some(0.9), true),
            block(2, 2, Some(0.9), true),
            block(3, 1, None, true),
            block(3, 2, Some(0.99), false),
        ];
        let chosen = choose_model(&Metric::default(), &blocks).unwrap();
        assert_eq!((chosen.round, chosen.index), (2, 1));
        let error = Metric {
            better: Direction::Lower,
            ..Metric::default()
        };
        let chosen = choose_model(&error, &blocks).unwrap();
        assert_eq!((chosen.round, chosen.index), (1, 1));
        assert!(choose_model(&Metric::default(), &blocks[3..]).is_none());
        assert!(choose_model(&Metric::default(), &[]).is_none());
    }
}
