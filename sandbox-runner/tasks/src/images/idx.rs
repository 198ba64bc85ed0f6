//! IDX, the format of MNIST: a header that says type and shape, then the values, the most
//! significant byte first. One file has the images, another one their labels.
//!
//! The format is twelve lines to read; the crates for it are made for MNIST itself and
//! check neither sizes nor types.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::{Images, MAX_VALUES, Pixels, check_size, entries};
use crate::error::TaskError;
use crate::input::{self, unreadable};
use crate::table::Table;

/// Labels of a file.
const MAX_LABELS: usize = 1 << 26;
/// Different labels.
const MAX_CLASSES: usize = 65_536;

/// Values as they lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl Kind {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0b => Self::I16,
            0x0c => Self::I32,
            0x0d => Self::F32,
            0x0e => Self::F64,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Numbers of a file's bytes; all but the largest F64 fit an f64 as they are.
    fn numbers(self, bytes: &[u8]) -> Vec<f64> {
        fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|bytes| number(*bytes))
                .collect()
        }
        match self {
            Self::U8 => each(bytes, |[byte]| f64::from(byte)),
            Self::I8 => each(bytes, |bytes| f64::from(i8::from_be_bytes(bytes))),
            Self::I16 => each(bytes, |bytes| f64::from(i16::from_be_bytes(bytes))),
            Self::I32 => each(bytes, |bytes| f64::from(i32::from_be_bytes(bytes))),
            Self::F32 => each(bytes, |bytes| f64::from(f32::from_be_bytes(bytes))),
            Self::F64 => each(bytes, f64::from_be_bytes),
        }
    }
}

/// A file's type and shape.
struct Header {
    kind: Kind,
    shape: Vec<usize>,
}

/// Is that the name of an IDX file without `.gz`, such as `train-images-idx3-ubyte`?
pub(crate) fn is_idx(name: &str) -> bool {
    let name = name.to_lowercase();
    let Some((_, rest)) = name.rsplit_once("idx") else {
        return false;
    };
    let kind = rest.trim_start_matches(|c| matches!(c, '1'..='9'));
    rest.len() == kind.len() + 1
        && matches!(
            kind.trim_start_matches(['-', '.', '_']),
            "" | "ubyte" | "byte" | "short" | "int" | "float" | "double"
        )
}

/// Does a folder have IDX files?
///
/// # Errors
/// [`TaskError::Read`].
pub(crate) fn has_any(folder: &Path) -> Result<bool, TaskError> {
    let is_one = |(_, path): &(String, PathBuf)| is_idx(&input::plain_name(path).0);
    let entries = entries(folder)?;
    Ok(entries
        .iter()
        .filter(|entry| is_one(entry))
        .any(|(_, path)| path.is_file()))
}

/// Pairs of images and labels in a folder, in the order of their names.
///
/// # Errors
/// [`TaskError`] with the file that has no partner, or more than one.
pub(crate) fn pairs(folder: &Path) -> Result<Vec<(PathBuf, PathBuf)>, TaskError> {
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for (_, path) in entries(folder)? {
        let plain = input::plain_name(&path).0;
        if !is_idx(&plain) || !path.is_file() {
            continue;
        }
        if plain.contains("images") {
            images.push((common(&plain), path));
        } else if plain.contains("labels") {
            labels.push((common(&plain), path));
        } else {
            let problem = "is an IDX file that is called neither `images` nor `labels`";
            return Err(Table::whole(&path, problem));
        }
    }
    let mut pairs = Vec::new();
    for (name, path) in &images {
        if images.iter().filter(|(other, _)| other == name).count() > 1 {
            return Err(Table::whole(path, "is there twice, packed and unpacked"));
        }
        let mut fitting = labels.iter().filter(|(other, _)| other == name);
        match (fitting.next(), fitting.next()) {
            (Some((_, labels)), None) => pairs.push((path.clone(), labels.clone())),
            (Some((_, labels)), Some(_)) => {
                return Err(Table::whole(labels, "is there twice, packed and unpacked"));
            }
            (None, _) => return Err(Table::whole(path, "has no file of labels beside it")),
        }
    }
    if let Some((_, path)) = labels
        .iter()
        .find(|(name, _)| images.iter().all(|(other, _)| other != name))
    {
        return Err(Table::whole(path, "has no file of images beside it"));
    }
    Ok(pairs)
}

/// What the names of images and of their labels have in common.
fn common(name: &str) -> String {
    let name = name.replace("images", "*").replace("labels", "*");
    let digit = |at: usize| name.as_bytes()[..at].ends_with(b"idx");
    name.char_indices()
        .filter(|(at, c)| !(c.is_ascii_digit() && digit(*at)))
        .map(|(_, c)| c)
        .collect()
}

/// Reads pairs of images and labels, one after the other.
///
/// # Errors
/// [`TaskError`] that names the file and the place.
pub(crate) fn read(
    pairs: &[(PathBuf, PathBuf)],
    progress: &mut dyn FnMut(u64),
) -> Result<Images, TaskError> {
    let mut shape: Option<(Vec<usize>, bool)> = None;
    let (mut bytes, mut floats, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (path, labels) in pairs {
        let (kind, here, values) = images(path, progress)?;
        let rows = here[0];
        let wanted = shape.get_or_insert_with(|| (row_shape(&here), kind == Kind::U8));
        if *wanted != (row_shape(&here), kind == Kind::U8) {
            let problem = format!(
                "has images of shape {:?} and type {kind:?}, which are not those of {}",
                &here[1..],
                pairs[0].0.display()
            );
            return Err(Table::whole(path, problem));
        }
        if kind == Kind::U8 {
            bytes.extend(values);
        } else {
            let row = here[1..].iter().product::<usize>().max(1);
            for (index, value) in kind.numbers(&values).into_iter().enumerate() {
                let value = value as f32;
                if !value.is_finite() {
                    let problem = format!("image {}: {value} is not finite", index / row + 1);
                    return Err(Table::whole(path, problem));
                }
                floats.push(value);
            }
        }
        if bytes.len().max(floats.len()) > MAX_VALUES {
            let problem = format!("and the files before it have more than {MAX_VALUES} values");
            return Err(Table::whole(path, problem));
        }
        let labels_here = classes(labels, progress)?;
        if labels_here.len() != rows {
            let problem = format!(
                "has {} labels, but {} has {rows} images",
                labels_here.len(),
                path.display()
            );
            return Err(Table::whole(labels, problem));
        }
        numbers.extend(labels_here);
    }
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() > MAX_CLASSES {
        let problem = format!(
            "has {} different labels, at most {MAX_CLASSES}",
            distinct.len()
        );
        return Err(Table::whole(&pairs[0].1, problem));
    }
    let (shape, is_bytes) = shape.unwrap_or_default();
    Ok(Images {
        pixels: if is_bytes {
            Pixels::U8(bytes)
        } else {
            Pixels::F32(floats)
        },
        shape,
        labels: numbers
            .iter()
            .map(|number| distinct.partition_point(|class| class < number) as i64)
            .collect(),
        classes: distinct.iter().map(i64::to_string).collect(),
    })
}

/// Images of height and width have one channel.
fn row_shape(shape: &[usize]) -> Vec<usize> {
    match &shape[1..] {
        [height, width] => vec![1, *height, *width],
        other => other.to_vec(),
    }
}

/// Type, shape and values of a file of images.
fn images(
    path: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(Kind, Vec<usize>, Vec<u8>), TaskError> {
    let mut input = input::open(path, progress)?;
    let Header { kind, shape } = header(path, &mut input)?;
    let [rows, row @ ..] = shape.as_slice() else {
        return Err(Table::whole(path, "has no dimensions"));
    };
    if !(1..=4).contains(&row.len()) {
        let problem = format!(
            "has the shape {shape:?}; images of 1 to 4 dimensions are wanted{}",
            if row.is_empty() {
                ". Are these the labels?"
            } else {
                ""
            }
        );
        return Err(Table::whole(path, problem));
    }
    check_size(path, *rows, row)?;
    let values = values(path, &mut input, kind, &shape, "images")?;
    Ok((kind, shape, values))
}

/// Labels of a file, which are whole numbers.
fn classes(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<Vec<i64>, TaskError> {
    let mut input = input::open(path, progress)?;
    let Header { kind, shape } = header(path, &mut input)?;
    let [rows] = shape.as_slice() else {
        let problem = format!("has the shape {shape:?}; one label for each image is wanted");
        return Err(Table::whole(path, problem));
    };
    if *rows > MAX_LABELS {
        let problem = format!("has {rows} labels, at most {MAX_LABELS} are read");
        return Err(Table::whole(path, problem));
    }
    let bytes = values(path, &mut input, kind, &shape, "labels")?;
    let numbers = kind.numbers(&bytes).into_iter().enumerate();
    numbers
        .map(|(row, number)| {
            // Beyond this, neighbouring whole numbers are the same float.
            if number.fract() == 0.0 && number.abs() < 9e15 {
                return Ok(number as i64);
            }
            let problem = format!("label {} is {number}; whole numbers are wanted", row + 1);
            Err(Table::whole(path, problem))
        })
        .collect()
}

fn header(path: &Path, input: &mut impl Read) -> Result<Header, TaskError> {
    let cut = |source: std::io::Error| match source.kind() {
        ErrorKind::UnexpectedEof => Table::whole(path, "ends within its header; is it IDX?"),
        _ => unreadable(path, source),
    };
    let mut magic = [0; 4];
    input.read_exact(&mut magic).map_err(cut)?;
    let [0, 0, code, dimensions] = magic else {
        let problem = "is no IDX file: its first two bytes are not zero";
        return Err(Table::whole(path, problem));
    };
    let Some(kind) = Kind::of(code) else {
        let problem = format!(
            "says in byte 3 that its values have the type {code:#04x}, which \
                               IDX does not know"
        );
        return Err(Table::whole(path, problem));
    };
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        let mut size = [0; 4];
        input.read_exact(&mut size).map_err(cut)?;
        shape.push(u32::from_be_bytes(size) as usize);
    }
    Ok(Header { kind, shape })
}

/// The values after a header, exactly as many as it says. The shape has been checked.
fn values(
    path: &Path,
    input: &mut impl Read,
    kind: Kind,
    shape: &[usize],
    what: &str,
) -> Result<Vec<u8>, TaskError> {
    let row = shape[1..].iter().product::<usize>() * kind.bytes();
    let wanted = row * shape[0];
    let mut bytes = Vec::new();
    // One byte more shows whether the file ends where it should.
    input
        .take(wanted as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(path, source))?;
    let problem = match bytes.len() {
        found if found == wanted => return Ok(bytes),
        found if found < wanted => format!(
            "ends after {} of the {} {what} that its header says",
            found / row,
            shape[0]
        ),
        _ => format!("goes on after the {} {what} that its header says", shape[0]),
    };
    Err(Table::whole(path, problem))
}

#[cfg(test)]
mod tests {
    use super::{common, is_idx};

    #[test]
    fn names_are_known_and_paired() {
        for name in [
            "train-images-idx3-ubyte",
            "t10k-labels.idx1-ubyte",
            "a.IDX2",
        ] {
            assert!(is_idx(name), "{name}");
        }
        for name in [
            "index.csv",
            "idx.csv",
            "my-idx1.csv",
            "idx10-ubyte",
            "photo.png",
        ] {
            assert!(!is_idx(name), "{name}");
        }
        let pair = |images, labels| common(images) == common(labels);
        assert!(pair("train-images-idx3-ubyte", "train-labels-idx1-ubyte"));
        assert!(!pair("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"));
    }
}
