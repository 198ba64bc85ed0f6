//! `gauntlet task create`: from a person's file to a task that a method can be tried on.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::support::{Data, text};

/// Writes a hundred rows, of which every tenth lacks its colour.
fn write_parquet(path: &Path) {
    let schema = "message rows { required double size; optional binary colour (UTF8); required double price; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let numbers = |factor: f64| (0..100).map(|row| f64::from(row) * factor).collect();
    let (sizes, prices): (Vec<f64>, Vec<f64>) = (numbers(1.0), numbers(2.5));
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<DoubleType>();
    typed.write_batch(&sizes, None, None).unwrap();
    column.close().unwrap();
    let levels: Vec<i16> = (0..100).map(|row| i16::from(row % 10 != 0)).collect();
    let colours: Vec<ByteArray> = (0..90).map(|row| ["red", "blue"][row % 2].into()).collect();
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<ByteArrayType>();
    typed.write_batch(&colours, Some(&levels), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<DoubleType>();
    typed.write_batch(&prices, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn what_cannot_be_used_is_named_as_it_was_given_and_leaves_nothing() {
    let data = Data::new();
    let file = data.beside("people.csv");
    let rows: String = (0..400)
        .map(|row| format!("person {row},{row}.5\n"))
        .collect();
    fs::write(&file, format!("name,size\n{rows}")).unwrap();
    let folder = data.beside("task");
    let (from, into) = (file.to_str().unwrap(), folder.to_str().unwrap());
    for more in [&["--dry-run"][..], &["--into", into]] {
        let create = ["task", "create", "--from", from, "--target", "size"];
        let output = data.run([&create[..], more].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        // Of the 320 rows that are trained on.
        let named = format!("{from} column `name` has 320 different texts");
        assert!(message.contains(&named), "{message}");
        assert!(!folder.exists());
    }
}

#[test]
fn a_parquet_file_becomes_a_task() {
    let data = Data::new();
    let file = data.beside("houses.parquet");
    write_parquet(&file);
    let from = file.to_str().unwrap();
    let create = ["task", "create", "--from", from, "--target", "price"];

    let checked = data.json([&create[..], &["--dry-run"]].concat());
    assert_eq!(checked["done"], "checked");
    assert_eq!(checked["kind"], "regression");
    assert_eq!(
        (&checked["rows"], &checked["hidden"]),
        (&100.into(), &20.into())
    );
    assert_eq!(checked["columns"][1]["type"], "text");
    assert_eq!(checked["columns"][1]["missing"], 10);
    assert_eq!(checked["digest"].as_str().unwrap().len(), 64);

    let folder = data.beside("task");
    let into = ["--into", folder.to_str().unwrap()];
    let written = data.json([&create[..], &into].concat());
    assert_eq!(written["done"], "written");
    assert_eq!(written["train_rows"], 80);
    // The size, two colours, and whether the colour is missing.
    assert_eq!(written["input_shape"], serde_json::json!([4]));
    assert!(folder.join("task.toml").is_file());
    assert_eq!(
        fs::read(folder.join("houses.parquet")).unwrap(),
        fs::read(&file).unwrap()
    );
}

#[test]
fn what_does_not_fit_is_refused_with_the_option() {
    let data = Data::new();
    let file = data.beside("houses.parquet");
    write_parquet(&file);
    let refused = |more: &[&str]| {
        let mut arguments = vec![
            "task",
            "create",
            "--dry-run",
            "--from",
            file.to_str().unwrap(),
        ];
        arguments.extend(more);
        let output = data.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (more, words) in [
        (
            &["--target", "rent"][..],
            "has no column `rent`; it has size, colour, price",
        ),
        (&["--target", "price", "--size", "8x8"], "field: --size"),
        (&["--target", "price", "--size", "8"], "such as 28x28"),
    ] {
        let message = refused(more);
        assert!(message.contains(words), "{message}");
    }
}
