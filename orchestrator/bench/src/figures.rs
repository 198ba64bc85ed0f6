//! What was measured: printed, and kept in files that others write too.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Result;

const BEGIN: &str = "<!-- figures: engine -->";
const END: &str = "<!-- end of figures -->";

/// A figure with what it should be, for people.
struct Line {
    name: &'static str,
    value: f64,
    aim: &'static str,
    what: String,
}

/// See the module. What could not be measured is absent, never zero.
#[derive(Default)]
pub(crate) struct Figures(Vec<Line>);

impl Figures {
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        value: f64,
        aim: &'static str,
        what: impl Into<String>,
    ) {
        self.0.push(Line {
            name,
            value,
            aim,
            what: what.into(),
        });
    }

    pub(crate) fn print(&self) {
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["figure", "measured", "aim", "what"]);
        for line in &self.0 {
            table.add_row([line.name, &number(line.value), line.aim, &line.what]);
        }
        println!("{table}");
    }

    /// Puts the figures among those of a flat JSON file, name to number.
    pub(crate) fn merge_into(&self, path: &Path) -> Result<()> {
        let mut all: BTreeMap<String, f64> = match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                format!("{} is no flat JSON of numbers: {error}", path.display())
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(format!("{}: {error}", path.display()).into()),
        };
        for line in &self.0 {
            // JSON has no infinities; and nobody reads the thirteenth digit.
            if line.value.is_finite() {
                all.insert(line.name.to_owned(), (line.value * 1000.0).round() / 1000.0);
            }
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_string_pretty(&all)?;
        text.push('\n');
        Ok(std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?)
    }

    /// Writes the table between the marks of a document.
    pub(crate) fn publish(&self, path: &Path) -> Result<()> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let marks = || format!("{} lacks `{BEGIN}` followed by `{END}`", path.display());
        let (before, rest) = text.split_once(BEGIN).ok_or_else(marks)?;
        let (_, after) = rest.split_once(END).ok_or_else(marks)?;
        let mut table = String::from("| figure | measured | aim | what |\n|---|---|---|---|\n");
        for line in &self.0 {
            table.push_str(&format!(
                "| `{}` | {} | {} | {} |\n",
                line.name,
                number(line.value),
                line.aim,
                line.what
            ));
        }
        Ok(std::fs::write(
            path,
            format!("{before}{BEGIN}\n{table}{END}{after}"),
        )?)
    }
}

fn number(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// The value below which `share` of the values lie; the values need not be in order.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    // The largest of a few is the 99th of a hundred: rounded up.
    let at = (values.len() as f64 * share).ceil() as usize;
    values
        .get(at.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Figures, quantile};

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let mut values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.99), 198.0);
        assert_eq!(quantile(&mut values, 0.5), 100.0);
        assert_eq!(quantile(&mut [3.0, 1.0], 0.99), 3.0);
    }

    #[test]
    fn what_others_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.json");
        std::fs::write(&path, r#"{"p5_80": 0.65, "p3_round_gap_p99_ms": 1}"#).unwrap();
        let mut figures = Figures::default();
        figures.add("p3_round_gap_p99_ms", 12.3456, "", "");
        figures.merge_into(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let all: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            all,
            serde_json::json!({ "p5_80": 0.65, "p3_round_gap_p99_ms": 12.346 })
        );
        figures.publish(&path).unwrap_err();
    }
}
