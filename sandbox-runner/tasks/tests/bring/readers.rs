//! No bytes make a reader panic, and every refusal names the file.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use parquet::basic::Compression;
use proptest::prelude::*;

use crate::support::{Files, brought, gzip, idx, parquet_rows};

const ENDINGS: [&str; 8] = [
    "d.csv",
    "d.tsv",
    "d.jsonl",
    "d.csv.gz",
    "d.jsonl.gz",
    "d.parquet",
    "d.txt",
    "d.txt.gz",
];

fn read(name: &str, content: &[u8]) -> Result<(), TestCaseError> {
    let change = |wish: &mut gauntlet_tasks::Wish| {
        if name.contains(".txt") {
            (wish.targets, wish.hidden_percent) = (Vec::new(), None);
        }
    };
    match brought(name, content, change) {
        Ok(_) => Ok(()),
        // A text that is too short is a matter of its windows.
        Err(message) => {
            let named = message.contains(name) || message.contains("split.");
            prop_assert!(named, "{}", message);
            Ok(())
        }
    }
}

fn read_images(name: &str, content: &[u8]) -> Result<(), TestCaseError> {
    let files = Files::new();
    files.put(&format!("zoo/cat/{name}"), content);
    files.put("zoo/dog/whole.png", encoded(ImageFormat::Png));
    if let Err(message) = files.bring("zoo", |_| {}) {
        prop_assert!(message.contains("zoo"), "{}", message);
    }
    Ok(())
}

fn read_idx(images: &[u8], labels: &[u8]) -> Result<(), TestCaseError> {
    let files = Files::new();
    files.put("images", images);
    let labels = files.put("labels", labels);
    if let Err(message) = files.bring("images", |wish| wish.labels = Some(labels.clone())) {
        let named = message.contains("images") || message.contains("split.");
        prop_assert!(named || message.contains("labels"), "{}", message);
    }
    Ok(())
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(9, 7, |x, y| image::Rgb([x as u8 * 20, y as u8 * 30, 7]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A whole file with some bytes changed, and cut or not.
fn damaged(whole: &[u8], changes: &[(usize, u8)], cut: Option<usize>) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for (at, byte) in changes {
        let at = at % bytes.len();
        bytes[at] = *byte;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut % whole.len());
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>()), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes(content in prop::collection::vec(any::<u8>(), 0..200), ending in 0..8usize) {
        read(ENDINGS[ending], &content)?;
        read_images("a.png", &content)?;
        read_idx(&content, &content)?;
    }

    #[test]
    fn arbitrary_texts(content in ".{0,200}", ending in 0..3usize) {
        read(ENDINGS[ending], content.as_bytes())?;
        read(&format!("{}.gz", ENDINGS[ending]), &gzip(&content))?;
    }

    #[test]
    fn damaged_images(changes in changes(), cut: Option<usize>) {
        read_images("a.png", &damaged(&encoded(ImageFormat::Png), &changes, cut))?;
        read_images("a.jpg", &damaged(&encoded(ImageFormat::Jpeg), &changes, cut))?;
    }

    #[test]
    fn damaged_idx(changes in changes(), cut: Option<usize>) {
        let images = idx(8, &[3, 1, 2], &[1, 2, 3, 4, 5, 6]);
        let labels = idx(8, &[3], &[0, 1, 0]);
        read_idx(&damaged(&images, &changes, cut), &labels)?;
        read_idx(&images, &damaged(&labels, &changes, cut))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_parquet(changes in changes(), cut: Option<usize>, codec in 0..4usize) {
        let codec = [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(Default::default()),
            Compression::ZSTD(Default::default()),
        ][codec];
        let rows = [(1.0, Some("a"), 0.5), (2.0, None, 1.5), (3.0, Some("b"), 2.5)];
        let whole = parquet_rows(&rows, codec, 2);
        read("d.parquet", &damaged(&whole, &changes, cut))?;
    }
}
