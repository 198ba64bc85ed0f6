//! Images with a class each, from folders or IDX files, and how they become arrays.

pub(crate) mod folder;
pub(crate) mod idx;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};

use crate::error::TaskError;
use crate::table::{ColumnReport, Counts, Table};

/// Values of all images together: as the floats that they become, a gibibyte.
pub(crate) const MAX_VALUES: usize = 1 << 28;
/// Values of one image; what `inputs.shape` may have.
pub(crate) const MAX_ROW: usize = 1 << 20;

/// How a person wants their images.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// Height and width; else all images must have the same.
    pub(crate) size: Option<[u32; 2]>,
    /// One value a pixel, or three; else one if all images are grey.
    pub(crate) grey: Option<bool>,
}

/// Values of pixels, image after image.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pixels {
    U8(Vec<u8>),
    F32(Vec<f32>),
}

/// Images of one shape, each with a class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Images {
    pub(crate) pixels: Pixels,
    /// Shape of an image: channels, height, width.
    pub(crate) shape: Vec<usize>,
    /// A class for each image, as a place in `classes`.
    pub(crate) labels: Vec<i64>,
    /// Names of the classes.
    pub(crate) classes: Vec<String>,
}

impl Images {
    /// The file that `data.source = "arrays"` reads.
    pub(crate) fn to_safetensors(&self) -> Vec<u8> {
        let (dtype, pixels) = match &self.pixels {
            Pixels::U8(bytes) => (Dtype::U8, Cow::from(bytes)),
            Pixels::F32(values) => {
                let bytes = little(values.iter().map(|value| value.to_le_bytes()));
                (Dtype::F32, Cow::from(bytes))
            }
        };
        let labels = little(self.labels.iter().map(|label| label.to_le_bytes()));
        let rows = self.labels.len();
        let shape = [&[rows], self.shape.as_slice()].concat();
        let view = |dtype, shape, bytes| {
            TensorView::new(dtype, shape, bytes).expect("there is a value for each place")
        };
        let tensors = [
            ("inputs", view(dtype, shape, &pixels)),
            ("labels", view(Dtype::I64, vec![rows], &labels)),
        ];
        safetensors::serialize(tensors, None).expect("names and shapes of our own can be written")
    }

    /// What the values and the classes are like.
    pub(crate) fn report(&self) -> Vec<ColumnReport> {
        let mut counts = Counts::default();
        match &self.pixels {
            Pixels::U8(bytes) => {
                let mut times = [0; 256];
                bytes.iter().for_each(|byte| times[usize::from(*byte)] += 1);
                let there = (0u8..).zip(times).filter(|(_, times)| *times > 0);
                there.for_each(|(byte, times)| counts.add(f64::from(byte), times));
            }
            Pixels::F32(values) => values.iter().for_each(|v| counts.add(f64::from(*v), 1)),
        }
        vec![
            counts.report("inputs".to_owned(), 0),
            ColumnReport::of_texts("class".to_owned(), 0, self.classes.len()),
        ]
    }
}

fn little<const N: usize>(values: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
    values.flatten().collect()
}

/// Checks how many values there will be, before any of them is read.
///
/// # Errors
/// [`TaskError::Table`] with the limit.
pub(crate) fn check_size(path: &Path, rows: usize, shape: &[usize]) -> Result<usize, TaskError> {
    let row = shape
        .iter()
        .try_fold(1usize, |product, size| product.checked_mul(*size))
        .unwrap_or(usize::MAX);
    if !(1..=MAX_ROW).contains(&row) {
        let problem = format!(
            "has images of shape {shape:?}; 1 to {MAX_ROW} values can be used. Make them smaller \
             (--size)"
        );
        return Err(Table::whole(path, problem));
    }
    if rows == 0 {
        return Err(Table::whole(path, "has no images"));
    }
    if row.saturating_mul(rows) > MAX_VALUES {
        let problem = format!(
            "has {rows} images of shape {shape:?}: more than {MAX_VALUES} values. Use fewer or \
             smaller ones"
        );
        return Err(Table::whole(path, problem));
    }
    Ok(row)
}

/// What lies in a folder, in the order of the names, whatever the file system says. What
/// begins with a dot is not data.
///
/// # Errors
/// [`TaskError`] if it cannot be read, or a name is no Unicode.
pub(crate) fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, TaskError> {
    let fault = |source| crate::input::unreadable(folder, source);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|_| {
            Table::whole(&path, "has a name that is no Unicode; give it another one")
        })?;
        if !name.starts_with('.') {
            entries.push((name, path));
        }
    }
    entries.sort_unstable();
    Ok(entries)
}
