//! Brings data and writes files of the formats.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use gauntlet_tasks::{Brought, Dataset, TaskDefinition, Wish, bring};
use parquet::basic;
use parquet::data_type::{ByteArrayType, DataType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use safetensors::SafeTensors;

/// A folder with files, for the time of a test.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders that it lies in.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Brings what is called `name`, and makes the data set of it. Refusals come without the
    /// folder's name.
    pub(crate) fn bring(
        &self,
        name: &str,
        change: impl Fn(&mut Wish),
    ) -> Result<(Brought, Dataset), String> {
        let mut wish = Wish {
            from: self.path(name),
            hidden_percent: Some(50),
            ..Wish::default()
        };
        change(&mut wish);
        let made = made(&wish);
        let place = self.0.path().display().to_string();
        made.map_err(|error| error.replace(&format!("{place}/"), "").replace(&place, "."))
    }
}

fn made(wish: &Wish) -> Result<(Brought, Dataset), String> {
    let shown = |error: gauntlet_tasks::TaskError| error.to_string();
    let brought = bring(wish, &mut |_| {}).map_err(shown)?;
    let folder = tempfile::tempdir().unwrap();
    brought.write(folder.path()).unwrap();
    let task = TaskDefinition::load(folder.path()).map_err(shown)?;
    let dataset = task.materialise(&[3; 32]).map_err(shown)?;
    Ok((brought, dataset))
}

/// Brings a file with that name and content, whose column `y` is to be predicted.
pub(crate) fn brought(
    name: &str,
    content: impl AsRef<[u8]>,
    change: impl Fn(&mut Wish),
) -> Result<(Brought, Dataset), String> {
    let files = Files::new();
    files.put(name, content);
    files.bring(name, |wish| {
        wish.targets = vec!["y".to_owned()];
        change(wish);
    })
}

/// Floats of a tensor of a file.
pub(crate) fn floats(file: &[u8], tensor: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(file).unwrap();
    let view = file.tensor(tensor).unwrap();
    view.data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

pub(crate) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// A Parquet file; `write` writes the columns of one row group after the other.
pub(crate) fn parquet_file(
    columns: &str,
    compression: basic::Compression,
    groups: usize,
    write: impl Fn(usize, &mut SerializedRowGroupWriter<'_, Vec<u8>>),
) -> Vec<u8> {
    let schema = parse_message_type(&format!("message rows {{ {columns} }}")).unwrap();
    let properties = WriterProperties::builder().set_compression(compression);
    let properties = properties.build().into();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema.into(), properties).unwrap();
    for group in 0..groups {
        let mut columns = writer.next_row_group().unwrap();
        write(group, &mut columns);
        columns.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// Writes the next column of a row group; the levels are 1 where a value is there.
pub(crate) fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) {
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<T>()
        .write_batch(values, levels, None)
        .unwrap();
    column.close().unwrap();
}

/// A file of `x` and `y`, numbers, and between them `c`, a text that may be missing.
pub(crate) fn parquet_rows(
    rows: &[(f64, Option<&str>, f64)],
    compression: basic::Compression,
    rows_a_group: usize,
) -> Vec<u8> {
    let groups: Vec<_> = rows.chunks(rows_a_group).collect();
    let schema = "required double x; optional binary c (UTF8); required double y;";
    parquet_file(schema, compression, groups.len(), |group, writer| {
        let rows = groups[group];
        let numbers = |pick: fn(&(f64, Option<&str>, f64)) -> f64| rows.iter().map(pick).collect();
        let (x, y): (Vec<f64>, Vec<f64>) = (numbers(|row| row.0), numbers(|row| row.2));
        column::<DoubleType>(writer, &x, None);
        let texts: Vec<_> = rows
            .iter()
            .filter_map(|row| row.1)
            .map(Into::into)
            .collect();
        let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.1.is_some())).collect();
        column::<ByteArrayType>(writer, &texts, Some(&levels));
        column::<DoubleType>(writer, &y, None);
    })
}

/// An IDX file.
pub(crate) fn idx(kind: u8, shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, shape.len() as u8];
    shape
        .iter()
        .for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(values);
    file
}

/// Writes a PNG or JPEG of one colour and a pixel of another.
pub(crate) fn image(path: &Path, width: u32, height: u32, colour: [u8; 3]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut image = image::RgbImage::from_pixel(width, height, image::Rgb(colour));
    image.put_pixel(0, 0, image::Rgb([0, 0, 0]));
    image.save(path).unwrap();
}
