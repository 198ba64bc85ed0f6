//! The staircase: methods down, blocks across, filling as results arrive.

use std::collections::BTreeMap;

use gauntlet_api::{Direction, RunCell, RunState, Tournament, Verdict};

use super::format;

/// Methods by blocks, grouped by round.
pub(crate) struct Matrix {
    pub(crate) groups: Vec<Group>,
    pub(crate) rows: Vec<Row>,
}

/// A round's columns.
pub(crate) struct Group {
    pub(crate) number: u32,
    pub(crate) columns: Vec<Column>,
}

/// A block's column.
pub(crate) struct Column {
    /// Its number, or none for a block that is not drawn yet.
    pub(crate) block: Option<u32>,
    pub(crate) title: String,
    /// Whether its runs have half the budget.
    pub(crate) half: bool,
    pub(crate) first: bool,
}

/// A method's row.
pub(crate) struct Row {
    pub(crate) method: String,
    pub(crate) out: bool,
    pub(crate) champion: bool,
    pub(crate) cells: Vec<Cell>,
    pub(crate) mean: String,
}

/// A run, or the place where one would be.
pub(crate) struct Cell {
    pub(crate) class: String,
    pub(crate) href: Option<String>,
    pub(crate) text: String,
    /// The text for a wide screen, where it is another.
    pub(crate) long: Option<String>,
    pub(crate) label: String,
}

impl Matrix {
    /// Rows follow the standing; before there is one, the field's order.
    pub(crate) fn new(tournament: &Tournament) -> Self {
        let groups = groups(tournament);
        let scale = Scale::of(tournament);
        let runs = runs(tournament);
        let mut names: Vec<&str> = tournament
            .standings
            .iter()
            .map(|s| s.method.as_str())
            .collect();
        for method in &tournament.methods {
            if !names.contains(&method.name.as_str()) {
                names.push(&method.name);
            }
        }
        let rows = names
            .into_iter()
            .map(|name| row(tournament, &groups, &scale, &runs, name))
            .collect();
        Self { groups, rows }
    }

    /// All block columns of the matrix.
    pub(crate) fn width(&self) -> usize {
        self.groups.iter().map(|group| group.columns.len()).sum()
    }
}

fn groups(tournament: &Tournament) -> Vec<Group> {
    let mut groups: Vec<Group> = tournament
        .rounds
        .iter()
        .map(|round| Group {
            number: round.number,
            // A block run late has its column already.
            columns: round
                .blocks
                .iter()
                .filter(|block| block.again.is_none())
                .enumerate()
                .map(|(index, block)| Column {
                    block: Some(block.number),
                    title: format!(
                        "block {}, seed {}{}",
                        block.number,
                        block.seed,
                        if block.half { ", half the budget" } else { "" }
                    ),
                    half: block.half,
                    first: index == 0,
                })
                .collect(),
        })
        .collect();
    // Rounds to come are known from the rules, where these say so.
    let planned = tournament
        .rules
        .get("blocks_per_rung")
        .and_then(|value| value.as_array());
    for (index, blocks) in planned.into_iter().flatten().enumerate().skip(groups.len()) {
        let blocks = blocks.as_u64().unwrap_or(0).min(64);
        groups.push(Group {
            number: index as u32 + 1,
            columns: (0..blocks)
                .map(|index| Column {
                    block: None,
                    title: String::from("not drawn yet"),
                    half: false,
                    first: index == 0,
                })
                .collect(),
        });
    }
    groups
}

/// Runs by their method and by the block that they were made on, late or not.
type Runs<'a> = BTreeMap<(&'a str, u32), &'a RunCell>;

fn runs(tournament: &Tournament) -> Runs<'_> {
    let late: BTreeMap<u32, u32> = tournament
        .rounds
        .iter()
        .flat_map(|round| &round.blocks)
        .filter_map(|block| Some((block.number, block.again?)))
        .collect();
    tournament
        .rounds
        .iter()
        .flat_map(|round| &round.runs)
        .map(|run| {
            let block = late.get(&run.block).copied().unwrap_or(run.block);
            ((run.method.as_str(), block), run)
        })
        .collect()
}

fn row(
    tournament: &Tournament,
    groups: &[Group],
    scale: &Scale,
    runs: &Runs<'_>,
    name: &str,
) -> Row {
    let standing = tournament
        .standings
        .iter()
        .find(|standing| standing.method == name);
    let cut_after = standing.and_then(|standing| standing.cut_after);
    let columns = groups
        .iter()
        .flat_map(|group| group.columns.iter().map(move |column| (group, column)));
    let cells = columns
        .map(|(group, column)| {
            let run = column.block.and_then(|block| runs.get(&(name, block)));
            let mut cell = match run {
                Some(run) => run_cell(run, scale),
                None if cut_after.is_some_and(|after| group.number > after) => Cell {
                    class: String::from("gone"),
                    href: None,
                    text: String::new(),
                    long: None,
                    label: format!("{name} is out"),
                },
                None => Cell {
                    class: String::from("later"),
                    href: None,
                    text: String::new(),
                    long: None,
                    label: format!("{name}: not drawn yet"),
                },
            };
            if column.first {
                cell.class.push_str(" first");
            }
            cell
        })
        .collect();
    Row {
        method: name.to_owned(),
        out: cut_after.is_some(),
        champion: tournament
            .champion
            .as_ref()
            .is_some_and(|champion| champion.method == name),
        cells,
        mean: standing
            .filter(|standing| standing.blocks > 0)
            .map_or_else(String::new, |standing| format::short_score(standing.mean)),
    }
}

fn run_cell(run: &RunCell, scale: &Scale) -> Cell {
    let (class, text, what) = match (run.state, run.verdict, run.score) {
        (RunState::Done, _, Some(score)) => (
            format!("score q{}", scale.class(score)),
            format::short_score(score),
            format::score(score),
        ),
        (RunState::Done, Some(Verdict::Stopped), None) => (
            String::from("void"),
            String::from("stop"),
            String::from("stopped early"),
        ),
        (RunState::Done, verdict, None) => {
            let verdict = verdict.map_or("done", |verdict| verdict.as_str());
            let short = match verdict {
                "budget_exceeded" => "work",
                "memory_exceeded" => "mem",
                "method_failed" => "fail",
                "invalid_predictions" => "bad",
                other => other,
            };
            (
                String::from("fault"),
                short.to_owned(),
                format::words(verdict),
            )
        }
        (RunState::Leased, ..) => {
            let percent = format::percent(run.progress);
            (
                String::from("running"),
                format!("{percent}%"),
                format!("running, {percent} % of the budget used"),
            )
        }
        (RunState::Queued, ..) => (
            String::from("queued"),
            String::from("···"),
            String::from("queued"),
        ),
        (RunState::Void, ..) => (
            String::from("void"),
            String::from("–"),
            String::from("not needed any more"),
        ),
        (RunState::Stuck, ..) => (
            String::from("stuck"),
            String::from("stuck"),
            String::from("stuck"),
        ),
    };
    Cell {
        // A narrow screen has no room for more than a syllable.
        long: (class == "fault").then(|| what.clone()),
        class,
        href: Some(format!("/runs/{}", run.run)),
        text,
        label: format!("{} on block {}: {what}", run.method, run.block),
    }
}

/// Colours scores from the worst to the best of the tournament.
struct Scale {
    low: f64,
    high: f64,
    better: Direction,
}

impl Scale {
    fn of(tournament: &Tournament) -> Self {
        let scores = tournament
            .rounds
            .iter()
            .flat_map(|round| &round.runs)
            .filter_map(|run| run.score);
        let (low, high) = scores.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), score| {
            (low.min(score), high.max(score))
        });
        Self {
            low,
            high,
            better: tournament.metric.better,
        }
    }

    /// 0 to 9.
    fn class(&self, score: f64) -> u32 {
        let span = self.high - self.low;
        if span <= 0.0 || !span.is_finite() {
            return 9;
        }
        let from_worst = match self.better {
            Direction::Higher => score - self.low,
            Direction::Lower => self.high - score,
        };
        ((from_worst / span) * 9.0).round().clamp(0.0, 9.0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn the_staircase_shows_what_is_to_come() {
        let matrix = Matrix::new(&samples::tournament());
        assert_eq!(matrix.width(), 6);
        let classes = |name: &str| -> Vec<String> {
            let row = matrix.rows.iter().find(|row| row.method == name).unwrap();
            row.cells
                .iter()
                .map(|cell| cell.class.replace(" first", ""))
                .collect()
        };
        assert_eq!(
            classes("small-conv-net")[1..],
            ["score q9", "running", "later", "later", "later"]
        );
        assert_eq!(classes("allocates-without-end")[0], "fault");
        assert_eq!(classes("allocates-without-end")[1..], ["gone"; 5]);
    }

    #[test]
    fn equal_scores_have_one_colour() {
        let scale = Scale {
            low: 0.5,
            high: 0.5,
            better: Direction::Lower,
        };
        assert_eq!(scale.class(0.5), 9);
    }

    #[test]
    fn the_best_has_the_best_colour_whichever_way_is_better() {
        let scale = |better| Scale {
            low: 1.0,
            high: 4.0,
            better,
        };
        assert_eq!(scale(Direction::Higher).class(4.0), 9);
        assert_eq!(scale(Direction::Lower).class(4.0), 0);
        assert_eq!(scale(Direction::Lower).class(1.0), 9);
    }
}
