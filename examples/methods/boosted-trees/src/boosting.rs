//! Derivatives of the loss, and what the trees so far say of each row.

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Cross-entropy: of a logistic where there is one score, else of a softmax.
    Classes,
    /// Half the squared difference.
    Squares,
}

/// Scores of the train part, and what they should be.
pub struct Boosting {
    loss: Loss,
    /// Class of each row, or `[rows, outputs]`.
    wanted: Vec<f32>,
    outputs: usize,
    /// `[rows, outputs]`.
    scores: Vec<f32>,
}

/// Derivatives of the loss, `[rows, outputs]`, and its mean.
pub struct Derivatives {
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub mean_loss: f64,
}

impl Boosting {
    /// Starts from the scores that are best if nothing is known of a row.
    pub fn new(loss: Loss, wanted: Vec<f32>, outputs: usize) -> Self {
        let rows = match loss {
            Loss::Classes => wanted.len(),
            Loss::Squares => wanted.len() / outputs,
        };
        let mut state = Self {
            loss,
            wanted,
            outputs,
            scores: Vec::new(),
        };
        let start = state.start(rows);
        state.scores = start.iter().copied().cycle().take(rows * outputs).collect();
        state
    }

    /// Scores before the first tree.
    fn start(&self, rows: usize) -> Vec<f32> {
        let mut sums = vec![0.0_f64; self.outputs];
        match self.loss {
            Loss::Squares => {
                for (nth, wanted) in self.wanted.iter().enumerate() {
                    sums[nth % self.outputs] += f64::from(*wanted);
                }
                sums.iter().map(|sum| (sum / rows as f64) as f32).collect()
            }
            Loss::Classes if self.outputs == 1 => {
                let ones = self.wanted.iter().filter(|class| **class > 0.5).count() as f64;
                // As if half a row more of each class had been seen: no class is impossible.
                vec![((ones + 0.5) / (rows as f64 - ones + 0.5)).ln() as f32]
            }
            Loss::Classes => {
                self.wanted
                    .iter()
                    .for_each(|class| sums[*class as usize] += 1.0);
                sums.iter().map(|count| (count + 0.5).ln() as f32).collect()
            }
        }
    }

    /// The scores that all rows began with, read off before the first tree.
    pub fn first_scores(&self) -> Vec<f32> {
        self.scores[..self.outputs].to_vec()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.scores.len() / self.outputs
    }

    /// Derivatives where the scores are now.
    pub fn derivatives(&self) -> Derivatives {
        let mut first = vec![0.0; self.scores.len()];
        let mut second = vec![1.0; self.scores.len()];
        let mut sum = 0.0;
        let rows = self.scores.chunks_exact(self.outputs);
        let derivatives = first
            .chunks_exact_mut(self.outputs)
            .zip(second.chunks_exact_mut(self.outputs));
        for (row, (scores, (first, second))) in rows.zip(derivatives).enumerate() {
            sum += match self.loss {
                Loss::Squares => {
                    let wanted = &self.wanted[row * self.outputs..][..self.outputs];
                    squares(scores, wanted, first)
                }
                Loss::Classes if self.outputs == 1 => {
                    logistic(scores[0], self.wanted[row], &mut first[0], &mut second[0])
                }
                Loss::Classes => softmax(scores, self.wanted[row] as usize, first, second),
            };
        }
        Derivatives {
            first,
            second,
            mean_loss: sum / self.rows() as f64,
        }
    }

    /// Adds what a tree says: `values` are `[leaves, outputs]`.
    pub fn add(&mut self, leaves: &[u16], values: &[f32]) {
        let rows = self.scores.chunks_exact_mut(self.outputs);
        for (scores, leaf) in rows.zip(leaves) {
            let own = &values[usize::from(*leaf) * self.outputs..][..self.outputs];
            for (score, value) in scores.iter_mut().zip(own) {
                *score += value;
            }
        }
    }
}

fn squares(scores: &[f32], wanted: &[f32], first: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    for (first, (score, wanted)) in first.iter_mut().zip(scores.iter().zip(wanted)) {
        *first = score - wanted;
        loss += 0.5 * f64::from(*first * *first);
    }
    loss
}

fn logistic(score: f32, wanted: f32, first: &mut f32, second: &mut f32) -> f64 {
    let p = 1.0 / (1.0 + (-score).exp());
    *first = p - wanted;
    *second = (p * (1.0 - p)).max(1e-6);
    let right = if wanted > 0.5 { p } else { 1.0 - p };
    -f64::from(right.max(1e-12).ln())
}

fn softmax(scores: &[f32], class: usize, first: &mut [f32], second: &mut [f32]) -> f64 {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = scores.iter().map(|score| (score - most).exp()).sum();
    for (at, score) in scores.iter().enumerate() {
        let p = (score - most).exp() / sum;
        first[at] = p;
        second[at] = (p * (1.0 - p)).max(1e-6);
    }
    let right = first[class];
    first[class] -= 1.0;
    -f64::from(right.max(1e-12).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_scores_without_a_tree_have_no_slope() {
        for (loss, wanted, outputs) in [
            (Loss::Squares, vec![1.0, 5.0, 2.0, 6.0, 3.0, 10.0], 2),
            (Loss::Classes, vec![0.0, 1.0, 1.0, 0.0], 1),
            (Loss::Classes, vec![0.0, 1.0, 2.0, 2.0, 0.0, 1.0], 3),
        ] {
            let derivatives = Boosting::new(loss, wanted, outputs).derivatives();
            for output in 0..outputs {
                let slope: f32 = derivatives.first.iter().skip(output).step_by(outputs).sum();
                assert!(slope.abs() < 1e-5, "{loss:?} {output}: {slope}");
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_the_loss() {
        let mut state = Boosting::new(Loss::Classes, vec![2.0], 3);
        let step = 1e-2;
        let at = |state: &mut Boosting, by: f32| {
            state.add(&[0], &[by, 0.0, 0.0]);
            let loss = state.derivatives();
            state.add(&[0], &[-by, 0.0, 0.0]);
            loss
        };
        let (below, here, above) = (
            at(&mut state, -step),
            at(&mut state, 0.0),
            at(&mut state, step),
        );
        let slope = (above.mean_loss - below.mean_loss) / f64::from(2.0 * step);
        assert!((slope - f64::from(here.first[0])).abs() < 1e-3);
        let bend = f64::from(above.first[0] - below.first[0]) / f64::from(2.0 * step);
        assert!((bend - f64::from(here.second[0])).abs() < 1e-3);
    }
}
