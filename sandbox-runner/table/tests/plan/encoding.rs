use gauntlet_table::plan::{Counts, Fitted, Kind, Plan, Profile, What, Wishes};
use gauntlet_table::{Batch, Cells, Texts};
use proptest::prelude::*;

use super::{Table, wishes};

/// A table with a column of each way to encode.
fn table() -> Table {
    Table::of("n,colour,town,when,text,flag,y", 400, |i| {
        let n = if i % 10 == 3 {
            "NA".into()
        } else {
            format!("{}.5", i * 7 % 101)
        };
        let colour = ["red", "green", "blue"][i % 3];
        let town = format!("town{}", i * i % 257);
        let text = format!("word{} and word{} are in it {i}", i % 5, i % 3);
        format!(
            "{n},{colour},{town},2026-{:02}-03,{text},{},{}",
            i % 12 + 1,
            ["yes", "no"][i / 7 % 2],
            i % 2
        )
    })
}

fn encode(fitted: &Fitted, table: &Table) -> (Vec<f32>, Counts) {
    let (mut out, mut counts) = (Vec::new(), Counts::default());
    let matching = fitted.matching(&table.names);
    for batch in &table.batches {
        counts.add(&fitted.encode(&matching, batch, &mut out));
    }
    (out, counts)
}

#[test]
fn every_kind_becomes_finite_numbers_that_are_described() {
    let table = table();
    let (plan, _) = table.plan("y");
    let train: Vec<usize> = (0..300).collect();
    let fitted = Fitted::fit(&plan, &table.names, &table.batches, &train).unwrap();
    let (values, counts) = encode(&fitted, &table);
    assert_eq!(values.len(), 400 * fitted.width());
    assert!(values.iter().all(|value| value.is_finite()));
    assert_eq!(counts.rows, 400);
    let names: Vec<&str> = fitted
        .columns()
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    for name in [
        "n",
        "n missing",
        "colour=red",
        "town mean",
        "town frequency",
        "when month sin",
        "text words 0",
        "flag",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let n = fitted
        .columns()
        .iter()
        .position(|column| column.name == "n")
        .unwrap();
    assert_eq!(
        fitted.columns()[n].what,
        What::Number {
            min: 0.5,
            max: 100.5
        }
    );
    // Standardised over the train rows.
    let column: Vec<f64> = (0..300)
        .map(|row| f64::from(values[row * fitted.width() + n]))
        .collect();
    let mean = column.iter().sum::<f64>() / 300.0;
    assert!(mean.abs() < 0.05, "{mean}");
    // As a file and back.
    let text = serde_json::to_string(&fitted).unwrap();
    let again: Fitted = serde_json::from_str(&text).unwrap();
    assert_eq!(encode(&again, &table).0, values);
}

#[test]
fn unseen_categories_and_missing_columns_are_counted() {
    let table = Table::of("a,b,y", 60, |i| {
        format!("{}.5,{},{}", i * 3, ["u", "v"][i % 2], i % 3)
    });
    let (plan, _) = table.plan("y");
    let all: Vec<usize> = (0..60).collect();
    let fitted = Fitted::fit(&plan, &table.names, &table.batches, &all).unwrap();
    let other = Table::new("b,extra,a\nu,1,x\nw,2,2.5\n,3,3.5\n");
    let (values, counts) = encode(&fitted, &other);
    assert_eq!(fitted.sources().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        (counts.unread, counts.unseen, counts.missing),
        (vec![1, 0], vec![0, 1], vec![0, 1])
    );
    assert_eq!(values.len(), 3 * fitted.width());
    let without = Table::new("a\n1.5\n");
    assert_eq!(fitted.matching(&without.names).missing, ["b"]);
    let (values, _) = encode(&fitted, &without);
    assert_eq!(values[1..], [0.0, 0.0]);
}

#[test]
fn nothing_but_train_rows_is_fitted() {
    let table = table();
    let (plan, _) = table.plan("y");
    let train: Vec<usize> = (0..400).filter(|row| row % 4 > 0).collect();
    let fitted = Fitted::fit(&plan, &table.names, &table.batches, &train).unwrap();
    let mut changed = table.batches.clone();
    for (batch, first) in changed.iter_mut().zip((0..).step_by(7)) {
        for column in &mut batch.columns[..6] {
            let Cells::Texts(texts) = &*column else {
                panic!("texts")
            };
            let cell = |row: usize| {
                if (first + row).is_multiple_of(4) {
                    Some("1e300")
                } else {
                    texts.get(row)
                }
            };
            let new: Texts = (0..texts.len()).map(cell).collect();
            *column = Cells::Texts(new);
        }
    }
    assert_eq!(
        Fitted::fit(&plan, &table.names, &changed, &train).unwrap(),
        fitted
    );
}

#[test]
fn a_row_is_not_shown_its_own_target() {
    // Each town's target is the parity of its number, but each row has a town of its own.
    let table = Table::of("town,x,y", 300, |i| {
        format!("t{},{}.5,{}", i, i * 7 % 11, i / 2 % 2)
    });
    let wishes = Wishes {
        types: vec![("town".into(), Kind::Category)],
        ..wishes("y")
    };
    let (plan, _) = table.infer(&wishes).unwrap();
    let train: Vec<usize> = (0..300).collect();
    let fitted = Fitted::fit(&plan, &table.names, &table.batches, &train).unwrap();
    let values = fitted
        .encode_train(&plan, &table.names, &table.batches, &train)
        .unwrap();
    let mean = fitted
        .columns()
        .iter()
        .position(|column| column.name == "town mean")
        .unwrap();
    assert!((0..300).all(|row| values[row * fitted.width() + mean] == 0.0));
    // Later rows are shown all of the train rows.
    let (values, _) = encode(&fitted, &table);
    assert!((0..300).all(|row| values[row * fitted.width() + mean] != 0.0));
    // All else is the same.
    let same = |values: &[f32]| {
        values
            .chunks(fitted.width())
            .map(|row| row[mean + 1])
            .collect::<Vec<_>>()
    };
    let train_values = fitted
        .encode_train(&plan, &table.names, &table.batches, &train)
        .unwrap();
    assert_eq!(same(&train_values), same(&values));
}

#[test]
fn an_absurd_value_does_not_squash_the_others() {
    let table = Table::of("x,y", 1000, |i| {
        format!(
            "{},{}",
            if i == 5 {
                "1e300".into()
            } else {
                format!("{}.5", i % 100)
            },
            i % 2
        )
    });
    let (plan, _) = table.plan("y");
    let train: Vec<usize> = (0..1000).collect();
    let fitted = Fitted::fit(&plan, &table.names, &table.batches, &train).unwrap();
    let (values, _) = encode(&fitted, &table);
    let usual = values[99] - values[0];
    assert!(usual > 2.0, "{usual}");
    assert!(values[5] < 1000.0);
}

#[test]
fn more_than_65536_numbers_a_row_are_refused() {
    let header: Vec<String> = (0..1100)
        .map(|i| format!("c{i}"))
        .chain(["y".into()])
        .collect();
    let table = Table::of(&header.join(","), 128, |i| {
        let cells: Vec<String> = (0..1100)
            .map(|c| format!("v{}", (i + c) % 64))
            .chain([format!("{}", i % 2)])
            .collect();
        cells.join(",")
    });
    let (plan, _) = table.plan("y");
    let train: Vec<usize> = (0..128).collect();
    let error = Fitted::fit(&plan, &table.names, &table.batches, &train).unwrap_err();
    assert_eq!(error.limit, Some(65_536));
}

/// Any cells, many of which look like something.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("NA".into()),
        Just("None".into()),
        "[a-c]",
        "[0-9]{1,3}",
        "-?[0-9]{1,3}[.,][0-9]{1,3}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "\\PC{0,8}",
        any::<f64>().prop_map(|n| n.to_string()),
        "[$€]?[0-9]{1,3}(,[0-9]{3})?[%]?",
        Just("1e308".into()),
        Just("-1e308".into()),
    ]
}

fn any_table() -> impl Strategy<Value = (Vec<Vec<String>>, Vec<bool>)> {
    (1_usize..4, 2_usize..40).prop_flat_map(|(columns, rows)| {
        (
            prop::collection::vec(prop::collection::vec(cell(), rows), columns),
            prop::collection::vec(any::<bool>(), rows),
        )
    })
}

fn batches(columns: &[Vec<String>], labels: &[bool], size: usize) -> Vec<Batch> {
    let rows: Vec<usize> = (0..labels.len()).collect();
    let label = |row: &usize| if labels[*row] { "a" } else { "b" };
    rows.chunks(size)
        .map(|rows| Batch {
            lines: rows.iter().map(|row| *row as u64 + 2).collect(),
            columns: columns
                .iter()
                .map(|cells| {
                    Cells::Texts(rows.iter().map(|row| Some(cells[*row].trim())).collect())
                })
                .chain([Cells::Texts(
                    rows.iter().map(|row| Some(label(row))).collect(),
                )])
                .collect(),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_table_is_planned_and_encoded_the_same_in_any_pieces(
        (columns, labels) in any_table(), size in 1_usize..9
    ) {
        let names: Vec<String> = (0..columns.len()).map(|i| format!("c{i}")).chain(["y".into()]).collect();
        let whole = batches(&columns, &labels, labels.len());
        let pieces = batches(&columns, &labels, size);
        let infer = |batches: &[Batch]| {
            let mut profile = Profile::new(&names);
            batches.iter().for_each(|batch| profile.push(batch));
            Plan::infer(&profile, &wishes("y"))
        };
        let planned = infer(&whole);
        prop_assert_eq!(&planned, &infer(&pieces));
        let Ok((plan, _)) = planned else { return Ok(()) };
        prop_assert_eq!(&Plan::from_toml(&plan.to_toml().unwrap()).unwrap(), &plan);
        let train: Vec<usize> = (0..labels.len()).step_by(2).collect();
        let fitted = Fitted::fit(&plan, &names, &whole, &train);
        prop_assert_eq!(&fitted, &Fitted::fit(&plan, &names, &pieces, &train));
        let Ok(fitted) = fitted else { return Ok(()) };
        let matching = fitted.matching(&names);
        let (mut one, mut many) = (Vec::new(), Vec::new());
        let mut counts = Counts::default();
        counts.add(&fitted.encode(&matching, &whole[0], &mut one));
        let mut parts = Counts::default();
        pieces.iter().for_each(|batch| parts.add(&fitted.encode(&matching, batch, &mut many)));
        prop_assert_eq!(&one, &many);
        prop_assert_eq!(counts, parts);
        prop_assert!(one.iter().all(|value| value.is_finite()));
        prop_assert_eq!(one.len(), labels.len() * fitted.width());
        let train_values = fitted.encode_train(&plan, &names, &pieces, &train).unwrap();
        prop_assert_eq!(train_values.len(), train.len() * fitted.width());
        prop_assert!(gauntlet_table::plan::of_rows(&plan, &names, &pieces).is_ok());
    }
}
