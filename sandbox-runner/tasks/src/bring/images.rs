//! Images and their classes, written as arrays: one file, whatever they came from.

use std::path::Path;

use gauntlet_wire::TaskKind;
use sha2::{Digest, Sha256};

use super::brought::{Brought, Content};
use super::manifest::Parts;
use super::report::{ClassReport, DataReport};
use super::wish::{Start, Wish};
use crate::error::TaskError;
use crate::images::{self, Images, Pixels, Wanted, idx};
use crate::input;
use crate::score;
use crate::table::Table;

/// The file beside `task.toml`.
const FILE: &str = "images.safetensors";
/// Class names that the description lists; more would be no description.
const MOST_NAMES: usize = 100;

/// Does this name an IDX file, such as `train-images-idx3-ubyte.gz`?
pub(super) fn is_idx(path: &Path) -> bool {
    idx::is_idx(&input::plain_name(path).0)
}

/// A folder of images in folders of classes.
pub(super) fn folder(
    wish: &Wish,
    start: Start<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Brought, TaskError> {
    let options = ["--kind", "--hidden-percent", "--size", "--grey", "--colour"];
    wish.only(&options, "a folder of images")?;
    let wanted = Wanted {
        size: wish.size,
        grey: wish.grey,
    };
    let images = images::folder::read(&wish.from, wanted, progress)?;
    finish(wish, start, "folder", &images)
}

/// IDX files: a pair, or a folder with pairs.
pub(super) fn idx(
    wish: &Wish,
    start: Start<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Brought, TaskError> {
    let options = ["--kind", "--hidden-percent", "--labels"];
    wish.only(&options, "IDX files")?;
    let is_folder = wish.from.is_dir();
    let pairs = match (&wish.labels, is_folder) {
        (Some(labels), false) => vec![(wish.from.clone(), labels.clone())],
        (None, true) => idx::pairs(&wish.from)?,
        (None, false) => {
            let problem = "holds images; name the file of their labels with --labels";
            return Err(Table::whole(&wish.from, problem));
        }
        (Some(_), true) => {
            return Err(TaskError::Option {
                option: "--labels",
                problem: "goes with a file of images, not with a folder, whose files are paired \
                          by name"
                    .to_owned(),
            });
        }
    };
    let images = idx::read(&pairs, progress)?;
    let what = if is_folder { "folder" } else { "file" };
    finish(wish, start, what, &images)
}

fn finish(
    wish: &Wish,
    start: Start<'_>,
    what: &str,
    images: &Images,
) -> Result<Brought, TaskError> {
    if wish
        .kind
        .as_deref()
        .is_some_and(|kind| kind != "classification")
    {
        return Err(TaskError::Option {
            option: "--kind",
            problem: "must be classification for images".to_owned(),
        });
    }
    let classes = images.classes.len();
    if !(2..=65_536).contains(&classes) {
        let problem = format!("has {classes} classes, a classification needs 2 to 65536");
        return Err(Table::whole(&wish.from, problem));
    }
    let percent = wish.hidden_percent();
    let rows = images.labels.len();
    let kind = TaskKind::Classification { classes };
    let content = images.to_safetensors();
    let digest = hex::encode(Sha256::digest(&content));
    let more = if classes <= MOST_NAMES {
        format!(" Classes from 0 on: {}.", images.classes.join(", "))
    } else {
        String::new()
    };
    // Bytes become numbers from 0 to 1.
    let scale = match images.pixels {
        Pixels::U8(_) => "0.00392156862745098",
        Pixels::F32(_) => "1.0",
    };
    // A float for each class of each hidden row.
    let output = (rows as u64 * u64::from(percent) / 100 + 1) * classes as u64 * 4 + 65_536;
    let manifest = Parts {
        name: &start.name,
        from: &format!("{what} {}", start.file),
        more: &more,
        file: FILE,
        digest: &digest,
        kind: &format!("kind = \"classification\"\nclasses = {classes}"),
        inputs: &format!("kind = \"dense\"\nshape = {:?}", images.shape),
        data: &format!("source = \"arrays\"\nscale = {scale}"),
        split: &format!("hidden_percent = {percent}"),
        output_bytes: output.max(32 << 20),
    };
    Ok(Brought {
        manifest: manifest.write(wish),
        report: DataReport {
            kind: kind.as_str(),
            metric: score::metric(&kind).name,
            rows,
            hidden: rows * percent as usize / 100,
            columns: images.report(),
            classes: ClassReport::count(&images.classes, &images.labels),
            notes: Vec::new(),
            name: start.name,
            digest,
            bytes: content.len() as u64,
        },
        content: Content::Made(content),
        file: FILE.to_owned(),
    })
}
