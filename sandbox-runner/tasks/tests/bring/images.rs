//! Images: folders of classes and IDX files.

use std::fs;

use gauntlet_tasks::Dataset;
use gauntlet_wire::{InputKind, TaskKind};

use crate::support::{Files, floats, gzip, idx, image};

/// What a byte is multiplied by.
const A_BYTE: f32 = 1.0 / 255.0;

fn shape(data: &Dataset) -> Vec<usize> {
    match &data.info.inputs {
        InputKind::Dense { shape } => shape.clone(),
        InputKind::Tokens { .. } => panic!("images are dense"),
    }
}

/// Two classes of coloured images in the order given.
fn zoo(names: &[&str]) -> Files {
    let files = Files::new();
    for name in names {
        let shade = name.bytes().fold(0u8, u8::wrapping_add);
        image(&files.path(&format!("zoo/{name}")), 4, 3, [shade, 10, 200]);
    }
    files.put("zoo/README.md", "not an image");
    files.put("zoo/cat/.DS_Store", "");
    files
}

#[test]
fn a_folder_is_the_same_task_whatever_the_order_of_its_files() {
    let names = ["cat/a.png", "dog/b.png", "dog/a.jpg", "cat/c.jpeg"];
    let made = |names: &[&str]| {
        let (brought, data) = zoo(names).bring("zoo", |_| {}).unwrap();
        (brought.manifest, data)
    };
    let there = made(&names);
    let mut back = names;
    back.reverse();
    assert_eq!(made(&back), there);
}

#[test]
fn the_report_tells_what_is_in_a_folder() {
    let files = zoo(&["dog/b.png", "cat/a.png", "dog/a.png", "dog/c.png"]);
    let (brought, data) = files.bring("zoo", |_| {}).unwrap();
    let report = brought.report;
    assert_eq!(
        (report.name.as_str(), report.rows, report.hidden),
        ("zoo", 4, 2)
    );
    let classes: Vec<_> = report
        .classes
        .iter()
        .map(|c| (c.name.as_str(), c.rows))
        .collect();
    assert_eq!(classes, [("cat", 1), ("dog", 3)]);
    assert_eq!(
        (report.columns[0].missing, report.columns[0].min),
        (0, Some(0.0))
    );
    assert_eq!(data.info.kind, TaskKind::Classification { classes: 2 });
    assert_eq!(shape(&data), [3, 3, 4]);
    // Bytes have become numbers from 0 to 1, channel after channel.
    let inputs = floats(&data.train, "inputs");
    assert_eq!(
        (inputs[0], inputs[13], inputs[25]),
        (0.0, 10.0 * A_BYTE, 200.0 * A_BYTE)
    );
}

#[test]
fn images_are_grey_where_all_are_or_somebody_says_so() {
    let files = zoo(&["cat/a.png", "dog/a.png"]);
    let (_, data) = files.bring("zoo", |wish| wish.grey = Some(true)).unwrap();
    assert_eq!(shape(&data), [1, 3, 4]);
    for name in ["zoo/cat/a.png", "zoo/dog/a.png"] {
        let grey = image::GrayImage::from_pixel(4, 3, image::Luma([51]));
        grey.save(files.path(name)).unwrap();
    }
    let (_, data) = files.bring("zoo", |_| {}).unwrap();
    assert_eq!(shape(&data), [1, 3, 4]);
    assert!(
        floats(&data.train, "inputs")
            .iter()
            .all(|value| *value == 51.0 * A_BYTE)
    );
    let (_, data) = files.bring("zoo", |wish| wish.grey = Some(false)).unwrap();
    assert_eq!(shape(&data), [3, 3, 4]);
}

#[test]
fn images_of_other_sizes_are_refused_or_resized() {
    let files = zoo(&["cat/a.png", "dog/a.png"]);
    image(&files.path("zoo/dog/z.png"), 5, 3, [9, 9, 9]);
    assert_eq!(
        files.bring("zoo", |_| {}).unwrap_err(),
        "zoo/dog/z.png has 3x5 pixels, zoo/cat/a.png has 3x4; say --size HEIGHTxWIDTH to have \
         all of them resized"
    );
    let (_, data) = files.bring("zoo", |wish| wish.size = Some([6, 2])).unwrap();
    assert_eq!(shape(&data), [3, 6, 2]);
}

#[test]
fn every_refusal_names_the_file() {
    let refused = |name: &str, content: &[u8]| {
        let files = zoo(&["cat/a.png", "dog/a.png"]);
        files.put(&format!("zoo/{name}"), content);
        files.bring("zoo", |_| {}).unwrap_err()
    };
    assert_eq!(
        refused("dog/notes.txt", b""),
        "zoo/dog/notes.txt is no .png, .jpg or .jpeg; only images may lie in a class's folder"
    );
    assert_eq!(
        refused("a.png", b""),
        "zoo/a.png lies in no folder of a class; folder/class/image is wanted"
    );
    assert_eq!(
        refused("dog/z.png", b"GIF89a"),
        "zoo/dog/z.png is neither a PNG nor a JPEG image"
    );
    let png = |width: u32, height: u32| {
        // No more than a header: enough to be refused by.
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        file.extend(width.to_be_bytes());
        file.extend(height.to_be_bytes());
        file.extend([8, 2, 0, 0, 0]);
        let mut sum = flate2::Crc::new();
        sum.update(&file[12..]);
        file.extend(sum.sum().to_be_bytes());
        file.extend(b"\0\0\0\x01IDAT\0");
        file
    };
    let message = refused("dog/z.png", &png(60_000, 60_000));
    assert!(message.starts_with("zoo/dog/z.png "), "{message}");
    assert!(
        message.contains("60000x60000") && message.contains("33554432"),
        "{message}"
    );
    let message = refused("dog/z.png", &png(4, 3));
    assert!(
        message.starts_with("zoo/dog/z.png cannot be read as an image"),
        "{message}"
    );

    let files = Files::new();
    fs::create_dir_all(files.path("zoo/cat")).unwrap();
    assert_eq!(
        files.bring("zoo", |_| {}).unwrap_err(),
        "zoo/cat has no images"
    );
    let files = zoo(&["cat/a.png", "cat/b.png"]);
    assert_eq!(
        files.bring("zoo", |_| {}).unwrap_err(),
        "zoo has 1 classes, a classification needs 2 to 65536"
    );
    let empty = Files::new();
    fs::create_dir(empty.path("zoo")).unwrap();
    assert!(
        empty
            .bring("zoo", |_| {})
            .unwrap_err()
            .starts_with("zoo has no folders with images")
    );
}

/// Four images of two by three pixels, and labels that leave a number out.
fn mnist(files: &Files, part: &str, packed: bool) {
    let pixels: Vec<u8> = (0..24).map(|value| value * 10).collect();
    let pack = |content: Vec<u8>| if packed { gzip(content) } else { content };
    let ending = if packed { ".gz" } else { "" };
    files.put(
        &format!("{part}-images-idx3-ubyte{ending}"),
        pack(idx(8, &[4, 2, 3], &pixels)),
    );
    files.put(
        &format!("{part}-labels-idx1-ubyte{ending}"),
        pack(idx(8, &[4], &[7, 3, 7, 9])),
    );
}

#[test]
fn a_pair_of_idx_files_is_a_task_packed_or_not() {
    let made = |packed: bool| {
        let files = Files::new();
        mnist(&files, "train", packed);
        let ending = if packed { ".gz" } else { "" };
        let name = format!("train-images-idx3-ubyte{ending}");
        let labels = files.path(&format!("train-labels-idx1-ubyte{ending}"));
        let (brought, data) = files
            .bring(&name, |wish| {
                (wish.name, wish.labels) = (Some("t".to_owned()), Some(labels.clone()));
            })
            .unwrap();
        (brought.report, data)
    };
    let (report, data) = made(true);
    let classes: Vec<_> = report
        .classes
        .iter()
        .map(|c| (c.name.as_str(), c.rows))
        .collect();
    assert_eq!(classes, [("3", 1), ("7", 2), ("9", 1)]);
    assert_eq!(shape(&data), [1, 2, 3]);
    assert_eq!(
        (report.columns[0].min, report.columns[0].max),
        (Some(0.0), Some(230.0))
    );
    let (plain_report, plain) = made(false);
    assert_eq!((plain_report.digest, plain), (report.digest, data));
}

#[test]
fn a_folder_of_pairs_is_read_whole() {
    let files = Files::new();
    mnist(&files, "mnist/train", true);
    mnist(&files, "mnist/t10k", false);
    files.put("mnist/README", "");
    let (brought, _) = files.bring("mnist", |_| {}).unwrap();
    assert_eq!(brought.report.rows, 8);
    fs::remove_file(files.path("mnist/t10k-labels-idx1-ubyte")).unwrap();
    assert_eq!(
        files.bring("mnist", |_| {}).unwrap_err(),
        "mnist/t10k-images-idx3-ubyte has no file of labels beside it"
    );
}

#[test]
fn idx_values_of_other_types_are_floats() {
    let files = Files::new();
    let values: Vec<u8> = [0.5f32, -1.0, 2.0, 4.0]
        .iter()
        .flat_map(|v| v.to_be_bytes())
        .collect();
    files.put("a-images-idx2", idx(0x0d, &[2, 2], &values));
    let labels = files.put(
        "a-labels-idx1",
        idx(0x0c, &[2], &[0, 0, 1, 0, 255, 255, 255, 255]),
    );
    let (brought, data) = files
        .bring("a-images-idx2", |wish| wish.labels = Some(labels.clone()))
        .unwrap();
    assert_eq!(shape(&data), [2]);
    assert_eq!(brought.report.classes[0].name, "-1");
    assert_eq!(brought.report.columns[0].max, Some(4.0));
}

#[test]
fn idx_files_that_do_not_fit_are_refused_by_name() {
    let refused = |images: Vec<u8>, labels: Vec<u8>| {
        let files = Files::new();
        files.put("i-idx3", images);
        let labels = files.put("l-idx1", labels);
        files
            .bring("i-idx3", |wish| wish.labels = Some(labels.clone()))
            .unwrap_err()
    };
    let images = || idx(8, &[2, 1, 2], &[1, 2, 3, 4]);
    let labels = || idx(8, &[2], &[0, 1]);
    for (images, labels, message) in [
        (
            idx(8, &[2, 1, 2], &[1, 2, 3]),
            labels(),
            "i-idx3 ends after 1 of the 2 images that its header says",
        ),
        (
            idx(8, &[2, 1, 2], &[1, 2, 3, 4, 5]),
            labels(),
            "i-idx3 goes on after the 2 images that its header says",
        ),
        (
            labels(),
            labels(),
            "i-idx3 has the shape [2]; images of 1 to 4 dimensions are wanted. Are these the labels?",
        ),
        (
            images(),
            idx(8, &[3], &[0, 1, 2]),
            "l-idx1 has 3 labels, but i-idx3 has 2 images",
        ),
        (
            images(),
            images(),
            "l-idx1 has the shape [2, 1, 2]; one label for each image is wanted",
        ),
        (
            b"PNG?".to_vec(),
            labels(),
            "i-idx3 is no IDX file: its first two bytes are not zero",
        ),
        (
            vec![0, 0],
            labels(),
            "i-idx3 ends within its header; is it IDX?",
        ),
        (
            idx(7, &[1], &[]),
            labels(),
            "i-idx3 says in byte 3 that its values have the type 0x07, which IDX does not know",
        ),
        (
            idx(8, &[u32::MAX, 1000, 1000], &[]),
            labels(),
            "i-idx3 has 4294967295 images of shape [1000, 1000]: more than 268435456 values. \
             Use fewer or smaller ones",
        ),
        (
            idx(8, &[1, u32::MAX, u32::MAX, u32::MAX], &[]),
            labels(),
            "i-idx3 has images of shape [4294967295, 4294967295, 4294967295]; 1 to 1048576 \
             values can be used. Make them smaller (--size)",
        ),
        (
            idx(0x0d, &[1, 1], &f32::NAN.to_be_bytes()),
            idx(8, &[1], &[0]),
            "i-idx3 image 1: NaN is not finite",
        ),
        (
            images(),
            idx(0x0d, &[2], &[0x3f, 0, 0, 0, 0, 0, 0, 0]),
            "l-idx1 label 1 is 0.5; whole numbers are wanted",
        ),
    ] {
        assert_eq!(refused(images, labels), message);
    }
    let files = Files::new();
    files.put("i-idx3", images());
    let alone = files.bring("i-idx3", |_| {}).unwrap_err();
    assert_eq!(
        alone,
        "i-idx3 holds images; name the file of their labels with --labels"
    );
}
