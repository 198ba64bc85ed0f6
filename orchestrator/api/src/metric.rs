use serde::{Deserialize, Serialize};

/// What a task measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its name, such as `accuracy` or `bits per byte`.
    pub name: String,
    /// What one unit of it is, where the name does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which way is better.
    pub better: Direction,
    /// The best that is possible.
    pub best: f64,
    /// What a fault of the entrant counts as; no result counts as worse.
    pub miss: f64,
}

/// Which of two scores is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The larger.
    Higher,
    /// The smaller.
    Lower,
}

impl Default for Metric {
    /// Accuracy, which is what a task measures that does not say.
    fn default() -> Self {
        Self {
            name: "accuracy".to_owned(),
            unit: None,
            better: Direction::Higher,
            best: 1.0,
            miss: 0.0,
        }
    }
}

impl Metric {
    /// For the heading of a column: `accuracy`, `rmse (sd), lower is better`.
    #[must_use]
    pub fn heading(&self) -> String {
        let unit = self
            .unit
            .as_ref()
            .map_or_else(String::new, |unit| format!(" ({unit})"));
        let better = match self.better {
            Direction::Higher => "",
            Direction::Lower => ", lower is better",
        };
        format!("{}{unit}{better}", self.name)
    }

    /// Orders scores, the better first.
    #[must_use]
    pub fn order(&self, one: f64, other: f64) -> std::cmp::Ordering {
        match self.better {
            Direction::Higher => other.total_cmp(&one),
            Direction::Lower => one.total_cmp(&other),
        }
    }
}
