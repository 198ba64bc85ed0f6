//! Tables as programs of all kinds write them, and as people download them.

use gauntlet_tasks::Dataset;

use crate::support::{brought, gzip};

/// Sixty rows of a number, a text and a class.
fn rows() -> Vec<[String; 3]> {
    let row = |n: usize| {
        [
            format!("{}.5", n * 7 % 60),
            ["grün", "blau", "größer"][n % 3].to_owned(),
            ["ja", "nein"][n / 2 % 2].to_owned(),
        ]
    };
    (0..60).map(row).collect()
}

/// The table with a character between columns and another at the end of lines.
fn table(delimiter: &str, line_end: &str) -> String {
    let names = ["x", "c", "y"].map(str::to_owned);
    let rows = std::iter::once(names).chain(rows());
    rows.map(|row| row.join(delimiter) + line_end).collect()
}

fn read(name: &str, content: impl AsRef<[u8]>) -> (Dataset, Vec<String>) {
    let (brought, data) = brought(name, content, |wish| wish.name = Some("t".to_owned()))
        .unwrap_or_else(|message| panic!("{name}: {message}"));
    (data, brought.report.notes)
}

fn refused(content: impl AsRef<[u8]>) -> String {
    brought("d.csv", content, |_| {}).unwrap_err()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// Every character is one byte, as in Latin-1.
fn western(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect()
}

#[test]
fn what_spreadsheets_export_is_the_same_task_to_the_bit() {
    let (expected, notes) = read("t.csv", table(",", "\n"));
    assert_eq!(notes, [""; 0]);
    let semicolons = "columns are separated by semicolons";
    let titled = |lines: &str| format!("{lines}{}", table(";", "\r\n"));
    for (name, content, notes) in [
        ("t.csv", table(",", "\r\n").into_bytes(), vec![]),
        ("t.csv", table(",", "\r").into_bytes(), vec![]),
        (
            "t.csv",
            format!("\u{feff}{}", table(",", "\n")).into_bytes(),
            vec![],
        ),
        ("t.csv", table(";", "\r\n").into_bytes(), vec![semicolons]),
        (
            "t.csv",
            table("\t", "\n").into_bytes(),
            vec!["columns are separated by tabs"],
        ),
        (
            "t.csv",
            table("|", "\n").into_bytes(),
            vec!["columns are separated by bars"],
        ),
        ("t.csv", titled("sep=;\r\n").into_bytes(), vec![semicolons]),
        (
            "t.csv",
            titled("Umsatz 2026\r\n\r\n").into_bytes(),
            vec![semicolons, "the 2 lines above the columns are left out"],
        ),
        (
            "t.csv",
            western(&table(";", "\r\n")),
            vec![semicolons, "the characters are read as Windows-1252"],
        ),
        (
            "t.csv",
            utf16(&table("\t", "\r\n")),
            vec![
                "columns are separated by tabs",
                "the characters are read as UTF-16 LE",
            ],
        ),
        (
            "t.csv",
            format!("{},,\n,,\n", table(",", "\n")).into_bytes(),
            vec!["line 62: 2 rows without any value are left out; the first is on this line"],
        ),
        // Rows that end with a delimiter the header does not have.
        (
            "t.csv",
            table(",", ",\n").replacen(",\n", "\n", 1).into_bytes(),
            vec![],
        ),
    ] {
        let shown = String::from_utf8_lossy(&content[..40]).into_owned();
        assert_eq!(
            read(name, content),
            (
                expected.clone(),
                notes.into_iter().map(str::to_owned).collect()
            ),
            "{shown:?}"
        );
    }
}

#[test]
fn decimal_commas_are_numbers_between_semicolons() {
    let expected = read("t.csv", table(",", "\n")).0;
    let commas = table(";", "\n").replace(".5;", ",5;");
    let (data, notes) = read("t.csv", commas);
    assert_eq!(data, expected);
    assert_eq!(
        notes,
        [
            "columns are separated by semicolons",
            "commas in numbers are read as decimal commas"
        ]
    );
}

#[test]
fn what_is_packed_is_seen_from_its_bytes() {
    let plain = table(",", "\n");
    let expected = read("t.csv", &plain).0;
    let halves = plain.split_at(500);
    for (name, content) in [
        ("t.csv", gzip(&plain)),
        ("t.csv.gz", plain.clone().into_bytes()),
        ("t.csv.gz", [gzip(&plain), vec![0; 1024]].concat()),
        ("t.csv.gz", [gzip(halves.0), gzip(halves.1)].concat()),
    ] {
        assert_eq!(read(name, content).0, expected, "{name}");
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let wrong = |before: &str| format!("x,c,y\n{before}1,a\n");
    for (content, line) in [
        (wrong("1,a,2\n1,a,3\n"), 4),
        (wrong("1,\"two\nlines\",2\n"), 4),
        (wrong("\n\n1,a,2\n\n"), 6),
        (wrong("1,\"a\n\nb\",2\n").replace('\n', "\r\n"), 5),
        (wrong("1,a,2\n").replace('\n', "\r"), 3),
        (format!("A title\n\n{}", wrong(&"1,a,2\n".repeat(40))), 44),
    ] {
        let expected = format!("d.csv, line {line}: 2 columns, the header has 3; add the commas");
        let message = refused(&content);
        assert!(message.starts_with(&expected), "{content:?}: {message}");
    }
    // Of a quote that nobody closes it is said where it is opened.
    for (content, line) in [
        ("x,c,y\n1,a,2\n1,\"a,2\n1,a,2\n1,a,2\n", 3),
        ("x,c,y\n1,a,2\n\"1\n\",\"a,2\n1,a,2\n1,a,2", 4),
        ("x,c,y\n1,a,2\n1,a,\"2\n", 3),
    ] {
        let message = refused(content);
        let expected = "a quote that is opened on this line is never closed";
        let expected = format!("d.csv, line {line}: {expected}; close it");
        assert!(message.starts_with(&expected), "{message}");
    }
    // One that is closed at the very end is closed.
    let plain = table(",", "\n");
    let quoted = plain
        .replace(",ja\n", ",\"ja\n\"\n")
        .replace(",nein\n", ",\"nein\n\"\n");
    assert_eq!(read("t.csv", quoted), read("t.csv", plain));
    // A target is missing, two lines below where it seems.
    let message = refused("x,y\n\"1\n\n\",2.5\n2,\n");
    assert_eq!(message, "d.csv, row 5, column `y`: the target is missing");
}

#[test]
fn an_odd_cell_among_numbers_is_named_and_taken_for_missing() {
    let table = |odd: &str| {
        let rows = (0..800).map(|n| match n {
            700 => format!("{odd},{}\n", n % 7),
            n => format!("{n}.25,{}\n", n % 7),
        });
        format!("marker,y\n{}", rows.collect::<String>())
    };
    let expected = read("t.csv", table("")).0;
    for odd in [
        "<5",
        "-",
        "n/a",
        "12 mg",
        "#REF!",
        "1,5;",
        "inf",
        "\u{2212}3",
    ] {
        let (data, notes) = read("t.csv", table(&format!("\"{odd}\"")));
        assert_eq!(data, expected, "{odd}");
        let note =
            format!("column `marker` is of numbers, but for `{odd}` (line 702): taken for missing");
        assert_eq!(notes, [note]);
    }
    // One in ten is no slip: the column is of texts, and refused for being too many.
    let rows = (0..400).map(|n| match n % 10 {
        0 => format!("low,{}\n", n % 7),
        _ => format!("{n}.25,{}\n", n % 7),
    });
    let message = refused(format!("marker,y\n{}", rows.collect::<String>()));
    assert!(message.contains("column `marker`"), "{message}");
}

#[test]
fn codes_with_a_text_among_them_stay_texts() {
    let rows = (0..800).map(|n| match n {
        700 => format!("X,{}\n", n % 7),
        n => format!("{},{}\n", n % 12, n % 7),
    });
    let (brought, _) = brought(
        "t.csv",
        format!("code,y\n{}", rows.collect::<String>()),
        |_| {},
    )
    .unwrap();
    assert_eq!(brought.report.columns[0].distinct, 13);
    assert_eq!(brought.report.notes, [""; 0]);
}

#[test]
fn a_column_that_counts_the_rows_is_pointed_out() {
    let rows: String = (0..60)
        .map(|n| format!("{n},{},{}\n", n * 7 % 11, n % 3))
        .collect();
    let (_, notes) = read("t.csv", format!(",x,y\n{rows}"));
    assert_eq!(
        notes,
        [
            "column `column 1`: has no name in the file, and is called so",
            "column `column 1` counts the rows, and tells a method their order; --drop \"column 1\" \
             leaves it out",
        ]
    );
    let dropped = brought("t.csv", format!(",x,y\n{rows}"), |wish| {
        wish.drop = vec!["column 1".to_owned()];
    });
    assert!(dropped.is_ok());
}

#[test]
fn a_table_without_names_keeps_its_first_row() {
    let rows: String = (0..60).map(|n| format!("{n}.5,{}\n", n % 3)).collect();
    let (brought, data) = brought("t.csv", rows, |wish| {
        wish.targets = vec!["column 2".to_owned()]
    })
    .unwrap();
    assert_eq!(brought.report.rows, 60);
    assert_eq!(data.info.train_rows, 30);
    let note = "line 1: the first row has values like those below it, no names: columns are called `column \
                1` to `column 2`; --header if it has names";
    assert_eq!(brought.report.notes, [note]);
}

#[test]
fn what_would_damage_texts_or_is_none_is_refused() {
    let mut bytes = table(",", "\n").into_bytes();
    bytes.extend(b"1.5,gr\xFCn,ja\n");
    let message = refused(&bytes);
    assert!(
        message.starts_with("d.csv, line 62: the byte 0xfc is no UTF-8"),
        "{message}"
    );
    let message = refused(b"PK\x03\x04\x14\0\x06\0");
    assert!(message.contains("damaged ZIP archive"), "{message}");
}

#[test]
fn a_misspelt_target_in_a_wide_table_gets_the_nearest_names() {
    let mut names: Vec<String> = (0..6000).map(|n| format!("gene{n}")).collect();
    names[4000] = "Yield".to_owned();
    let values = vec!["1"; names.len()].join(",");
    let content = format!("{}\n{values}\n{values}\n", names.join(","));
    let message = brought("wide.csv", content, |wish| {
        wish.targets = vec!["yeild".to_owned()]
    });
    let message = message.unwrap_err();
    assert!(
        message.contains("has no column `yeild`; of its 6000 the nearest are Yield, "),
        "{message}"
    );
    assert!(message.len() < 200, "{message}");
}

#[test]
fn what_was_refused_for_its_name_or_kind_is_read() {
    let (expected, _) = read("t.csv", table(",", "\n"));
    let list = |rows: Vec<[String; 3]>| {
        let row =
            |[x, c, y]: [String; 3]| format!("{{\"x\": {x}, \"c\": \"{c}\", \"y\": \"{y}\"}}");
        let rows: Vec<String> = rows.into_iter().map(row).collect();
        format!("[{}]", rows.join(",\n"))
    };
    assert_eq!(read("t.data", table(",", "\n")).0, expected);
    assert_eq!(read("t.json", list(rows())).0, expected);
    let message = refused("<!DOCTYPE html><html></html>");
    assert!(
        message.starts_with("d.csv is a web page (HTML)"),
        "{message}"
    );
}
