//! Ratings of a task's methods.

use gauntlet_api::{Rating, Ratings};

use super::table::{Column, render};
use super::text::{counted, printable, short};

/// Tournaments shown in the column of how it came about.
const SHOWN: usize = 16;

/// The methods, best first.
pub(crate) fn table(ratings: &Ratings) -> String {
    let lines = render(
        &[
            Column::Number("place"),
            Column::Text("method"),
            Column::Number("at least"),
            Column::Number("rating"),
            Column::Number("±"),
            Column::Number("tournaments"),
            Column::Number("titles"),
            Column::Text("rating over time"),
            Column::Text("module"),
        ],
        ratings.methods.iter().map(|method| {
            [
                method.place.to_string(),
                method.method.clone(),
                format!("{:.2}", method.at_least),
                format!("{:.2}", method.rating),
                format!("{:.2}", method.uncertainty),
                method.history.len().to_string(),
                match method.titles {
                    0 => String::new(),
                    titles => titles.to_string(),
                },
                over_time(method, &ratings.methods),
                short(&method.digest).to_owned(),
            ]
        }),
        "no tournament on this task has been completed",
    );
    format!(
        "ratings on {} after {}\n{lines}",
        printable(&ratings.task),
        counted(ratings.tournaments as usize, "tournament"),
    )
}

/// The last ratings of a method as bars, all methods on one scale.
fn over_time(method: &Rating, all: &[Rating]) -> String {
    let every = || all.iter().flat_map(|one| &one.history);
    let low = every()
        .map(|step| step.rating)
        .fold(f64::INFINITY, f64::min);
    let high = every()
        .map(|step| step.rating)
        .fold(f64::NEG_INFINITY, f64::max);
    let skipped = method.history.len().saturating_sub(SHOWN);
    method.history[skipped..]
        .iter()
        .map(|step| bar(step.rating, low, high))
        .collect()
}

fn bar(value: f64, low: f64, high: f64) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    if high <= low {
        return BARS[3];
    }
    // From 0 to 7: the highest is not a bar of its own.
    let at = ((value - low) / (high - low) * 8.0) as usize;
    BARS[at.min(7)]
}

#[cfg(test)]
mod tests {
    use gauntlet_api::{Rating, RatingStep, Ratings};
    use time::OffsetDateTime;

    use super::*;

    fn method(name: &str, ratings: &[f64]) -> Rating {
        Rating {
            place: 1,
            method: name.to_owned(),
            digest: "0123456789abcdef".to_owned(),
            rating: ratings[ratings.len() - 1],
            uncertainty: 2.0,
            at_least: ratings[ratings.len() - 1] - 6.0,
            titles: 1,
            history: ratings
                .iter()
                .map(|rating| RatingStep {
                    tournament: "t".to_owned(),
                    ended_at: OffsetDateTime::UNIX_EPOCH,
                    place: 1,
                    of: 2,
                    champion: true,
                    rating: *rating,
                    uncertainty: 2.0,
                })
                .collect(),
        }
    }

    #[test]
    fn all_methods_are_drawn_on_one_scale() {
        let ratings = Ratings {
            task: "digits".to_owned(),
            tournaments: 3,
            next: None,
            methods: vec![
                method("up\u{1b}[31m", &[25.0, 27.0, 30.0]),
                method("down", &[24.0, 20.0]),
            ],
        };
        let text = table(&ratings);
        assert!(text.starts_with("ratings on digits after 3 tournaments\n"));
        assert!(text.contains("▅▆█") && text.contains("▄▁"), "{text}");
        assert!(text.contains("24.00") && text.contains("0123456789ab "));
        assert!(!text.contains('\u{1b}'), "{text}");
        let one = [method("only", &[25.0])];
        assert_eq!(over_time(&one[0], &one), "▄");
        // The last sixteen.
        let long: Vec<f64> = (0..40).map(f64::from).collect();
        let many = [method("many", &long)];
        assert_eq!(over_time(&many[0], &many).chars().count(), 16);
    }
}
