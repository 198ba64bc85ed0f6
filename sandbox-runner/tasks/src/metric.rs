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
