//! What is the same, whatever the format; and packed files.

use std::io::Write;

use flate2::write::GzEncoder;
use gauntlet_tasks::{ColumnReport, Dataset};
use parquet::basic::Compression;

use crate::support::{Files, brought, gzip, idx, parquet_rows};

const ROWS: [(f64, Option<&str>, f64); 6] = [
    (1.5, Some("red"), 2.0),
    (2.5, Some("blue"), 3.5),
    (3.0, None, 7.25),
    (4.0, Some("blue"), 1.0),
    (-0.1, Some("red"), 1e-3),
    (6.5e10, None, 4.5),
];

fn separated(separator: &str) -> String {
    let line = |(x, c, y): &(f64, Option<&str>, f64)| {
        format!("{x}{separator}{}{separator}{y}\n", c.unwrap_or_default())
    };
    let header = format!("x{separator}c{separator}y\n");
    ROWS.iter().fold(header, |text, row| text + &line(row))
}

fn json() -> String {
    let value = |c: Option<&str>| c.map_or("null".to_owned(), |c| format!("\"{c}\""));
    let lines = ROWS.iter();
    lines
        .map(|(x, c, y)| format!("{{\"x\":{x},\"c\":{},\"y\":{y}}}\n", value(*c)))
        .collect()
}

/// The data set and the report of a file, as far as both come from the rows.
fn made(name: &str, content: Vec<u8>) -> (Dataset, Vec<ColumnReport>) {
    let (brought, data) = brought(name, content, |wish| {
        (wish.name, wish.kind) = (Some("t".to_owned()), Some("regression".to_owned()));
    })
    .unwrap();
    assert_eq!((brought.report.rows, brought.report.hidden), (6, 3));
    assert_eq!(brought.report.digest.len(), 64);
    (data, brought.report.columns)
}

#[test]
fn the_same_rows_in_any_format_are_the_same_task_to_the_bit() {
    let expected = made("t.csv", separated(",").into_bytes());
    assert_eq!(expected.1[1].missing, 2);
    for (name, content) in [
        ("t.tsv", separated("\t").into_bytes()),
        ("t.jsonl", json().into_bytes()),
        ("t.csv.gz", gzip(separated(","))),
        ("t.tsv.gz", gzip(separated("\t"))),
        ("t.JSONL.GZ", gzip(json())),
    ] {
        assert_eq!(made(name, content), expected, "{name}");
    }
    for (codec, rows_a_group) in [
        (Compression::UNCOMPRESSED, 6),
        (Compression::SNAPPY, 1),
        (Compression::GZIP(Default::default()), 4),
        (Compression::ZSTD(Default::default()), 2),
    ] {
        let file = parquet_rows(&ROWS, codec, rows_a_group);
        assert_eq!(made("t.parquet", file), expected, "{codec}");
    }
}

#[test]
fn a_packed_text_is_the_text() {
    let text = "Call me Ishmael. ".repeat(200);
    let made = |name: &str, content: &[u8]| {
        let (brought, data) = brought(name, content, |wish| {
            (wish.targets, wish.hidden_percent, wish.context) = (Vec::new(), None, Some(16));
            wish.name = Some("t".to_owned());
        })
        .unwrap();
        assert_eq!(brought.report.bytes, content.len() as u64);
        data
    };
    let plain = made("novel.txt", text.as_bytes());
    assert_eq!(made("novel.txt.gz", &gzip(&text)), plain);
}

#[test]
fn a_bomb_is_refused_with_the_limit() {
    // A name of a column that is 70 MiB long, in as many kilobytes.
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    let piece = [b'x'; 1 << 16];
    (0..70 << 4).for_each(|_| encoder.write_all(&piece).unwrap());
    let message = brought("d.csv.gz", encoder.finish().unwrap(), |_| {}).unwrap_err();
    assert_eq!(
        message,
        "d.csv.gz unpacks to more than 200 times its size; if it is meant to, unpack it first"
    );
}

#[test]
fn packed_files_that_are_damaged_are_refused_by_name() {
    let whole = gzip(separated(","));
    let cut = &whole[..whole.len() - 9];
    let message = brought("d.csv.gz", cut, |_| {}).unwrap_err();
    assert!(
        message.contains("packed with gzip and cut off"),
        "{message}"
    );
    let message = brought("d.jsonl.gz", "no gzip", |_| {}).unwrap_err();
    assert_eq!(message, "d.jsonl.gz has no rows");
    let message = brought("d.parquet.gz", "PAR1", |_| {}).unwrap_err();
    assert!(message.contains("cannot be read as Parquet"), "{message}");
    let message = brought("d.xls.gz", "", |_| {}).unwrap_err();
    assert!(message.starts_with("d.xls.gz is empty; "), "{message}");
}

#[test]
fn what_is_said_but_means_nothing_is_refused() {
    let files = Files::new();
    files.put("t.csv", "x,y\n1,2\n");
    files.put("t.txt", "text");
    files.put("a-idx3-ubyte", idx(8, &[1, 1, 1], &[0]));
    let size = files.bring("t.csv", |wish| wish.size = Some([2, 2]));
    assert_eq!(
        size.unwrap_err(),
        "--size says nothing about a table, which t.csv is"
    );
    let percent = files.bring("t.txt", |_| {});
    assert!(percent.unwrap_err().starts_with("--hidden-percent "));
    let target = files.bring("a-idx3-ubyte", |wish| wish.targets = vec!["y".to_owned()]);
    assert!(target.unwrap_err().starts_with("--target "));
}
