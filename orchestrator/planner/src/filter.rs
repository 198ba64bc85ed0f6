//! The same belief as the domain's posterior, kept up run by run.
//!
//! A Kalman filter over all qualities and the effects of all blocks. It costs the
//! square of their number per result where the posterior is solved anew, and
//! thousands of tournaments are played here. A flat prior on difficulties is stood in
//! for by a wide one.

use gauntlet_domain::statistics::Belief;

/// Variance of the prior on difficulties, in units of that of the qualities.
const WIDE: f64 = 1e5;

/// A Gaussian belief about qualities and effects.
#[derive(Clone)]
pub(crate) struct Filter {
    methods: usize,
    quality_variance: f64,
    noise_variance: f64,
    halfway_variance: f64,
    /// Qualities, then for each block the effect of its end and of its half-way.
    mean: Vec<f64>,
    covariance: Vec<Vec<f64>>,
    started: Vec<Vec<bool>>,
    finished: Vec<usize>,
    anyone_finished: Vec<bool>,
}

impl Filter {
    pub(crate) fn new(methods: usize, quality_sd: f64, noise_sd: f64, halfway_sd: f64) -> Self {
        let quality_variance = quality_sd * quality_sd;
        Self {
            methods,
            quality_variance,
            noise_variance: noise_sd * noise_sd,
            halfway_variance: (halfway_sd * halfway_sd).max(1e-6 * noise_sd * noise_sd),
            mean: vec![0.0; methods],
            covariance: (0..methods)
                .map(|i| {
                    let mut row = vec![0.0; methods];
                    row[i] = quality_variance;
                    row
                })
                .collect(),
            started: Vec::new(),
            finished: vec![0; methods],
            anyone_finished: Vec::new(),
        }
    }

    const fn end(&self, block: usize) -> usize {
        self.methods + 2 * block
    }

    fn open(&mut self, block: usize) {
        while self.started.len() <= block {
            for _ in 0..2 {
                self.mean.push(0.0);
                for row in &mut self.covariance {
                    row.push(0.0);
                }
                let mut row = vec![0.0; self.mean.len()];
                row[self.mean.len() - 1] = WIDE * self.quality_variance;
                self.covariance.push(row);
            }
            self.started.push(vec![false; self.methods]);
            self.anyone_finished.push(false);
        }
    }

    /// Takes in value = mean of state `plus` ± that of `other` + noise.
    fn observe(&mut self, plus: usize, sign: f64, other: usize, noise: f64, value: f64) {
        let gain: Vec<f64> = self.covariance[plus]
            .iter()
            .zip(&self.covariance[other])
            .map(|(a, b)| a + sign * b)
            .collect();
        let variance = gain[plus] + sign * gain[other] + noise;
        let surprise = (value - self.mean[plus] - sign * self.mean[other]) / variance;
        for ((mean, row), own) in self.mean.iter_mut().zip(&mut self.covariance).zip(&gain) {
            *mean += own * surprise;
            let factor = own / variance;
            for (entry, crossing) in row.iter_mut().zip(&gain) {
                *entry -= factor * crossing;
            }
        }
    }

    /// A run's final score.
    pub(crate) fn finish(&mut self, method: usize, block: usize, score: f64) {
        self.open(block);
        let noise = self.noise_variance;
        self.observe(method, 1.0, self.end(block), noise, score);
        self.started[block][method] = true;
        self.anyone_finished[block] = true;
        self.finished[method] += 1;
    }

    /// The half-way score of a run that was stopped there.
    pub(crate) fn stop(&mut self, method: usize, block: usize, score: f64) {
        self.open(block);
        let noise = self.noise_variance + self.halfway_variance;
        self.observe(method, 1.0, self.end(block) + 1, noise, score);
        self.started[block][method] = true;
    }

    /// How much lower a finished run had stood half-way.
    pub(crate) fn progress(&mut self, block: usize, halfway: f64, score: f64) {
        self.open(block);
        let end = self.end(block);
        self.observe(end + 1, -1.0, end, self.halfway_variance, halfway - score);
    }

    /// A run whose score is still to come, taken to be what is expected.
    pub(crate) fn expect(&mut self, method: usize, block: usize) {
        self.open(block);
        let score = self.mean[method] + self.mean[self.end(block)];
        self.finish(method, block, score);
    }
}

impl Belief for Filter {
    fn methods(&self) -> usize {
        self.methods
    }

    fn mean(&self, method: usize) -> f64 {
        self.mean[method]
    }

    fn difference_variance(&self, one: usize, other: usize) -> f64 {
        let c = &self.covariance;
        c[one][one] + c[other][other] - 2.0 * c[one][other]
    }

    fn quality_sd(&self) -> f64 {
        self.quality_variance.sqrt()
    }

    fn finished(&self, method: usize) -> usize {
        self.finished[method]
    }

    fn blocks(&self) -> Vec<usize> {
        (0..self.started.len()).collect()
    }

    fn started(&self, method: usize, block: usize) -> bool {
        self.started[block][method]
    }

    fn reduction(&self, method: usize, other: usize, block: usize) -> f64 {
        if !self.anyone_finished[block] {
            return 0.0;
        }
        let (c, end) = (&self.covariance, self.end(block));
        let covariance = c[method][method] + c[method][end] - c[other][method] - c[other][end];
        let variance = c[method][method] + c[end][end] + 2.0 * c[method][end] + self.noise_variance;
        covariance * covariance / variance
    }
}
