//! A curve as text.

use gauntlet_protocol::CurvePoint;

/// The metric to show: `loss` if there is one, else the first.
pub(crate) fn chosen(curve: &[CurvePoint]) -> Option<&str> {
    let loss = curve.iter().find(|point| point.name == "loss");
    loss.or_else(|| curve.first())
        .map(|point| point.name.as_str())
}

/// The finite values of a metric, in order.
pub(crate) fn values(curve: &[CurvePoint], name: &str) -> Vec<f64> {
    curve
        .iter()
        .filter(|point| point.name == name)
        .filter_map(|point| point.value.filter(|value| value.is_finite()))
        .collect()
}

/// Draws values from left to right, averaged over `width` columns; nothing for fewer than two.
pub(crate) fn draw(values: &[f64], width: usize, height: u32) -> Option<String> {
    if values.len() < 2 || width < 2 {
        return None;
    }
    let columns = thinned(values, width);
    let low = columns.iter().copied().fold(f64::INFINITY, f64::min);
    let high = columns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (range, largest) = (high - low, high.abs().max(low.abs()));
    if range <= 1e-12 * largest {
        return Some(format!("{high:.4} throughout"));
    }
    // Beyond these the chart's rows, which it counts in 32 bits from zero, and its labels
    // make no picture; a method may report what it likes.
    let drawable = range > 1e-9 && largest < 1e9 && largest / range < 1e6;
    if !drawable {
        return Some(format!("between {low:e} and {high:e}"));
    }
    let config = rasciigraph::Config::default().with_height(height);
    Some(rasciigraph::plot(columns, config))
}

/// Means of `width` stretches of equal length.
fn thinned(values: &[f64], width: usize) -> Vec<f64> {
    if values.len() <= width {
        return values.to_vec();
    }
    (0..width)
        .map(|column| {
            let stretch =
                &values[column * values.len() / width..(column + 1) * values.len() / width];
            // Divided before they are added, so that no sum of finite values is infinite.
            stretch
                .iter()
                .map(|value| value / stretch.len() as f64)
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_curve_falls() {
        let values: Vec<f64> = (0..1000).map(|n| 1.0 / f64::from(n + 1)).collect();
        let text = draw(&values, 60, 6).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!((6..=8).contains(&lines.len()), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() < 80), "{text}");
        let column = |line: &str| line.chars().count();
        assert!(column(lines[0].trim_end()) < column(lines[lines.len() - 1].trim_end()));
    }

    #[test]
    fn whatever_a_method_reports_can_be_drawn() {
        assert_eq!(draw(&[], 60, 6), None);
        assert_eq!(draw(&[1.0], 60, 6), None);
        for values in [
            vec![2.0; 500],
            vec![0.0, 0.0],
            vec![f64::MAX, -f64::MAX],
            vec![f64::MAX; 200],
            vec![1e300, 1e-300, 0.0],
            vec![f64::MIN_POSITIVE, 0.0],
            vec![1.0, 1.0 + f64::EPSILON],
            vec![-1e9, 1e9],
            vec![1e9, 1e9 + 1.0],
            vec![1e8, 1e8 + 1.0, 1e8 + 2.0],
            vec![-0.0, 0.0],
        ] {
            assert!(draw(&values, 60, 6).is_some(), "{values:?}");
        }
    }

    #[test]
    fn what_makes_no_picture_is_put_into_words() {
        assert_eq!(draw(&[2.0, 2.0], 60, 6).unwrap(), "2.0000 throughout");
        let text = draw(&[1e9, 1e9 + 1.0], 60, 6).unwrap();
        assert_eq!(text, "between 1e9 and 1.000000001e9");
    }

    #[test]
    fn loss_comes_first() {
        let point = |name: &str, value| CurvePoint {
            step: 1,
            name: name.into(),
            value,
        };
        let curve = [
            point("accuracy", Some(0.5)),
            point("loss", Some(1.0)),
            point("loss", None),
        ];
        assert_eq!(chosen(&curve), Some("loss"));
        assert_eq!(values(&curve, "loss"), [1.0]);
        assert_eq!(chosen(&curve[..1]), Some("accuracy"));
        assert_eq!(chosen(&[]), None);
    }
}
