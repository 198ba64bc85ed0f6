//! One oblivious tree: all nodes of a level ask whether the same column is above the same
//! border, so a leaf is the number whose bits are the answers.

use crate::columns::Columns;

/// Questions of a tree, and the leaf that each row of the train part falls into.
pub struct Grown {
    /// Column and place of the border, level by level.
    pub questions: Vec<(usize, usize)>,
    /// `[rows]`, below `2^questions.len()`.
    pub leaves: Vec<u16>,
}

/// What each row pulls at, for each output.
pub struct Pulls<'a> {
    /// First derivatives of the loss, `[rows, outputs]`; zero where a row is left out.
    pub gradients: &'a [f32],
    /// Second derivatives, likewise.
    pub hessians: &'a [f32],
    /// Number of outputs.
    pub outputs: usize,
}

/// Grows a tree, level by level, each with the question that takes most of the loss away:
/// the largest sum over leaves and outputs of `G² / (H + ridge)`, where `G` and `H` are sums of
/// derivatives (T. Chen, C. Guestrin, "XGBoost", 2016, equation 6). Ends early where no
/// question helps. Looks at the columns in `candidates` alone.
pub fn grow(
    columns: &Columns,
    candidates: &[usize],
    pulls: &Pulls<'_>,
    depth: usize,
    ridge: f32,
) -> Grown {
    let mut leaves = vec![0_u16; columns.rows()];
    let mut questions = Vec::with_capacity(depth);
    let mut best_so_far = 0.0;
    for level in 0..depth {
        let mut best: Option<(f32, usize, usize)> = None;
        for &column in candidates {
            if columns.borders[column].is_empty() {
                continue;
            }
            let histogram = Histogram::new(columns, column, &leaves, 1 << level, pulls);
            if let Some((gain, border)) = histogram.best(ridge)
                && best.is_none_or(|(most, ..)| gain > most)
            {
                best = Some((gain, column, border));
            }
        }
        let Some((gain, column, border)) = best.filter(|(gain, ..)| *gain > best_so_far) else {
            break;
        };
        best_so_far = gain;
        for (leaf, place) in leaves.iter_mut().zip(&columns.places[column]) {
            *leaf |= u16::from(usize::from(*place) > border) << level;
        }
        questions.push((column, border));
    }
    Grown { questions, leaves }
}

/// Values of the leaves, `[leaves, outputs]`: Newton's step, minus `G / (H + ridge)`.
pub fn leaf_values(grown: &Grown, pulls: &Pulls<'_>, depth: usize, ridge: f32) -> Vec<f32> {
    let outputs = pulls.outputs;
    let mut sums = vec![(0.0_f32, 0.0_f32); (1 << depth) * outputs];
    let rows = pulls.gradients.chunks_exact(outputs);
    let rows = rows.zip(pulls.hessians.chunks_exact(outputs));
    for (leaf, (gradients, hessians)) in grown.leaves.iter().zip(rows) {
        let own = &mut sums[usize::from(*leaf) * outputs..][..outputs];
        for (sum, (gradient, hessian)) in own.iter_mut().zip(gradients.iter().zip(hessians)) {
            sum.0 += gradient;
            sum.1 += hessian;
        }
    }
    sums.into_iter()
        .map(|(gradient, hessian)| -gradient / (hessian + ridge))
        .collect()
}

/// Sums of derivatives by leaf, place and output, of one column.
struct Histogram {
    gradients: Vec<f32>,
    hessians: Vec<f32>,
    leaves: usize,
    places: usize,
    outputs: usize,
}

impl Histogram {
    fn new(
        columns: &Columns,
        column: usize,
        leaf_of: &[u16],
        leaves: usize,
        pulls: &Pulls<'_>,
    ) -> Self {
        let outputs = pulls.outputs;
        let places = columns.borders[column].len() + 1;
        let mut gradients = vec![0.0; leaves * places * outputs];
        let mut hessians = gradients.clone();
        let rows = pulls.gradients.chunks_exact(outputs);
        let rows = rows.zip(pulls.hessians.chunks_exact(outputs));
        let cells = leaf_of.iter().zip(&columns.places[column]);
        for ((leaf, place), (own_gradients, own_hessians)) in cells.zip(rows) {
            let at = (usize::from(*leaf) * places + usize::from(*place)) * outputs;
            for (sum, own) in gradients[at..at + outputs].iter_mut().zip(own_gradients) {
                *sum += own;
            }
            for (sum, own) in hessians[at..at + outputs].iter_mut().zip(own_hessians) {
                *sum += own;
            }
        }
        Self {
            gradients,
            hessians,
            leaves,
            places,
            outputs,
        }
    }

    /// The border with the largest gain, and that; the first of equals.
    fn best(&self, ridge: f32) -> Option<(f32, usize)> {
        let mut gains = vec![0.0_f32; self.places - 1];
        for leaf in 0..self.leaves {
            for output in 0..self.outputs {
                let at = |place: usize| (leaf * self.places + place) * self.outputs + output;
                let (mut all_g, mut all_h) = (0.0, 0.0);
                for place in 0..self.places {
                    all_g += self.gradients[at(place)];
                    all_h += self.hessians[at(place)];
                }
                if all_h == 0.0 {
                    continue;
                }
                let (mut below_g, mut below_h) = (0.0, 0.0);
                for (border, gain) in gains.iter_mut().enumerate() {
                    below_g += self.gradients[at(border)];
                    below_h += self.hessians[at(border)];
                    let (above_g, above_h) = (all_g - below_g, all_h - below_h);
                    *gain += below_g * below_g / (below_h + ridge)
                        + above_g * above_g / (above_h + ridge);
                }
            }
        }
        let first = (*gains.first()?, 0);
        Some(gains.into_iter().zip(0..).fold(
            first,
            |best, one| {
                if one.0 > best.0 { one } else { best }
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_what_tells_the_rows_apart() {
        // The second column is the answer, the first is noise.
        let columns = Columns::new(&[1.0, 0.0, 2.0, 1.0, 1.0, 1.0, 2.0, 0.0], 2, 254);
        let pulls = Pulls {
            gradients: &[1.0, -1.0, -1.0, 1.0],
            hessians: &[1.0; 4],
            outputs: 1,
        };
        let grown = grow(&columns, &[0, 1], &pulls, 3, 0.5);
        assert_eq!(grown.questions, [(1, 0)]);
        assert_eq!(grown.leaves, [0, 1, 1, 0]);
        let values = leaf_values(&grown, &pulls, 1, 0.0);
        assert_eq!(values, [-1.0, 1.0]);
    }
}
