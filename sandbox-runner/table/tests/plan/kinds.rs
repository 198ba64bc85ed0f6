use gauntlet_table::plan::{DateOrder, Kind, Labels, Plan, Role, Task, TaskKind, Wishes};
use gauntlet_table::{Batch, Cells};

use super::{Table, codes, find, kind, wishes};

/// Kind and reason of a column of these cells.
fn kind_of(rows: usize, cell: impl Fn(usize) -> String) -> (Kind, String) {
    let table = Table::of("x,y,z", rows, |row| {
        format!("\"{}\",{},{}", cell(row), row % 2, row * 37 % 11)
    });
    let (plan, _) = table.plan("y");
    let column = plan.column("x").unwrap();
    (column.kind, column.why.clone())
}

#[test]
fn each_kind_is_known_by_its_cells() {
    type Make = fn(usize) -> String;
    let cases: [(&str, Make, Kind); 20] = [
        ("decimals", |i| format!("{}.5", i * 7), Kind::Number),
        (
            "decimal commas",
            |i| format!("{},5", i * 7 % 50),
            Kind::Number,
        ),
        ("thousands", |i| format!("1,{:03}.00", i * 7), Kind::Number),
        (
            "european prices",
            |i| format!("1.{:03},00 EUR", i * 7),
            Kind::Number,
        ),
        ("dollars", |i| format!("${}", 7192 + i * i), Kind::Number),
        ("percents", |i| format!("{}%", i % 23), Kind::Number),
        ("few whole numbers", |i| format!("{}", i % 9), Kind::Integer),
        (
            "zip codes",
            |i| format!("{:05}", 1000 + i * 197 % 20000),
            Kind::Identifier,
        ),
        (
            "codes with zeros",
            |i| format!("{:03}", i % 40),
            Kind::Category,
        ),
        (
            "long ids",
            |i| format!("{}", 9_007_199_254_740_993_u64 + i as u64 * 3),
            Kind::Identifier,
        ),
        (
            "words",
            |i| ["red", "green", "blue"][i % 3].into(),
            Kind::Category,
        ),
        (
            "codes of letters",
            |i| format!("A{}", i % 70),
            Kind::Category,
        ),
        ("yes and no", |i| ["Yes", "No"][i % 2].into(), Kind::Boolean),
        ("bits", |i| format!("{}", i / 2 % 2), Kind::Boolean),
        (
            "a date",
            |i| format!("2026-{:02}-{:02}", i % 12 + 1, i % 28 + 1),
            Kind::Time,
        ),
        (
            "a moment",
            |i| format!("2026-01-01 {:02}:15:00", i % 24),
            Kind::Time,
        ),
        (
            "sentences",
            |i| format!("it was number {i} that came by"),
            Kind::Text,
        ),
        ("the same", |_| "x".into(), Kind::Constant),
        ("nothing", |_| "NA".into(), Kind::Constant),
        ("rows", |i| format!("{}", i + 17), Kind::Counter),
    ];
    for (what, make, expected) in cases {
        let (kind, why) = kind_of(100, make);
        assert_eq!(kind, expected, "{what}: {why}");
    }
    // Numbers of rows that were shuffled, or with an index's name.
    assert_eq!(
        kind_of(100, |i| format!("{}", i * 37 % 100)).0,
        Kind::Identifier
    );
    let (_, why) = kind_of(100, |i| format!("1.{:03},00 EUR", i * 7));
    assert!(
        why.contains("decimal commas") && why.contains("EUR"),
        "{why}"
    );
}

#[test]
fn the_order_of_day_and_month_follows_from_the_cells() {
    for (format, order) in [
        ("{d}/{m}/2026", DateOrder::Dmy),
        ("{m}/{d}/2026", DateOrder::Mdy),
    ] {
        let table = Table::of("x,y", 60, |i| {
            let date = format.replace("{d}", &(i % 28 + 1).to_string());
            format!(
                "{},{}",
                date.replace("{m}", &(i % 12 + 1).to_string()),
                i % 2
            )
        });
        let (plan, warnings) = table.plan("y");
        assert_eq!(plan.column("x").unwrap().dates, Some(order));
        assert_eq!(codes(&warnings), Vec::<&str>::new());
    }
    let table = Table::of("x,y", 60, |i| {
        format!("{}/{}/2026,{}", i % 12 + 1, i % 11 + 1, i % 2)
    });
    let (plan, warnings) = table.plan("y");
    assert_eq!(plan.column("x").unwrap().dates, Some(DateOrder::Dmy));
    find(&warnings, "date-order");
}

#[test]
fn one_odd_cell_is_named_and_changes_no_kind() {
    for odd in ["inf", "<0.5", "95.1 kg", "n.a.", "#OVERFLOW", "12:30"] {
        let table = Table::of("marker,y", 900, |i| {
            let marker = if i == 700 {
                odd.into()
            } else {
                format!("{}.25", i * 3)
            };
            format!("{marker},{}", i % 2)
        });
        let (plan, warnings) = table.plan("y");
        assert_eq!(kind(&plan, "marker"), Kind::Number, "{odd}");
        let warning = find(&warnings, "odd-cells");
        assert_eq!(
            (warning.column.as_deref(), warning.line),
            (Some("marker"), Some(702))
        );
        assert!(warning.text.contains(odd), "{warning}");
        assert!(warning.cure.is_some());
    }
    // What is read for certain, and words for missing, are named too.
    for (good, code) in [
        ("\u{2212}1.5", "read-as"),
        ("\"1,234.5\"", "read-as"),
        ("1\u{a0}234.5", "read-as"),
        ("#REF!", "missing-word"),
        ("<NA>", "missing-word"),
        ("-nan", "missing-word"),
        ("None", "missing-word"),
        ("-", "missing-word"),
    ] {
        let table = Table::of("marker,y", 900, |i| {
            let marker = if i == 700 {
                good.into()
            } else {
                format!("{}.25", i * 3)
            };
            format!("{marker},{}", i % 2)
        });
        let (plan, warnings) = table.plan("y");
        assert_eq!(kind(&plan, "marker"), Kind::Number, "{good}");
        assert_eq!(find(&warnings, code).line, Some(702), "{good}");
    }
    // Not rare: texts.
    let (kind, _) = kind_of(100, |i| {
        if i % 10 == 0 {
            format!("<{i}")
        } else {
            format!("{i}.5")
        }
    });
    assert_ne!(kind, Kind::Number);
    // One word again and again stands for something that is not there.
    let (kind, _) = kind_of(100, |i| {
        if i % 4 == 0 {
            "unknown".into()
        } else {
            format!("{i}.5")
        }
    });
    assert_eq!(kind, Kind::Number);
}

#[test]
fn numbers_of_a_target_are_a_regression_and_said() {
    let table = Table::of("x,price", 900, |i| {
        format!("{},\"{},{:03}\"", i % 7, i % 9 + 1, i)
    });
    let (plan, warnings) = table.plan("price");
    assert_eq!(plan.task(), &Task::Regression { targets: 1 });
    find(&warnings, "regression");
    let labels = plan.targets_of(&table.names, &table.batches[0]).unwrap();
    let Labels::Numbers(numbers) = labels else {
        panic!("a regression")
    };
    assert_eq!(numbers[1], Some(vec![2001.0]));
    // A float target of 900 different values.
    let (plan, _) = Table::of("x,y", 900, |i| format!("{},{}.5", i % 7, i)).plan("y");
    assert_eq!(plan.task(), &Task::Regression { targets: 1 });
}

#[test]
fn classes_are_in_the_order_of_their_numbers_or_texts() {
    let classes = |cell: fn(usize) -> String| {
        let table = Table::of("x,y", 60, |i| format!("{}.5,{}", i * 3, cell(i)));
        match table.plan("y").0.task {
            Task::Classification { classes } => classes,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        classes(|i| ["10", "9", "1.0", "1"][i % 4].into()),
        ["1", "9", "10"]
    );
    assert_eq!(classes(|i| ["b", "c", "a"][i % 3].into()), ["a", "b", "c"]);
    assert_eq!(classes(|i| ["yes", "no"][i % 2].into()), ["no", "yes"]);
    // A `None` that comes again is a class; a row without a word is to be predicted.
    assert_eq!(
        classes(|i| ["None", "some", ""][i % 3].into()),
        ["None", "some"]
    );
}

#[test]
fn rows_without_a_target_are_to_be_predicted() {
    let table = Table::of("x,y", 20, |i| {
        format!("{}.5,{}", i * 3, ["a", "b", "NA"][i % 3])
    });
    let (plan, _) = table.plan("y");
    let mut labels = plan.targets_of(&table.names, &table.batches[0]).unwrap();
    assert_eq!(
        labels,
        Labels::Classes(
            [0, 1, 2, 0, 1, 2, 0]
                .map(|c| [Some(0), Some(1), None][c])
                .to_vec()
        )
    );
    // A file to predict has no target at all.
    let without = ["x".to_owned()];
    labels = plan.targets_of(&without, &table.batches[0]).unwrap();
    assert_eq!(labels, Labels::Classes(vec![None; 7]));
    // A class that was never seen is an error with its line.
    let other = Table::new("x,y\n1,a\n2,z\n");
    let error = plan
        .targets_of(&other.names, &other.batches[0])
        .unwrap_err();
    assert_eq!((error.line, error.column.as_deref()), (Some(3), Some("y")));
}

#[test]
fn none_is_a_value_among_few_and_missing_among_numbers() {
    let table = Table::of("garage,area,y", 90, |i| {
        let area = if i % 9 == 0 {
            "None".into()
        } else {
            format!("{}.5", i * 3)
        };
        format!(
            "{},{area},{}",
            ["Attached", "None", "Detached"][i % 3],
            i % 2
        )
    });
    let (plan, warnings) = table.plan("y");
    assert_eq!(plan.column("garage").unwrap().missing, Vec::<String>::new());
    assert_eq!(plan.column("area").unwrap().missing, ["None"]);
    find(&warnings, "word-is-a-value");
    let wishes = Wishes {
        missing: vec!["None".into()],
        ..wishes("y")
    };
    let (plan, _) = table.infer(&wishes).unwrap();
    assert_eq!(plan.column("garage").unwrap().missing, ["None"]);
}

#[test]
fn what_counts_rows_or_names_them_is_left_out_and_said() {
    let table = Table::of(",id,same,x,y", 60, |i| {
        format!("{i},{},1,{}.5,{}", i * i + 3, i * 7, i % 2)
    });
    let (plan, warnings) = table.plan("y");
    assert_eq!(codes(&warnings), ["counter", "identifier", "constant"]);
    let roles: Vec<Role> = plan.columns.iter().map(|column| column.role).collect();
    assert_eq!(
        roles,
        [
            Role::Dropped,
            Role::Dropped,
            Role::Dropped,
            Role::Feature,
            Role::Target
        ]
    );
    // It is a person's to decide otherwise; a nameless column has a name too.
    let all = Wishes {
        drop: vec![String::new()],
        types: vec![("id".into(), Kind::Number)],
        ..wishes("y")
    };
    let (plan, _) = table.infer(&all).unwrap();
    assert_eq!(
        (kind(&plan, "id"), plan.columns[1].role),
        (Kind::Number, Role::Feature)
    );
}

#[test]
fn wishes_are_heard() {
    let table = Table::of("size,code,when,who,y", 60, |i| {
        format!(
            "{},{},{},{},{}.5",
            ["S", "M", "L"][i % 3],
            i % 5,
            i * 86_400,
            i % 4,
            i
        )
    });
    let all = Wishes {
        types: vec![("code".into(), Kind::Category), ("when".into(), Kind::Time)],
        ordinal: vec![("size".into(), ["S", "M", "L"].map(str::to_owned).to_vec())],
        group: Some("who".into()),
        time: Some("when".into()),
        kind: Some(TaskKind::Regression),
        ..wishes("y")
    };
    let (plan, _) = table.infer(&all).unwrap();
    assert_eq!(
        ["size", "code", "when"].map(|name| kind(&plan, name)),
        [Kind::Ordinal, Kind::Category, Kind::Time]
    );
    assert_eq!(plan.column("who").unwrap().role, Role::Group);
    assert_eq!(Plan::from_toml(&plan.to_toml().unwrap()).unwrap(), plan);
}

#[test]
fn errors_name_what_there_is_instead() {
    let header: Vec<String> = (0..6830)
        .map(|i| format!("gene{i}"))
        .chain(["label".into()])
        .collect();
    let profile = gauntlet_table::plan::Profile::new(&header);
    let error = Plan::infer(&profile, &wishes("lable"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("label") && error.len() < 300, "{error}");
    let table = Table::of("x,y", 40, |i| format!("{}.5,name{i}", i * 3));
    let error = table.infer(&wishes("y")).unwrap_err();
    assert_eq!(error.column.as_deref(), Some("y"));
    let error = table.infer(&Wishes::default()).unwrap_err();
    assert!(error.cure.is_some());
    let all = Wishes {
        kind: Some(TaskKind::Regression),
        ..wishes("y")
    };
    assert_eq!(table.infer(&all).unwrap_err().line, Some(2));
    let table = Table::of("x,z", 40, |i| format!("{}.5,{}", i * 3, ["u", "v"][i % 2]));
    let plan = table.plan("z").0.to_toml().unwrap();
    let changed = plan.replacen("kind = \"number\"", "kind = \"ordinal\"", 1);
    assert_eq!(
        Plan::from_toml(&changed).unwrap_err().column.as_deref(),
        Some("x")
    );
    let changed = plan.replacen("role = \"target\"", "role = \"feature\"", 1);
    Plan::from_toml(&changed).unwrap_err();
    let changed = plan.replacen("kind = \"number\"", "kind = \"nmber\"", 1);
    let line = plan
        .lines()
        .position(|line| line == "kind = \"number\"")
        .unwrap() as u64
        + 1;
    assert_eq!(Plan::from_toml(&changed).unwrap_err().line, Some(line));
    for text in ["", "version = 1", "version = 1\nmetric = 2"] {
        Plan::from_toml(text).unwrap_err();
    }
}

#[test]
fn typed_files_have_kinds_too() {
    let rows = 60_usize;
    let batch = Batch {
        lines: (1..=rows as u64).collect(),
        columns: vec![
            Cells::Numbers(
                (0..rows)
                    .map(|i| if i == 3 { f64::NAN } else { i as f64 * 1.5 })
                    .collect(),
            ),
            Cells::Integers(
                (0..rows)
                    .map(|i| Some((1 << 60) + (i as i64 / 2)))
                    .collect(),
            ),
            Cells::Booleans((0..rows).map(|i| Some(i % 3 == 0)).collect()),
            Cells::Times((0..rows).map(|i| i as f64 * 9e4).collect()),
        ],
    };
    let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let table = Table {
        names,
        batches: vec![batch],
    };
    let (plan, _) = table.plan("c");
    assert_eq!(
        ["a", "b", "d"].map(|name| kind(&plan, name)),
        [Kind::Number, Kind::Category, Kind::Time]
    );
    let Task::Classification { classes } = plan.task() else {
        panic!("a classification")
    };
    assert_eq!(classes, &["false", "true"]);
}
