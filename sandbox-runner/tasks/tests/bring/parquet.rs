//! Parquet: types, missing values, and what is refused.

use gauntlet_tasks::{ColumnType, Wish};
use parquet::basic::Compression;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    FloatType, Int32Type, Int64Type,
};

use crate::support::{brought, column, parquet_file, parquet_rows};

#[test]
fn every_plain_type_becomes_a_number_or_a_text() {
    let schema = "required boolean truth; required int32 day (DATE);
        required int64 time (TIMESTAMP(MICROS,true)); required int64 price (DECIMAL(10,2));
        required int64 size (INTEGER(64,false)); optional float part; required binary word;
        required fixed_len_byte_array(2) half (FLOAT16); required double y;";
    let file = parquet_file(schema, Compression::SNAPPY, 1, |_, group| {
        column::<BoolType>(group, &[true, false, true, true], None);
        column::<Int32Type>(group, &[0, 1, 19_000, -1], None);
        column::<Int64Type>(group, &[0, 1_500_000, -1, 1], None);
        column::<Int64Type>(group, &[1234, 5, -100, 0], None);
        column::<Int64Type>(group, &[-1, 0, 1, 2], None);
        column::<FloatType>(group, &[0.1, f32::NAN, 2.5], Some(&[1, 1, 0, 1]));
        let words: Vec<ByteArray> = ["a", "b", "é", "a"].map(ByteArray::from).into();
        column::<ByteArrayType>(group, &words, None);
        let halves = [[0, 0x3c], [0, 0], [0, 0x40], [0, 0xbc]]
            .map(|bytes| FixedLenByteArray::from(ByteArray::from(bytes.to_vec())));
        column::<FixedLenByteArrayType>(group, &halves, None);
        column::<DoubleType>(group, &[0.5, 1.5, 2.5, 3.5], None);
    });
    let (brought, data) = brought("t.parquet", file, |_| {}).unwrap();
    let bounds: Vec<_> = brought
        .report
        .columns
        .iter()
        .map(|c| (c.min, c.max))
        .collect();
    let numbers = [
        (0.0, 1.0),
        // Days are counted in seconds, as times are.
        (-86_400.0, 1_641_600_000.0),
        (-1e-6, 1.5),
        (-1.0, 12.34),
        (0.0, 18_446_744_073_709_551_615.0),
        (0.1, 2.5),
    ];
    for (found, (least, most)) in bounds.iter().zip(numbers) {
        assert_eq!(*found, (Some(least), Some(most)));
    }
    assert_eq!(bounds[7], (Some(-1.0), Some(2.0)));
    // A null and a NaN.
    assert_eq!(brought.report.columns[5].missing, 2);
    assert_eq!(brought.report.columns[6].r#type, ColumnType::Text);
    assert_eq!(brought.report.columns[6].distinct, 3);
    assert_eq!(data.info.train_rows, 2);
}

const NESTED: &str = "required double x; required double y;
    optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
    required fixed_len_byte_array(16) id (UUID);";

fn nested(change: impl Fn(&mut Wish)) -> Result<gauntlet_tasks::DataReport, String> {
    let file = parquet_file(NESTED, Compression::SNAPPY, 1, |_, group| {
        column::<DoubleType>(group, &[1.0, 2.0, 3.0, 4.0], None);
        column::<DoubleType>(group, &[0.5, 1.5, 2.5, 3.5], None);
        let mut tags = group.next_column().unwrap().unwrap();
        let tag: [ByteArray; 1] = ["t".into()];
        tags.typed::<ByteArrayType>()
            .write_batch(&tag, Some(&[3, 0, 0, 0]), Some(&[0, 0, 0, 0]))
            .unwrap();
        tags.close().unwrap();
        let ids = [1, 2, 3, 4].map(|id| FixedLenByteArray::from(ByteArray::from(vec![id; 16])));
        column::<FixedLenByteArrayType>(group, &ids, None);
    });
    brought("t.parquet", file, change).map(|(brought, _)| brought.report)
}

#[test]
fn columns_that_cannot_be_read_are_refused_by_name_or_dropped() {
    let dropping = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        nested(move |wish| wish.drop.clone_from(&names))
    };
    assert_eq!(
        dropping(&[]).unwrap_err(),
        "t.parquet, column `tags`: is nested: a list of BYTE_ARRAY; plain columns and groups of them \
         can be read; leave it out with --drop 'tags'"
    );
    // Sixteen bytes of an identifier are its text.
    let report = dropping(&["tags"]).unwrap();
    assert_eq!((report.rows, report.columns.len()), (4, 3));
    let message = dropping(&["tags", "id", "z"]).unwrap_err();
    assert_eq!(message, "t.parquet has no column `z` to drop");
}

#[test]
fn values_that_cannot_be_used_are_refused_with_row_and_column() {
    let rows = |bad: f64| {
        let mut rows = [(1.0, Some("a"), 0.5); 5];
        rows[3].0 = bad;
        brought(
            "t.parquet",
            parquet_rows(&rows, Compression::SNAPPY, 2),
            |_| {},
        )
    };
    assert_eq!(
        rows(f64::INFINITY).unwrap_err(),
        "t.parquet, row 4, column `x`: is inf; finite numbers are wanted"
    );
    let schema = "required double y; required binary c;";
    let bytes = parquet_file(schema, Compression::UNCOMPRESSED, 1, |_, group| {
        column::<DoubleType>(group, &[0.5, 1.5], None);
        column::<ByteArrayType>(group, &[vec![b'a'].into(), vec![0xff].into()], None);
    });
    assert_eq!(
        brought("t.parquet", bytes, |_| {}).unwrap_err(),
        "t.parquet, line 2, column `c`: is neither a number nor a text in UTF-8"
    );
    let target = parquet_file("optional double y;", Compression::SNAPPY, 1, |_, group| {
        column::<DoubleType>(group, &[0.5], Some(&[1, 0]));
    });
    assert_eq!(
        brought("t.parquet", target, |_| {}).unwrap_err(),
        "t.parquet, row 2, column `y`: the target is missing"
    );
}

#[test]
fn files_that_cannot_be_read_are_refused_with_group_and_column() {
    let rows = [(1.0, Some("a"), 0.5), (2.0, Some("b"), 1.5)];
    let whole = parquet_rows(&rows, Compression::SNAPPY, 1);
    let refused = |content: &[u8]| brought("t.parquet", content, |_| {}).unwrap_err();
    let message = refused(&whole[..whole.len() - 1]);
    assert!(
        message.starts_with("t.parquet cannot be read as Parquet"),
        "{message}"
    );
    refused(b"");
    refused(b"PAR1");

    // The codec of column `x` in the footer: one, twice, becomes another that we do not read.
    let mut other = whole.clone();
    let codec = [0x19, 0x18, 1, b'x', 0x15, 2];
    let at = other
        .windows(codec.len())
        .position(|bytes| bytes == codec)
        .unwrap();
    other[at + 5] = 14;
    let message = refused(&other);
    assert_eq!(
        message,
        "t.parquet, column `x`: row group 1: is compressed with LZ4_RAW; write it with snappy, gzip, \
         zstd or no compression"
    );
    let none = parquet_file("required double y;", Compression::SNAPPY, 0, |_, _| {});
    assert_eq!(refused(&none), "t.parquet has no rows");
}
