//! Cost of a run against the runs done: as a picture, and in the terminal.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::Result;
use crate::growth::Point;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 20.0;
const BOTTOM: f64 = 48.0;

/// Writes the picture.
pub(crate) fn write(path: &Path, points: &[Point]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(
        std::fs::write(path, svg(points))
            .map_err(|error| format!("{}: {error}", path.display()))?,
    )
}

fn svg(points: &[Point]) -> String {
    let most_runs = points.iter().map(|point| point.runs).max().unwrap_or(1) as f64;
    let costs = points
        .iter()
        .flat_map(|point| [point.processor_us, point.elapsed_us]);
    let most = ceiling(costs.fold(1.0, f64::max));
    let x = |runs: f64| LEFT + runs / most_runs * (WIDTH - LEFT - RIGHT);
    let y = |cost: f64| HEIGHT - BOTTOM - cost / most * (HEIGHT - TOP - BOTTOM);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Cost of a run against the runs done</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let mut add = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    for part in 0..=4 {
        let cost = most * f64::from(part) / 4.0;
        let runs = most_runs * f64::from(part) / 4.0;
        add(format!(
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{cost:.0}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{runs:.0}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y(cost) + 4.0,
            x(runs),
            HEIGHT - BOTTOM + 18.0,
            y = y(cost),
        ));
    }
    add(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">runs done</text>\
         <text x=\"{LEFT}\" y=\"18\">µs a run (lease and result): \
         <tspan fill=\"#1f5fa8\">processor time</tspan>, <tspan fill=\"#b5542b\">elapsed</tspan></text>",
        (WIDTH + LEFT - RIGHT) / 2.0,
        HEIGHT - 10.0
    ));
    let elapsed: Vec<f64> = points.iter().map(|point| point.elapsed_us).collect();
    let processor: Vec<f64> = points.iter().map(|point| point.processor_us).collect();
    for (colour, costs) in [("#b5542b", elapsed), ("#1f5fa8", processor)] {
        let mut line = String::new();
        for (point, cost) in points.iter().zip(costs) {
            // Writing to a string does not fail.
            let _ = write!(line, "{:.1},{:.1} ", x(point.runs as f64), y(cost));
        }
        add(format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
            line.trim_end()
        ));
    }
    text.push_str("</svg>\n");
    text
}

/// A round number not below `value`.
fn ceiling(value: f64) -> f64 {
    let magnitude = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    steps
        .into_iter()
        .map(|step| step * magnitude)
        .find(|round| *round >= value)
        .unwrap_or(value)
}

/// Prints it.
pub(crate) fn show(points: &[Point]) {
    let costs: Vec<f64> = points.iter().map(|point| point.processor_us).collect();
    if costs.len() < 2 {
        return;
    }
    let runs = points.last().map_or(0, |point| point.runs);
    let config = rasciigraph::Config::default()
        .with_width(70)
        .with_height(10)
        .with_caption(format!(
            "processor time of a run in µs, from the first to run {runs}"
        ));
    println!("{}\n", rasciigraph::plot(costs, config));
}

#[cfg(test)]
mod tests {
    use super::{ceiling, svg};
    use crate::growth::Point;

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!(ceiling(1.0), 1.0);
        assert_eq!(ceiling(233.0), 250.0);
        assert_eq!(ceiling(999.0), 1000.0);
    }

    #[test]
    fn both_costs_are_drawn_through_every_point() {
        let points: Vec<Point> = (1..=5)
            .map(|nth| Point {
                runs: nth * 1000,
                processor_us: 200.0,
                elapsed_us: 300.0,
                memory_mib: 50.0,
            })
            .collect();
        let text = svg(&points);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("<polyline"))
            .collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.matches(',').count() == 5));
    }
}
