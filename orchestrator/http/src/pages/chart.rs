//! Curves as SVG, drawn on the server.

use askama::Template;
use gauntlet_api::CurvePoint;

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 28.0;
/// Distinct metrics drawn; a method can report any number of names.
const MAX_CHARTS: usize = 6;

/// One metric over steps.
#[derive(Template)]
#[template(path = "chart.html")]
pub(crate) struct Chart {
    pub(crate) name: String,
    pub(crate) last: String,
    pub(crate) summary: String,
    pub(crate) lines: Vec<String>,
    pub(crate) dots: Vec<(String, String)>,
    pub(crate) x_ticks: Vec<Tick>,
    pub(crate) y_ticks: Vec<Tick>,
    pub(crate) missing: usize,
}

/// A grid line with its label.
pub(crate) struct Tick {
    pub(crate) at: String,
    pub(crate) label: String,
}

/// One chart per metric, in the order in which the metrics were first reported.
pub(crate) fn charts(curve: &[CurvePoint]) -> Vec<Chart> {
    let mut names: Vec<&str> = Vec::new();
    for point in curve {
        if !names.contains(&point.name.as_str()) {
            if names.len() == MAX_CHARTS {
                break;
            }
            names.push(&point.name);
        }
    }
    names
        .into_iter()
        .map(|name| chart(name, curve.iter().filter(|point| point.name == name)))
        .collect()
}

fn chart<'a>(name: &str, points: impl Iterator<Item = &'a CurvePoint>) -> Chart {
    let mut points: Vec<(f64, Option<f64>)> = points
        .map(|point| {
            (
                point.step as f64,
                point.value.filter(|value| value.is_finite()),
            )
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let values: Vec<f64> = points.iter().filter_map(|(_, value)| *value).collect();
    let x = Axis::new(points.iter().map(|(step, _)| *step), LEFT, WIDTH - RIGHT);
    let y = Axis::new(values.iter().copied(), HEIGHT - BOTTOM, TOP);

    // A value that is not finite breaks the line instead of being drawn somewhere.
    let mut lines = Vec::new();
    let mut dots = Vec::new();
    for piece in points.split(|(_, value)| value.is_none()) {
        let places: Vec<(f64, f64)> = piece
            .iter()
            .filter_map(|(step, value)| value.map(|value| (x.place(*step), y.place(value))))
            .collect();
        match places.as_slice() {
            [] => {}
            [(cx, cy)] => dots.push((format!("{cx:.1}"), format!("{cy:.1}"))),
            _ => lines.push(
                places
                    .iter()
                    .map(|(px, py)| format!("{px:.1},{py:.1}"))
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
        }
    }
    let last = values
        .last()
        .map_or_else(|| String::from("no value"), |value| number(*value));
    let summary = match (values.first(), values.last()) {
        (Some(first), Some(last)) => format!(
            "{name}: {} at the start, {} at the end, {} points",
            number(*first),
            number(*last),
            values.len()
        ),
        _ => format!("{name}: nothing finite was reported"),
    };
    Chart {
        name: name.to_owned(),
        last,
        summary,
        lines,
        dots,
        x_ticks: x.ticks(5),
        y_ticks: y.ticks(4),
        missing: points.len() - values.len(),
    }
}

/// Maps values to places on paper.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if !low.is_finite() || !high.is_finite() {
            (low, high) = (0.0, 1.0);
        }
        if high <= low {
            let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = (low - margin, high + margin);
        }
        Self {
            low,
            high,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        // Divided first: the span of two huge values may not be finite.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// About `wanted` round numbers inside the axis.
    fn ticks(&self, wanted: usize) -> Vec<Tick> {
        let rough = (self.high / wanted as f64) - (self.low / wanted as f64);
        let power = 10f64.powf(rough.log10().floor());
        if !power.is_normal() {
            return Vec::new();
        }
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|m| m * power)
            .into_iter()
            .find(|step| *step >= rough * 0.7);
        let step = step.unwrap_or(power * 10.0);
        let first = (self.low / step).ceil();
        (0..=2 * wanted)
            .map(|index| (first + index as f64) * step)
            .take_while(|value| value.is_finite() && *value <= self.high + step * 1e-9)
            .map(|value| {
                let value = if value.abs() < step * 1e-9 {
                    0.0
                } else {
                    value
                };
                Tick {
                    at: format!("{:.1}", self.place(value)),
                    label: number(value),
                }
            })
            .collect()
    }
}

/// A number in at most about six characters.
fn number(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        0.0 => return String::from("0"),
        s if !(1e-3..1e6).contains(&s) => return format!("{value:.1e}"),
        s if s >= 1e4 => return format!("{}k", trimmed(&format!("{:.1}", value / 1e3))),
        s if s >= 100.0 => format!("{value:.0}"),
        s if s >= 10.0 => format!("{value:.1}"),
        s if s >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    trimmed(&text).to_owned()
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: u64, name: &str, value: Option<f64>) -> CurvePoint {
        CurvePoint {
            step,
            name: name.to_owned(),
            value,
        }
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let curve = [
            point(0, "loss", Some(2.0)),
            point(1, "loss", Some(1.0)),
            point(2, "loss", None),
            point(3, "loss", Some(0.5)),
            point(0, "accuracy", Some(0.1)),
        ];
        let charts = charts(&curve);
        assert_eq!(charts.len(), 2);
        assert_eq!(charts[0].lines.len(), 1);
        assert_eq!(charts[0].dots.len(), 1);
        assert_eq!(charts[0].missing, 1);
        assert_eq!(charts[1].last, "0.1");
    }

    #[test]
    fn hostile_values_stay_on_the_paper() {
        let curve = [
            point(0, "x", Some(f64::MAX)),
            point(u64::MAX, "x", Some(f64::MIN)),
            point(7, "x", Some(f64::MIN_POSITIVE)),
            point(8, "x", Some(0.0)),
        ];
        let svg = charts(&curve)[0].render().unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        for place in charts(&curve)[0].lines[0].split([' ', ',']) {
            let place: f64 = place.parse().unwrap();
            assert!((0.0..=WIDTH).contains(&place));
        }
    }

    #[test]
    fn names_are_escaped() {
        let svg = charts(&[point(0, "<script>alert(1)</script>", Some(1.0))])[0]
            .render()
            .unwrap();
        assert!(!svg.contains("<script"), "{svg}");
    }

    #[test]
    fn numbers_are_short_and_round() {
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(12_000.0), "12k");
        assert_eq!(number(250.0), "250");
        assert_eq!(number(1e-7), "1.0e-7");
    }
}
