use gauntlet_table::plan::{Kind, Report, Role, drift, of_rows};

use super::{Table, codes, find};

fn warn(table: &Table, target: &str) -> Vec<gauntlet_table::plan::Warning> {
    let (plan, _) = table.plan(target);
    of_rows(&plan, &table.names, &table.batches).unwrap()
}

#[test]
fn a_good_table_has_none() {
    let table = Table::of("x,c,y", 200, |i| {
        format!("{}.5,{},{}", i * 7 % 199, ["u", "v"][i % 2], i / 3 % 2)
    });
    assert_eq!(codes(&warn(&table, "y")), Vec::<&str>::new());
    assert_eq!(table.rows(), 200);
}

#[test]
fn what_gives_the_target_away_is_named() {
    let table = Table::of("x,status,score,y", 200, |i| {
        format!(
            "{}.5,{},{}.5,{}",
            i * 7 % 199,
            ["closed", "open"][i / 3 % 2],
            i / 3 % 2 * 1000 + i * 3,
            ["lost", "won"][i / 3 % 2]
        )
    });
    let warnings = warn(&table, "y");
    let named: Vec<_> = warnings
        .iter()
        .filter(|w| w.code == "gives-away")
        .map(|w| w.column.as_deref().unwrap())
        .collect();
    assert!(
        named.contains(&"status") && !named.contains(&"x"),
        "{named:?}"
    );
    // The target in other units.
    let table = Table::of("cents,x,euros", 200, |i| {
        format!("{},{}.5,{}.25", i * i * 100 + 25, i * 7 % 199, i * i)
    });
    assert_eq!(
        find(&warn(&table, "euros"), "gives-away").column.as_deref(),
        Some("cents")
    );
}

#[test]
fn rare_classes_and_misspelt_ones_are_named() {
    let table = Table::of("x,y", 200, |i| {
        format!(
            "{}.5,{}",
            i * 7 % 199,
            match i {
                5 => "setsoa",
                6 => "alien",
                _ => ["setosa", "virginica"][i % 2],
            }
        )
    });
    let warnings = warn(&table, "y");
    let rare: Vec<_> = warnings.iter().filter(|w| w.code == "rare-class").collect();
    assert_eq!(rare.len(), 2, "{warnings:#?}");
    let typo = rare.iter().find(|w| w.text.contains("setsoa")).unwrap();
    assert!(typo.cure.as_deref().unwrap().contains("`setosa`"), "{typo}");
    let table = Table::of("x,y", 200, |i| {
        format!("{}.5,{}", i * 7 % 199, u8::from(i % 20 == 0))
    });
    find(&warn(&table, "y"), "imbalance");
}

#[test]
fn duplicates_absurd_values_and_rows_to_predict_are_counted() {
    let table = Table::of("x,y", 200, |i| {
        let x = if i == 50 {
            "1e12".into()
        } else {
            format!("{}.5", i.max(3))
        };
        format!(
            "{x},{}",
            if i < 3 {
                "a"
            } else {
                ["a", "b", "a", ""][i % 4]
            }
        )
    });
    let warnings = warn(&table, "y");
    assert!(
        find(&warnings, "rows-to-predict").text.starts_with("50 "),
        "{warnings:#?}"
    );
    assert!(
        find(&warnings, "absurd").text.contains("1000000000000"),
        "{warnings:#?}"
    );
    assert!(
        find(&warnings, "duplicates").text.starts_with("2 "),
        "{warnings:#?}"
    );
}

#[test]
fn a_test_file_that_differs_is_told() {
    let train = Table::of("x,c,w,y", 200, |i| {
        format!(
            "{}.5,{},{}.5,{}",
            i,
            ["u", "v"][i % 2],
            i * 7 % 199,
            i / 3 % 2
        )
    });
    let test = Table::of("x,c", 200, |i| {
        format!("{}.5,{}", i + 100, ["v", "w"][i % 2])
    });
    let (plan, _) = train.plan("y");
    let told = drift(
        &plan,
        (&train.names, &train.batches),
        (&test.names, &test.batches),
    );
    let told: Vec<_> = told
        .iter()
        .map(|w| (w.code.as_str(), w.column.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("drift", "x"), ("drift", "c"), ("missing-column", "w")]
    );
    let same = drift(
        &plan,
        (&train.names, &train.batches),
        (&train.names, &train.batches),
    );
    assert_eq!(same, []);
}

#[test]
fn a_report_of_a_wide_table_is_short() {
    let header: Vec<String> = (0..6830).map(|i| format!("gene{i}")).collect();
    let table = Table::of(&format!("{},label", header.join(",")), 60, |i| {
        let cells: Vec<String> = (0..6830)
            .map(|c| {
                if c % 100 == 7 {
                    "0".into()
                } else {
                    format!("{}.5", (i * 37 + c) % 59)
                }
            })
            .collect();
        format!("{},{}", cells.join(","), ["a", "b"][i % 2])
    });
    let (plan, warnings) = table.plan("label");
    let report = Report::of(&plan, &table.profile(), &warnings);
    let told: Vec<_> = report
        .groups
        .iter()
        .map(|g| (g.role, g.kind, g.count))
        .collect();
    assert_eq!(
        told,
        [
            (Role::Feature, Kind::Number, 6761),
            (Role::Dropped, Kind::Constant, 69),
            (Role::Target, Kind::Category, 1)
        ]
    );
    assert_eq!((report.warnings.len(), report.warnings[0].count), (1, 69));
    assert!(serde_json::to_string(&report).unwrap().len() < 2000);
    // Of few columns each has its line.
    let (plan, warnings) = Table::new("a,b,y\n1,2,u\n2,1,v\n").plan("y");
    assert_eq!(
        Report::of(&plan, &table.profile(), &warnings).groups.len(),
        3
    );
}
