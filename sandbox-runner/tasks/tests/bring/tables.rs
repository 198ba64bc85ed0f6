//! Tables: what is found out, how it is encoded, and what is refused.

use gauntlet_tasks::{Brought, ColumnType, Dataset, Wish};
use gauntlet_wire::{InputKind, TaskKind};
use proptest::prelude::*;

use crate::support::{brought, floats};

fn csv(content: &str) -> Result<(Brought, Dataset), String> {
    brought("my-data.csv", content, |_| {})
}

const NUMBERS: &str = "x,y\n1,0.5\n2,1.5\n3,2.5\n4,4.5\n";

#[test]
fn the_kind_is_found_out() {
    let kind = |content: &str| csv(content).unwrap().1.info.kind;
    assert_eq!(kind(NUMBERS), TaskKind::Regression { targets: 1 });
    assert_eq!(
        kind("x,y\n1,7\n2,9\n3,7\n4,9\n"),
        TaskKind::Classification { classes: 2 }
    );
    assert_eq!(
        kind("x,y\n1,cat\n2,dog\n3,cat\n4,\"a,b\"\n"),
        TaskKind::Classification { classes: 3 }
    );
    let many: String = (0..40).map(|n| format!("{n},{n}\n")).collect();
    assert_eq!(
        kind(&format!("x,y\n{many}")),
        TaskKind::Regression { targets: 1 }
    );
    let (_, data) = brought("d.csv", "x,y\n1,7\n2,9\n3,7\n4,9\n", |wish| {
        wish.kind = Some("regression".to_owned())
    })
    .unwrap();
    assert_eq!(data.info.kind, TaskKind::Regression { targets: 1 });
    let (_, data) = brought("novel.txt", "Call me Ishmael. ".repeat(200), |wish| {
        (wish.targets, wish.hidden_percent, wish.context) = (Vec::new(), None, Some(16));
    })
    .unwrap();
    assert_eq!(
        data.info.kind,
        TaskKind::LanguageModelling {
            vocabulary: 256,
            context: 16
        }
    );
}

#[test]
fn the_report_tells_what_is_in_the_file() {
    let (brought, data) = csv("x,colour,y\n1,red,a\n3,,b\nNA,blue,a\n8,red,a\n").unwrap();
    let report = brought.report;
    assert_eq!(
        (report.name.as_str(), report.rows, report.hidden),
        ("my-data", 4, 2)
    );
    assert_eq!(report.digest.len(), 64);
    let classes: Vec<_> = report
        .classes
        .iter()
        .map(|c| (c.name.as_str(), c.rows))
        .collect();
    assert_eq!(classes, [("a", 3), ("b", 1)]);
    let [x, colour, _] = report.columns.as_slice() else {
        panic!()
    };
    assert_eq!(
        (x.r#type, x.missing, x.distinct),
        (ColumnType::Number, 1, 3)
    );
    assert_eq!((x.min, x.mean, x.max), (Some(1.0), Some(4.0), Some(8.0)));
    assert_eq!(
        (colour.r#type, colour.missing, colour.distinct),
        (ColumnType::Text, 1, 2)
    );
    assert_eq!(data.info.train_rows, 2);
}

#[test]
fn every_refusal_names_file_line_and_column() {
    let refused = |content: &str| csv(content).unwrap_err();
    for (content, message) in [
        (
            "x,y\n1,2.5\n1\n",
            "my-data.csv, line 3: 1 column, the header has 2; add the commas that are missing, or \
             delete the line if it is no row",
        ),
        (
            "x,y\n1,2.5\n2,\n",
            "my-data.csv, row 3, column `y`: the target is missing",
        ),
        ("x,y\n", "my-data.csv has no rows"),
        ("x,z\n1,2\n", "my-data.csv has no column `y`; it has x, z"),
        (
            "x,y\n1,5\n2,5\n",
            "my-data.csv column `y` has 1 different values, a classification needs 2 to 65536 classes",
        ),
    ] {
        assert_eq!(refused(content), message);
    }
    let texts: String = (0..400).map(|n| format!("id{n},{n}.5\n")).collect();
    let message = refused(&format!("x,y\n{texts}"));
    assert!(
        message.contains("column `x`") && message.contains("--drop"),
        "{message}"
    );
    let json = |content: &str| brought("d.jsonl", content, |_| {}).unwrap_err();
    assert_eq!(
        json("{\"x\":1,\"y\":2}\n{\"z\":1}\n"),
        "d.jsonl, row 2, column `y`: the target is missing"
    );
    assert_eq!(
        json("{\"x\":1,\"y\":2}\n{\"x\":[1]}\n"),
        "d.jsonl, row 2, column `y`: the target is missing"
    );
    assert_eq!(
        json("{\"x\":1,\"y\":2}\n{\"x\":1,\"y\":2,\"x\":3}\n"),
        "d.jsonl, line 2, column `x`: is there twice; a row has each key once"
    );
    assert!(json("{\"x\":1,\"y\":2}\nnonsense\n").starts_with("d.jsonl, line 2: "));
    let nothing = brought("d.xls", "x", |_| {}).unwrap_err();
    assert_eq!(nothing, "d.xls has no rows");
}

#[test]
fn missing_values_become_the_mean_and_are_marked() {
    // Eight rows, so that with this secret both parts have some.
    let content = "x,c,y\n1,a,0.5\n,b,1.5\n3,,2.5\n5,a,4.5\n1,a,0.5\n,b,1.5\n3,,2.5\n5,a,4.5\n";
    let (_, data) = csv(content).unwrap();
    let InputKind::Dense { shape } = &data.info.inputs else {
        panic!()
    };
    let inputs = floats(&data.train, "inputs");
    assert_eq!(inputs.len(), 4 * shape[0]);
    assert!(inputs.iter().all(|value| value.is_finite()));
}

proptest! {
    // Each case reads dozens of files.
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever hidden rows say changes nothing about the train part: not a bit of it.
    #[test]
    fn nothing_is_fitted_to_hidden_rows(
        rows in prop::collection::vec((-100f64..100.0, 0usize..3, -10f64..10.0), 8..24),
        other in -1e6f64..1e6,
    ) {
        let text = |rows: &[(f64, usize, f64)]| {
            rows.iter().fold("x,c,y\n".to_owned(), |text, (x, c, y)| {
                text + &format!("{x},{},{y}\n", ["red", "green", "blue"][*c])
            })
        };
        let plain = |wish: &mut Wish| {
            (wish.name, wish.kind) = (Some("t".to_owned()), Some("regression".to_owned()));
        };
        let Ok((_, before)) = brought("t.csv", text(&rows), plain) else { return Ok(()) };
        // Find the hidden rows by trying: changing one row changes the train part or it does not.
        for row in 0..rows.len() {
            let mut changed = rows.clone();
            changed[row].0 = other;
            changed[row].2 = other;
            let Ok((_, after)) = brought("t.csv", text(&changed), plain) else { continue };
            let train_changed = after.train != before.train;
            let hidden_row = after.hidden_labels != before.hidden_labels && !train_changed;
            prop_assert!(train_changed || hidden_row || rows[row].0 == other);
        }
        let hidden = rows.len() / 2;
        let untouched = (0..rows.len()).filter(|row| {
            let mut changed = rows.clone();
            changed[*row].0 += 12_345.0;
            brought("t.csv", text(&changed), plain).is_ok_and(|(_, after)| after.train == before.train)
        }).count();
        prop_assert_eq!(untouched, hidden);
    }
}
