//! A perceptron with one hidden layer as plain numbers: forward, backward, update.

/// Weights and biases, each matrix row by row `[from, to]`.
pub struct Perceptron {
    /// Numbers of an input, of the hidden layer, of classes.
    pub widths: [usize; 3],
    /// `[inputs, hidden]`.
    pub first: Vec<f32>,
    /// `[hidden]`.
    pub first_bias: Vec<f32>,
    /// `[hidden, classes]`.
    pub second: Vec<f32>,
    /// `[classes]`.
    pub second_bias: Vec<f32>,
}

impl Perceptron {
    /// One step of gradient descent on the mean cross-entropy of a batch: `inputs` are
    /// `[rows, inputs]`, `labels` the right class of each row. The loss before the step.
    pub fn step(&mut self, inputs: &[f32], labels: &[usize], learning_rate: f32) -> f32 {
        let [features, hidden, classes] = self.widths;
        let rows = labels.len();
        let mut activations = vec![0.0; rows * hidden];
        let mut scores = vec![0.0; rows * classes];
        forward(inputs, &self.first, &self.first_bias, &mut activations);
        for value in &mut activations {
            *value = value.max(0.0);
        }
        forward(&activations, &self.second, &self.second_bias, &mut scores);

        let loss = cross_entropy(&mut scores, labels, classes);
        let by_scores = scores;
        let mut by_activations = vec![0.0; rows * hidden];
        for row in 0..rows {
            let by_scores = &by_scores[row * classes..][..classes];
            for unit in 0..hidden {
                // Where the unit was silent, nothing that it weighs matters.
                if activations[row * hidden + unit] > 0.0 {
                    let weights = &self.second[unit * classes..][..classes];
                    by_activations[row * hidden + unit] = dot(weights, by_scores);
                }
            }
        }
        update(
            &mut self.second,
            &activations,
            &by_scores,
            rows,
            learning_rate,
        );
        update_bias(&mut self.second_bias, &by_scores, learning_rate);
        update(
            &mut self.first,
            inputs,
            &by_activations,
            rows,
            learning_rate,
        );
        update_bias(&mut self.first_bias, &by_activations, learning_rate);
        debug_assert_eq!(inputs.len(), rows * features);
        loss
    }
}

/// `outputs [rows, to] = inputs [rows, from] · weights [from, to] + bias [to]`.
fn forward(inputs: &[f32], weights: &[f32], bias: &[f32], outputs: &mut [f32]) {
    let to = bias.len();
    let from = weights.len() / to;
    for (input, output) in inputs.chunks_exact(from).zip(outputs.chunks_exact_mut(to)) {
        output.copy_from_slice(bias);
        for (value, weights) in input.iter().zip(weights.chunks_exact(to)) {
            for (sum, weight) in output.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
}

/// Turns scores `[rows, classes]` into the gradient of their mean cross-entropy, which it returns.
fn cross_entropy(scores: &mut [f32], labels: &[usize], classes: usize) -> f32 {
    let rows = labels.len() as f32;
    let mut loss = 0.0;
    for (scores, &label) in scores.chunks_exact_mut(classes).zip(labels) {
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        for score in scores.iter_mut() {
            *score = (*score - most).exp();
        }
        let sum: f32 = scores.iter().sum();
        loss -= (scores[label] / sum).ln();
        for score in scores.iter_mut() {
            *score /= sum * rows;
        }
        scores[label] -= 1.0 / rows;
    }
    loss / rows
}

/// Moves weights `[from, to]` against their gradient: the sum over rows of input times error.
fn update(weights: &mut [f32], inputs: &[f32], errors: &[f32], rows: usize, learning_rate: f32) {
    let (from, to) = (inputs.len() / rows, errors.len() / rows);
    for (input, error) in inputs.chunks_exact(from).zip(errors.chunks_exact(to)) {
        for (value, weights) in input.iter().zip(weights.chunks_exact_mut(to)) {
            let scaled = learning_rate * value;
            for (weight, error) in weights.iter_mut().zip(error) {
                *weight -= scaled * error;
            }
        }
    }
}

fn update_bias(bias: &mut [f32], errors: &[f32], learning_rate: f32) {
    for error in errors.chunks_exact(bias.len()) {
        for (bias, error) in bias.iter_mut().zip(error) {
            *bias -= learning_rate * error;
        }
    }
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::Perceptron;

    #[test]
    fn it_learns_to_tell_two_points_apart() {
        let mut net = Perceptron {
            widths: [2, 3, 2],
            first: vec![0.3, -0.2, 0.1, -0.1, 0.4, 0.2],
            first_bias: vec![0.0; 3],
            second: vec![0.2, -0.1, 0.1, 0.3, -0.2, 0.1],
            second_bias: vec![0.0; 2],
        };
        let mut step = || net.step(&[1.0, 0.0, 0.0, 1.0], &[0, 1], 0.5);
        let first = step();
        let last = (0..200).map(|_| step()).last().unwrap();
        assert!(last < 0.1 * first, "{first} to {last}");
    }
}
