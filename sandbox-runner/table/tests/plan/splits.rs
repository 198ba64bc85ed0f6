use std::collections::BTreeSet;

use gauntlet_table::plan::{Labels, Plan, SplitBy, Splits, Wishes};
use proptest::prelude::*;

use super::{Table, wishes};

fn labels(plan: &Plan, table: &Table) -> Labels {
    let mut batches = table.batches.iter();
    let mut labels = plan
        .targets_of(&table.names, batches.next().unwrap())
        .unwrap();
    batches.for_each(|batch| labels.append(plan.targets_of(&table.names, batch).unwrap()));
    labels
}

#[test]
fn a_split_is_stratified_and_follows_from_the_secret() {
    let table = Table::of("x,y", 1000, |i| {
        format!(
            "{}.5,{}",
            i,
            ["a", "b", "c"][usize::from(i % 10 == 0) + usize::from(i % 500 == 0)]
        )
    });
    let (plan, _) = table.plan("y");
    let labels = labels(&plan, &table);
    let by = SplitBy::of(&plan, &table.names, &table.batches);
    let split = |secret| Splits::new(&[secret; 32], "t", &labels, &by).hide(0.3);
    let one = split(1);
    assert_eq!(one, split(1));
    assert_ne!(one, split(2));
    assert_eq!((one.train.len(), one.hidden.len()), (700, 300));
    let of = |rows: &[usize], class| {
        let Labels::Classes(classes) = &labels else {
            panic!("classes")
        };
        rows.iter()
            .filter(|row| classes[**row] == Some(class))
            .count()
    };
    assert_eq!([0, 1, 2].map(|class| of(&one.hidden, class)), [270, 29, 1]);
    assert_eq!(of(&one.train, 2), 1);
    let folds = Splits::new(&[1; 32], "t", &labels, &by).folds(5, 0);
    for fold in 0..5 {
        let rows: Vec<usize> = (0..1000).filter(|row| folds[*row] == Some(fold)).collect();
        assert_eq!(rows.len(), 200);
        assert!((19..=20).contains(&of(&rows, 1)));
    }
    assert_ne!(folds, Splits::new(&[1; 32], "t", &labels, &by).folds(5, 1));
}

#[test]
fn groups_and_equal_rows_stay_together() {
    let table = Table::of("x,who,y", 300, |i| {
        format!("{}.5,p{},{}", i, i % 40, i % 40 % 3)
    });
    let (plan, _) = table
        .infer(&Wishes {
            group: Some("who".into()),
            ..wishes("y")
        })
        .unwrap();
    let labels_ = labels(&plan, &table);
    let by = SplitBy::of(&plan, &table.names, &table.batches);
    let splits = Splits::new(&[3; 32], "t", &labels_, &by);
    let split = splits.hide(0.25);
    let who = |rows: &[usize]| -> BTreeSet<usize> { rows.iter().map(|row| row % 40).collect() };
    assert!(who(&split.train).is_disjoint(&who(&split.hidden)));
    assert!(
        (60..=90).contains(&split.hidden.len()),
        "{}",
        split.hidden.len()
    );
    let folds = splits.folds(4, 0);
    assert!((40..300).all(|row| folds[row] == folds[row - 40]));
    // Each row twice.
    let table = Table::of("x,y", 300, |i| format!("{}.5,{}", i % 150, i % 150 % 2));
    let (plan, _) = table.plan("y");
    let labels_ = labels(&plan, &table);
    let by = SplitBy::of(&plan, &table.names, &table.batches);
    let folds = Splits::new(&[3; 32], "t", &labels_, &by).folds(5, 0);
    assert!((150..300).all(|row| folds[row] == folds[row - 150]));
    // Few combinations that come again are no duplicates.
    let table = Table::of("x,z,y", 300, |i| format!("{},{},{}", i % 2, i % 3, i % 2));
    let (plan, _) = table.plan("y");
    let by = SplitBy::of(&plan, &table.names, &table.batches);
    assert_eq!(by, SplitBy::Keys((0..300).collect()));
}

#[test]
fn the_last_rows_in_time_are_hidden() {
    let table = Table::of("when,x,y", 100, |i| {
        let at = i * 37 % 100;
        format!(
            "2026-{:02}-{:02},{}.5,{}",
            at / 28 + 1,
            at % 28 + 1,
            i * 7 % 31,
            i % 2
        )
    });
    let (plan, _) = table
        .infer(&Wishes {
            time: Some("when".into()),
            ..wishes("y")
        })
        .unwrap();
    let labels = labels(&plan, &table);
    let by = SplitBy::of(&plan, &table.names, &table.batches);
    let split = Splits::new(&[0; 32], "t", &labels, &by).hide(0.2);
    let at =
        |rows: &[usize]| -> BTreeSet<usize> { rows.iter().map(|row| row * 37 % 100).collect() };
    assert_eq!(at(&split.hidden), (80..100).collect());
    let folds = Splits::new(&[0; 32], "t", &labels, &by).folds(4, 0);
    assert_eq!(folds.iter().filter(|fold| **fold == Some(3)).count(), 25);
}

/// A change of the stream would silently change every hidden part.
#[test]
fn the_stream_is_frozen() {
    let labels = Labels::Classes((0..12).map(|row| Some(row % 2)).collect());
    let by = SplitBy::Keys((0..12).collect());
    let split = Splits::new(&[0; 32], "digits", &labels, &by).hide(0.34);
    assert_eq!(split.hidden, FROZEN);
}

const FROZEN: [usize; 4] = [0, 3, 9, 10];

proptest! {
    #[test]
    fn each_class_has_a_row_to_learn_from(
        rows in prop::collection::vec((prop::option::of(0_u32..6), 0_u64..30), 1..80),
        secret: [u8; 32], share in 0.0..1.0_f64, folds in 1_usize..6
    ) {
        let labels = Labels::Classes(rows.iter().map(|(class, _)| *class).collect());
        let by = SplitBy::Keys(rows.iter().map(|(_, key)| *key).collect());
        let splits = Splits::new(&secret, "t", &labels, &by);
        let split = splits.hide(share);
        let classes = |side: &[usize]| -> BTreeSet<u32> { side.iter().filter_map(|row| rows[*row].0).collect() };
        prop_assert!(classes(&split.hidden).is_subset(&classes(&split.train)));
        let keys = |side: &[usize]| -> BTreeSet<u64> { side.iter().map(|row| rows[*row].1).collect() };
        prop_assert!(keys(&split.hidden).is_disjoint(&keys(&split.train)));
        let known = rows.iter().filter(|(class, _)| class.is_some()).count();
        prop_assert_eq!(split.train.len() + split.hidden.len(), known);
        let fold_of = splits.folds(folds, 7);
        for ((class, key), fold) in rows.iter().zip(&fold_of) {
            prop_assert_eq!(class.is_some(), fold.is_some_and(|fold| fold < folds));
            let other = rows.iter().zip(&fold_of).find(|((class, own), _)| own == key && class.is_some());
            prop_assert!(class.is_none() || other.unwrap().1 == fold);
        }
    }
}
