//! What a task measures.

/// What a task measures, and which way is better.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name, such as `accuracy`.
    pub name: &'static str,
    /// What one unit of it is, where the name does not say.
    pub unit: Option<&'static str>,
    /// Which way is better.
    pub better: Direction,
    /// The best that is possible.
    pub best: f64,
    /// What a run without a score counts as: no worse than this is ever counted.
    pub miss: f64,
}

/// Which of two scores is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The larger.
    Higher,
    /// The smaller.
    Lower,
}

/// A mark. Which way is better the task's [`Metric`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// What is measured, such as `accuracy`.
    pub metric: &'static str,
    /// The value.
    pub value: f64,
    /// Other measures of the same predictions, which decide nothing.
    pub secondary: Vec<(&'static str, f64)>,
}

impl Score {
    pub(crate) fn new(metric: &'static str, value: f64) -> Self {
        Self {
            metric,
            value,
            secondary: Vec::new(),
        }
    }

    pub(crate) fn and(mut self, name: &'static str, value: f64) -> Self {
        self.secondary.push((name, value));
        self
    }
}
