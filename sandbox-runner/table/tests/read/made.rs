//! Files made here: every encoding with every delimiter, line end and packing, and what is malformed.

use std::io::Write;

use gauntlet_table::read::{Kind, Options, Packing, limits};
use proptest::prelude::*;

use super::support::{read, read_bytes};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let marked = std::iter::once(0xFEFF).chain(text.encode_utf16());
        marked.flat_map(bytes).collect()
    };
    match encoding {
        "UTF-8" => text.as_bytes().to_vec(),
        "UTF-16 LE" => utf16(u16::to_le_bytes),
        "UTF-16 BE" => utf16(u16::to_be_bytes),
        _ => text.chars().map(|c| c as u8).collect(),
    }
}

#[test]
fn every_encoding_delimiter_line_end_and_packing_goes_together() {
    let names = ["größe", "klasse", "wert"];
    let rows = [
        ["1.5", "älter, jünger; \t|", "3"],
        ["2.5", "jung", ""],
        ["4.25", "ß", "-7"],
    ];
    for encoding in ["UTF-8", "UTF-16 LE", "UTF-16 BE", "Windows-1252"] {
        for delimiter in [',', ';', '\t', '|'] {
            for end in ["\n", "\r\n", "\r"] {
                for packed in [false, true] {
                    let line = |cells: &[&str]| {
                        let quoted: Vec<String> =
                            cells.iter().map(|cell| format!("\"{cell}\"")).collect();
                        quoted.join(&delimiter.to_string()) + end
                    };
                    let text = line(&names) + &rows.map(|row| line(&row)).concat();
                    let mut bytes = encoded(&text, encoding);
                    if packed {
                        bytes = gzip(&bytes);
                    }
                    let whole = read_bytes("data.txt", &bytes, &Options::default())
                        .unwrap_or_else(|e| panic!("{encoding} {delimiter:?} {end:?}: {e}"));
                    let case = format!("{encoding} {delimiter:?} {end:?} {packed}: {whole:?}");
                    assert_eq!(whole.columns, names, "{case}");
                    assert_eq!(whole.rows, rows, "{case}");
                    assert_eq!(whole.lines, [2, 3, 4], "{case}");
                    assert_eq!(whole.format.encoding.as_deref(), Some(encoding), "{case}");
                    assert_eq!(whole.format.delimiter, Some(delimiter), "{case}");
                    let packing: &[Packing] = if packed { &[Packing::Gzip] } else { &[] };
                    assert_eq!(whole.format.packing, packing, "{case}");
                }
            }
        }
    }
}

/// What is wrong, of a text.
fn refused(name: &str, text: &str) -> (Option<u64>, String) {
    match read_bytes(name, text.as_bytes(), &Options::default()) {
        Ok(whole) => panic!("{text:?}: {whole:?}"),
        Err(error) => (error.line, error.to_string()),
    }
}

#[test]
fn malformed_texts_are_refused_on_the_line_where_it_begins() {
    for (text, line, part) in [
        (
            "a,b\n1,2\n3\n",
            3,
            "1 column, the header has 2; add the commas",
        ),
        (
            "a,b\n1,2\n\n\n3,4,5\n",
            5,
            "3 columns, the header has 2; put cells that have commas",
        ),
        ("a,b\n\"x\ny\",1\n2\n", 4, "1 column, the header has 2"),
        ("a,b\r\"x\ry\",1\r2\r", 4, "1 column, the header has 2"),
        (
            "a,b\n1,\"x\n2,y\n3,z\n",
            2,
            "a quote that is opened on this line is never closed",
        ),
        (
            "a,b\n1,\"x\n2,\"y\"\n",
            2,
            "closed on line 3 in the middle of a cell",
        ),
        ("a,b\n1,\"x\"y\n", 2, "in the middle of a cell"),
        (
            "{\"a\":1}\n{\"a\":2\n{\"a\":3}\n",
            3,
            "`}` is wanted, and `{` is there",
        ),
        (
            "{\"a\":1}\n\n{\"a\":1,\"a\":2}\n",
            3,
            "column `a`: is there twice",
        ),
        ("{\"a\":1}\n{\"a\":x}\n", 2, "`x` is no JSON"),
        (
            "{\"a\":1}\n{\"a\":\"x\n",
            2,
            "a quote that is opened on this line",
        ),
        (
            "[{\"a\":1},\n {\"a\":2}\n {\"a\":3}]",
            3,
            "a comma is wanted",
        ),
        ("[{\"a\":1},\n {\"a\":2}\n", 3, "cut off"),
        (
            "[[\"a\",\"b\"],\n[1,2],\n[3]]",
            3,
            "1 values, the first row has 2",
        ),
        (
            "{\"a\":{\"0\":1,\"1\":2},\"b\":{\"0\":3,\"1\":4}}",
            1,
            "orient=\"columns\"",
        ),
        (
            "{\"columns\":[\"a\"],\"index\":[0],\"data\":[[1]]}",
            1,
            "orient=\"split\"",
        ),
        ("{\"rows\":[{\"a\":1}]}", 1, "holds the rows in a list"),
    ] {
        let (found, message) = refused("data.csv", text);
        assert!(message.contains(part), "{text:?}: {message}");
        assert_eq!(found, Some(line), "{text:?}: {message}");
    }
}

#[test]
fn what_is_no_table_is_said_to_be_what_it_is() {
    for (bytes, part) in [
        (b"".as_slice(), "is empty"),
        (b"\n\n \n", "is empty"),
        (b"%PDF-1.7\n", "is a PDF; export"),
        (b"\x89PNG\r\n\x1a\n", "is an image (PNG)"),
        (
            b"SQLite format 3\0\x10",
            "SQLite database; export a table: sqlite3",
        ),
        (b"\x93NUMPY\x01\0", "array of NumPy"),
        (b"\x80\x04\x95\x10", "Python pickle"),
        (b"X\n\0\0\0\x03", "data of R"),
        (b"<!DOCTYPE html>\n<html>", "web page"),
        (b"  <HTML><body>", "web page"),
        (b"<?xml version=\"1.0\"?>", "is XML"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
            "git lfs pull",
        ),
        (b"\xFF\xFE\0\0a\0\0\0", "UTF-32"),
        (
            b"% c\n@relation x\n@attribute a numeric\n@data\n1\n",
            "ARFF",
        ),
        (b"a,b\n\0\x01\x02,3\n", "zero bytes"),
        (b"PAR1", "Parquet"),
    ] {
        let error = read_bytes("data.csv", bytes, &Options::default()).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let cut = gzip(b"a,b\n1,2\n3,4\n");
    let error = read_bytes("x.csv.gz", &cut[..cut.len() - 3], &Options::default()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[test]
fn a_row_without_names_is_told_from_names() {
    for (text, header) in [
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n6.2,2.9,virginica\n", false),
        ("name,2019,2020\nx,1.5,2.5\ny,3.5,4\n", true),
        ("0,1,2\n5,0.5,9\n7,1.5,3\n", true),
        ("5,0,0\n7,0,1\n9,3,2\n", false),
        ("e,x,y\nx,x,n\ne,y,y\ny,e,n\n", false),
        ("a,b\nc,d\n", true),
        ("age,sex\n22,m\n30,f\n", true),
        ("1.5\n2.5\n3\n", false),
    ] {
        let whole = read_bytes("d.csv", text.as_bytes(), &Options::default()).unwrap();
        assert_eq!(whole.format.header, header, "{text:?}");
        let lines = text.lines().count();
        assert_eq!(whole.rows.len(), lines - usize::from(header), "{text:?}");
        let other = Options {
            header: Some(!header),
            ..Options::default()
        };
        let whole = read_bytes("d.csv", text.as_bytes(), &other).unwrap();
        assert_eq!(whole.rows.len(), lines - usize::from(!header), "{text:?}");
    }
}

#[test]
fn options_overrule_what_would_be_found_out() {
    let text = "x;1\na,b\n1;5,2\n3,4\n".as_bytes();
    let options = Options {
        delimiter: Some(','),
        skip_lines: Some(1),
        header: Some(false),
        ..Options::default()
    };
    let whole = read_bytes("d.csv", text, &options).unwrap();
    assert_eq!(whole.rows, [["a", "b"], ["1;5", "2"], ["3", "4"]]);
    assert_eq!(whole.lines, [2, 3, 4]);
    let latin9 = Options {
        encoding: Some("iso-8859-15".to_owned()),
        ..Options::default()
    };
    let whole = read_bytes("d.csv", b"a,b\n\xA4,1\n", &latin9).unwrap();
    assert_eq!(whole.rows, [["€", "1"]]);
    let quotes = Options {
        quotes: Some(false),
        ..Options::default()
    };
    let whole = read_bytes("d.csv", b"a,b\n\"x,1\ny\",2\n", &quotes).unwrap();
    assert_eq!(whole.rows, [["\"x", "1"], ["y\"", "2"]]);
    let unknown = Options {
        encoding: Some("klingon".to_owned()),
        ..Options::default()
    };
    let error = read_bytes("d.csv", b"a,b\n1,2\n", &unknown).unwrap_err();
    assert!(error.to_string().contains("`klingon`"), "{error}");
}

#[test]
fn names_are_made_distinct_and_said() {
    let text = b"x,,x,,x.1\n1,2,3,4,5\n6,7,8,9,10\n";
    let whole = read_bytes("d.csv", text, &Options::default()).unwrap();
    assert_eq!(whole.columns, ["x", "column 2", "x.2", "column 4", "x.1"]);
    let notes = format!("{:?}", whole.notes);
    assert!(
        notes.contains("it is called `x.2`") && notes.contains("`column 2` to `column 4`"),
        "{notes}"
    );
    // Row names, as R writes them.
    let whole = read_bytes("d.txt", b"a\tb\nr1\t1\t2\nr2\t3\t4\n", &Options::default()).unwrap();
    assert_eq!(whole.columns, ["column 1", "a", "b"]);
    assert_eq!(whole.rows[1], ["r2", "3", "4"]);
}

#[test]
fn json_keeps_digits_and_flattens_objects() {
    let text = "{\"id\":1152921504606846977,\"p\":{\"x\":1.50,\"y\":{\"z\":true}},\"t\":[1, \"a\"]}\n\
                {\"id\":2,\"p\":{\"x\":null,\"y\":{}},\"t\":NaN,\"w\":\"\\ud83d\\ude00\\u00e9\"}\n";
    let whole = read_bytes("d.json", text.as_bytes(), &Options::default()).unwrap();
    assert_eq!(whole.columns, ["id", "p.x", "p.y.z", "t", "w"]);
    assert_eq!(
        whole.rows,
        [
            ["1152921504606846977", "1.50", "true", "[1,\"a\"]", "∅"],
            ["2", "∅", "∅", "∅", "😀é"],
        ]
    );
    let lists = read_bytes(
        "d.json",
        b"[[\"a\",\"b\"],[1,null],[2,\"x\"]]",
        &Options::default(),
    );
    let lists = lists.unwrap();
    assert_eq!(lists.columns, ["a", "b"]);
    assert_eq!(lists.rows, [["1", "∅"], ["2", "x"]]);
    assert_eq!(lists.format.kind, Kind::JsonArray);
    let pretty = b"{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n";
    let pretty = read_bytes("d.json", pretty, &Options::default()).unwrap();
    assert_eq!(pretty.lines, [1, 4]);
    // A bracket in a name is no list.
    let table = read_bytes("d.csv", b"[id],[name]\n1,x\n", &Options::default()).unwrap();
    assert_eq!(table.columns, ["[id]", "[name]"]);
}

#[test]
fn progress_ends_at_the_length_of_the_file_and_readers_go_to_threads() {
    fn sends<T: Send>(value: T) -> T {
        value
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.csv.gz");
    let text: String = (0..20_000)
        .map(|row| format!("{row},{}\n", row * 7919 % 1009))
        .collect();
    let bytes = gzip(format!("a,b\n{text}").as_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let mut heard = Vec::new();
    let mut hear = |bytes| heard.push(bytes);
    let mut reader =
        sends(gauntlet_table::read::open(&path, &Options::default(), &mut hear).unwrap());
    let mut rows = 0;
    while let Some(batch) = reader.next(1000).unwrap() {
        rows += batch.rows();
    }
    drop(reader);
    assert_eq!(rows, 20_000);
    assert!(heard.is_sorted());
    assert_eq!(heard.last(), Some(&(bytes.len() as u64)));
}

#[test]
fn a_folder_is_read_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let refused = |part: &str| {
        let error = read(folder.path(), &Options::default()).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
        error
    };
    refused("is a folder without files");
    write("b/part-0.csv", b"a,b\n3,4\n5,6\n");
    write("a.csv.gz", &gzip(b"a,b\n1,2\n"));
    write("_SUCCESS", b"");
    write(".hidden", b"x");
    let whole = read(folder.path(), &Options::default()).unwrap();
    assert_eq!(whole.rows, [["1", "2"], ["3", "4"], ["5", "6"]]);
    assert_eq!(whole.format.files, 2);
    write("b/part-1.csv", b"a,b\n7\n");
    let error = refused("in `b/part-1.csv`: 1 column, the header has 2");
    assert_eq!(error.line, Some(2));
    write("b/part-1.csv", b"a,c\n7,8\n");
    refused("in `b/part-1.csv`: has no column `b`, which `a.csv.gz` has");
    write("b/part-1.csv", b"b,a\n7,8\n");
    refused("has its columns in another order than `a.csv.gz`");
}

#[test]
fn files_that_unpack_without_end_stop_at_the_limit() {
    let line = b"1,2\n".repeat(1 << 18);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"a,b\n").unwrap();
    for _ in 0..80 {
        encoder.write_all(&line).unwrap();
    }
    let bytes = encoder.finish().unwrap();
    let error = read_bytes("d.csv.gz", &bytes, &Options::default()).unwrap_err();
    assert_eq!(error.limit, Some(limits::MAX_RATIO), "{error}");
    let twice = gzip(&bytes);
    let error = read_bytes("d.csv.gz.gz", &twice, &Options::default()).unwrap_err();
    assert_eq!(error.limit, Some(limits::MAX_RATIO), "{error}");
}

proptest! {
    #[test]
    fn whatever_bytes_there_are_nothing_panics(
        start in proptest::sample::select(vec![
            "", "a,b\n1,2\n", "{\"a\":1}\n", "[{\"a\":", "[[", "PAR1", "\u{1F}\u{8B}", "sep=;\n", "\"",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        text in "[\\[\\]{}\":,;\t\n\r a1é\\\\u.NtT-]{0,60}",
    ) {
        let _ = read_bytes("d", &[start.as_bytes(), &bytes].concat(), &Options::default());
        let _ = read_bytes("d", &[start.as_bytes(), text.as_bytes()].concat(), &Options::default());
        let packed = gzip(&[start.as_bytes(), text.as_bytes()].concat());
        let _ = read_bytes("d", &packed, &Options::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn however_a_file_is_damaged_nothing_panics(
        file in proptest::sample::select(vec![
            "types.parquet", "types-groups.parquet", "fastparquet.parquet", "struct.parquet",
            "types.feather", "types-zstd.arrow", "polars.arrow", "struct.arrows", "mixed.xlsx",
            "titles-second-sheet.xlsx", "pandas.ods", "pandas.csv.zst", "pandas.csv.zip", "pandas.csv.gz",
        ]),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        cut in proptest::option::weighted(0.2, any::<usize>()),
    ) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/other-programs/");
        let mut bytes = std::fs::read(format!("{folder}{file}")).unwrap();
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at % length] = byte;
        }
        bytes.truncate(cut.map_or(length, |cut| cut % length));
        let _ = read_bytes("d", &bytes, &Options::default());
    }
}
