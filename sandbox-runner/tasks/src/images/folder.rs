//! A folder of images: a folder for each class, PNG and JPEG files in it.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, imageops};

use super::{Images, Pixels, Wanted, check_size, entries};
use crate::error::TaskError;
use crate::input::unreadable;
use crate::table::Table;

/// Endings of image files.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];
/// Bytes of an image file.
const MAX_FILE: u64 = 64 << 20;
/// Pixels of an image before it is resized; known from its header, before it is decoded.
const MAX_PIXELS: u64 = 1 << 25;
/// Bytes that decoding an image may take.
const MAX_DECODING: u64 = 1 << 29;
/// Image files of a folder.
const MAX_IMAGES: usize = 4_000_000;
/// What images are resized with: straight lines between pixels, over an area as large as
/// what becomes one pixel. It needs no function that machines compute differently.
const FILTER: FilterType = FilterType::Triangle;

/// An image file.
struct Found {
    path: PathBuf,
    class: usize,
    bytes: u64,
}

/// Reads the images of all classes, in the order of their paths.
///
/// # Errors
/// [`TaskError`] that names the file or folder that does not fit.
pub(crate) fn read(
    folder: &Path,
    wanted: Wanted,
    progress: &mut dyn FnMut(u64),
) -> Result<Images, TaskError> {
    let (classes, found) = find(folder)?;
    let (size, grey) = look(&found, wanted)?;
    let channels = if grey { 1 } else { 3 };
    let shape = vec![channels, size[0] as usize, size[1] as usize];
    let values = check_size(folder, found.len(), &shape)?;
    let mut pixels = Vec::with_capacity(values * found.len());
    let mut bytes = 0;
    for image in &found {
        append(&mut pixels, decoded(&image.path)?, size, grey);
        bytes += image.bytes;
        progress(bytes);
    }
    Ok(Images {
        pixels: Pixels::U8(pixels),
        shape,
        labels: found.iter().map(|image| image.class as i64).collect(),
        classes,
    })
}

/// Names of the classes, and the images.
fn find(folder: &Path) -> Result<(Vec<String>, Vec<Found>), TaskError> {
    let (mut classes, mut found) = (Vec::new(), Vec::new());
    for (name, path) in entries(folder)? {
        if !path.is_dir() {
            if has_ending(&name) {
                let problem = "lies in no folder of a class; folder/class/image is wanted";
                return Err(Table::whole(&path, problem));
            }
            continue;
        }
        let before = found.len();
        for (name, path) in entries(&path)? {
            if !has_ending(&name) {
                let problem = "is no .png, .jpg or .jpeg; only images may lie in a class's folder";
                return Err(Table::whole(&path, problem));
            }
            let metadata = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
            if !metadata.is_file() {
                return Err(Table::whole(&path, "is no file"));
            }
            let bytes = metadata.len();
            if bytes > MAX_FILE {
                let problem = format!("has {bytes} bytes, an image may have {MAX_FILE}");
                return Err(Table::whole(&path, problem));
            }
            if found.len() == MAX_IMAGES {
                let problem = format!("has more than {MAX_IMAGES} images");
                return Err(Table::whole(folder, problem));
            }
            found.push(Found {
                path,
                class: classes.len(),
                bytes,
            });
        }
        if found.len() == before {
            return Err(Table::whole(&path, "has no images"));
        }
        classes.push(name);
    }
    if found.is_empty() {
        let problem = "has no folders with images: folder/class/image.png (or .jpg) is wanted, \
                       or IDX files such as train-images-idx3-ubyte";
        return Err(Table::whole(folder, problem));
    }
    Ok((classes, found))
}

fn has_ending(name: &str) -> bool {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Height and width, and whether images are to be grey, from the headers of all.
fn look(found: &[Found], wanted: Wanted) -> Result<([u32; 2], bool), TaskError> {
    let mut size = wanted.size;
    let mut all_grey = true;
    for image in found {
        let fault = |problem: String| Err(Table::whole(&image.path, problem));
        let decoder = decoder(&image.path)?;
        all_grey &= !decoder.color_type().has_color();
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        if !(1..=MAX_PIXELS).contains(&pixels) {
            return fault(format!(
                "has {height}x{width} pixels; 1 to {MAX_PIXELS} can be used"
            ));
        }
        let first = *size.get_or_insert([height, width]);
        if wanted.size.is_none() && first != [height, width] {
            return fault(format!(
                "has {height}x{width} pixels, {} has {}x{}; say --size HEIGHTxWIDTH to have all \
                 of them resized",
                found[0].path.display(),
                first[0],
                first[1]
            ));
        }
    }
    let grey = wanted.grey.unwrap_or(all_grey);
    Ok((size.unwrap_or_default(), grey))
}

/// Reads the header of an image, whatever its ending.
fn decoder(path: &Path) -> Result<impl ImageDecoder + use<>, TaskError> {
    let reader = ImageReader::open(path).map_err(|source| unreadable(path, source))?;
    let mut reader: ImageReader<BufReader<File>> = reader
        .with_guessed_format()
        .map_err(|source| unreadable(path, source))?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(Table::whole(path, "is neither a PNG nor a JPEG image"));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODING);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| broken(path, &error))
}

fn decoded(path: &Path) -> Result<DynamicImage, TaskError> {
    DynamicImage::from_decoder(decoder(path)?).map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &image::ImageError) -> TaskError {
    Table::whole(path, format!("cannot be read as an image: {error}"))
}

/// Appends an image, channel after channel. Transparency is left out.
fn append(pixels: &mut Vec<u8>, image: DynamicImage, [height, width]: [u32; 2], grey: bool) {
    let fits = (image.width(), image.height()) == (width, height);
    if grey {
        let mut image = image.into_luma8();
        if !fits {
            image = imageops::resize(&image, width, height, FILTER);
        }
        pixels.extend_from_slice(&image);
        return;
    }
    let mut image = image.into_rgb8();
    if !fits {
        image = imageops::resize(&image, width, height, FILTER);
    }
    for channel in 0..3 {
        pixels.extend(image.pixels().map(|pixel| pixel.0[channel]));
    }
}
