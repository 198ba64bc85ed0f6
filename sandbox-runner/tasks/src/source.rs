//! Where a task's rows come from: `[kind]`, `[inputs]` and `[data]` of its definition.

use std::path::{Path, PathBuf};

use gauntlet_wire::{InputKind, TaskKind};
use sha2::{Digest, Sha256};

use crate::error::TaskError;
use crate::fields::{needed, refuse, require};
use crate::input::{self, read};
use crate::manifest::{self, Manifest};
use crate::rows::{Labels, Rows};
use crate::table::{self, Table, Target};
use crate::{arrays, labelled_csv, text};

/// Largest modulus: its table has a million rows.
const MAX_MODULUS: u32 = 1000;
/// What `data.source` may be.
const SOURCES: &str =
    "must be \"labelled-csv\", \"table\", \"arrays\", \"text\" or \"modular-addition\"";

/// Where the rows come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// All rows as they are.
    Rows { rows: Rows, inputs: InputKind },
    /// Columns that are encoded when the train rows are known.
    Table {
        table: Table,
        labels: Labels,
        left_out: Vec<String>,
    },
    /// Bytes.
    Text(Vec<u8>),
    /// Generated from the secret.
    ModularAddition { modulus: u32, inputs: InputKind },
}

/// What is to be predicted, and the rows.
pub(crate) fn load(folder: &Path, manifest: &Manifest) -> Result<(TaskKind, Source), TaskError> {
    let data = &manifest.data;
    match data.source.as_str() {
        "labelled-csv" => labelled(folder, manifest),
        "table" => tabular(folder, manifest),
        "arrays" => array(folder, manifest),
        "text" => textual(folder, manifest),
        "modular-addition" => addition(manifest),
        _ => refuse("data.source", SOURCES),
    }
}

fn labelled(folder: &Path, manifest: &Manifest) -> Result<(TaskKind, Source), TaskError> {
    let data = &manifest.data;
    only(data, &["file", "scale"])?;
    let classes = classes(&manifest.kind)?;
    let inputs = input_kind(needed(&manifest.inputs, "inputs")?)?;
    let InputKind::Dense { shape } = &inputs else {
        return refuse("inputs.kind", "must be \"dense\" for \"labelled-csv\"");
    };
    let scale = scale(data)?;
    let (path, bytes) = read_checked(folder, data)?;
    let width = shape.iter().product();
    let rows = labelled_csv::read(&bytes, &path, width, classes, scale)?;
    Ok((
        TaskKind::Classification { classes },
        Source::Rows { rows, inputs },
    ))
}

fn tabular(folder: &Path, manifest: &Manifest) -> Result<(TaskKind, Source), TaskError> {
    let data = &manifest.data;
    only(data, &["file", "targets", "drop"])?;
    require(
        manifest.inputs.is_none(),
        "inputs",
        "is not for \"table\": the columns say what the inputs are",
    )?;
    let kind = manifest.kind.kind.as_str();
    require(
        matches!(kind, "classification" | "regression"),
        "kind.kind",
        "must be \"classification\" or \"regression\" for \"table\"",
    )?;
    let path = checked(folder, data)?;
    let unwanted = data.drop.as_deref().unwrap_or_default();
    let table = table::read(&path, unwanted, &mut |_| {})?;
    let targets = needed(&data.targets, "data.targets")?;
    let target = Target::new(&table, targets, Some(kind))?;
    let declared = match target.kind {
        TaskKind::Classification { .. } => manifest.kind.classes,
        _ => manifest.kind.targets,
    };
    let found = target.kind.outputs();
    if declared.is_some_and(|declared| declared != found) {
        let field = match target.kind {
            TaskKind::Classification { .. } => "kind.classes",
            _ => "kind.targets",
        };
        return refuse(field, &format!("must be {found}, as the data say"));
    }
    let mut left_out = targets.clone();
    for name in data.drop.iter().flatten() {
        if !table.has(name) {
            return refuse("data.drop", &format!("names `{name}`, which is no column"));
        }
        left_out.push(name.clone());
    }
    Ok((
        target.kind,
        Source::Table {
            table,
            labels: target.labels,
            left_out,
        },
    ))
}

fn array(folder: &Path, manifest: &Manifest) -> Result<(TaskKind, Source), TaskError> {
    let data = &manifest.data;
    only(data, &["file", "scale"])?;
    let inputs = input_kind(needed(&manifest.inputs, "inputs")?)?;
    let kind = match manifest.kind.kind.as_str() {
        "classification" => TaskKind::Classification {
            classes: classes(&manifest.kind)?,
        },
        "regression" => TaskKind::Regression {
            targets: targets(&manifest.kind)?,
        },
        _ => {
            return refuse(
                "kind.kind",
                "must be \"classification\" or \"regression\" for \"arrays\"",
            );
        }
    };
    let scale = scale(data)?;
    let (path, bytes) = read_checked(folder, data)?;
    let rows = arrays::read(&bytes, &path, &kind, &inputs, scale)?;
    Ok((kind, Source::Rows { rows, inputs }))
}

fn textual(folder: &Path, manifest: &Manifest) -> Result<(TaskKind, Source), TaskError> {
    let data = &manifest.data;
    only(data, &["file"])?;
    require(manifest.inputs.is_none(), "inputs", "is not for \"text\"")?;
    let kind = &manifest.kind;
    require(
        kind.kind == "language-modelling",
        "kind.kind",
        "must be \"language-modelling\" for \"text\"",
    )?;
    require(
        matches!(kind.vocabulary, None | Some(256)),
        "kind.vocabulary",
        "must be 256: tokens are bytes",
    )?;
    let context = *needed(&kind.context, "kind.context")?;
    require(
        (2..=4096).contains(&context),
        "kind.context",
        "must be 2 to 4096",
    )?;
    let text = input::read_whole(&checked(folder, data)?, text::MAX_BYTES)?;
    Ok((
        TaskKind::LanguageModelling {
            vocabulary: 256,
            context,
        },
        Source::Text(text),
    ))
}

fn addition(manifest: &Manifest) -> Result<(TaskKind, Source), TaskError> {
    let data = &manifest.data;
    only(data, &["modulus"])?;
    let classes = classes(&manifest.kind)?;
    let inputs = input_kind(needed(&manifest.inputs, "inputs")?)?;
    let modulus = *needed(&data.modulus, "data.modulus")?;
    let problem = format!("must be 2 to {MAX_MODULUS}");
    require(
        (2..=MAX_MODULUS).contains(&modulus),
        "data.modulus",
        &problem,
    )?;
    let size = modulus as usize;
    require(classes == size, "kind.classes", "must equal `data.modulus`")?;
    let wanted = InputKind::Tokens {
        length: 2,
        vocabulary: size,
    };
    let problem = "must be 2 tokens of a vocabulary of `data.modulus`";
    require(inputs == wanted, "inputs", problem)?;
    Ok((
        TaskKind::Classification { classes },
        Source::ModularAddition { modulus, inputs },
    ))
}

/// Refuses keys of `[data]` that belong to other sources. A source with a `file` needs an `origin`.
fn only(data: &manifest::Data, keys: &[&str]) -> Result<(), TaskError> {
    for (key, field, there) in [
        ("file", "data.file", data.file.is_some()),
        ("file", "data.sha256", data.sha256.is_some()),
        ("scale", "data.scale", data.scale.is_some()),
        ("modulus", "data.modulus", data.modulus.is_some()),
        ("targets", "data.targets", data.targets.is_some()),
        ("drop", "data.drop", data.drop.is_some()),
    ] {
        let problem = format!("is not for \"{}\"", data.source);
        require(!there || keys.contains(&key), field, &problem)?;
    }
    if keys.contains(&"file") {
        needed(&data.origin, "data.origin")?;
    }
    Ok(())
}

fn scale(data: &manifest::Data) -> Result<f32, TaskError> {
    let scale = *needed(&data.scale, "data.scale")?;
    require(
        scale.is_finite() && scale != 0.0,
        "data.scale",
        "must be finite and not zero",
    )?;
    Ok(scale)
}

fn classes(kind: &manifest::Kind) -> Result<usize, TaskError> {
    require(
        kind.kind == "classification",
        "kind.kind",
        "must be \"classification\"",
    )?;
    let classes = *needed(&kind.classes, "kind.classes")?;
    require(
        (2..=65_536).contains(&classes),
        "kind.classes",
        "must be 2 to 65536",
    )?;
    Ok(classes)
}

fn targets(kind: &manifest::Kind) -> Result<usize, TaskError> {
    let targets = *needed(&kind.targets, "kind.targets")?;
    require(
        (1..=4096).contains(&targets),
        "kind.targets",
        "must be 1 to 4096",
    )?;
    Ok(targets)
}

fn input_kind(inputs: &manifest::Inputs) -> Result<InputKind, TaskError> {
    match inputs.kind.as_str() {
        "dense" => {
            require(
                inputs.length.is_none(),
                "inputs.length",
                "is for tokens only",
            )?;
            require(
                inputs.vocabulary.is_none(),
                "inputs.vocabulary",
                "is for tokens only",
            )?;
            let shape = needed(&inputs.shape, "inputs.shape")?.clone();
            let width = shape
                .iter()
                .try_fold(1usize, |product, size| product.checked_mul(*size));
            let fits = width.is_some_and(|width| (1..=1 << 20).contains(&width));
            let problem = "must be 1 to 4 sizes above zero with a product of at most 1048576";
            require(
                (1..=4).contains(&shape.len()) && fits,
                "inputs.shape",
                problem,
            )?;
            Ok(InputKind::Dense { shape })
        }
        "tokens" => {
            require(
                inputs.shape.is_none(),
                "inputs.shape",
                "is for dense inputs only",
            )?;
            let length = *needed(&inputs.length, "inputs.length")?;
            let vocabulary = *needed(&inputs.vocabulary, "inputs.vocabulary")?;
            require(
                (1..=1 << 20).contains(&length),
                "inputs.length",
                "must be 1 to 1048576",
            )?;
            require(
                (2..=1 << 20).contains(&vocabulary),
                "inputs.vocabulary",
                "must be 2 to 1048576",
            )?;
            Ok(InputKind::Tokens { length, vocabulary })
        }
        _ => refuse("inputs.kind", "must be \"dense\" or \"tokens\""),
    }
}

fn read_checked(folder: &Path, data: &manifest::Data) -> Result<(PathBuf, Vec<u8>), TaskError> {
    let file = needed(&data.file, "data.file")?;
    let expected = needed(&data.sha256, "data.sha256")?;
    read_file(folder, "data.file", file, expected)
}

/// The data file, whose digest is checked without holding it in memory.
fn checked(folder: &Path, data: &manifest::Data) -> Result<PathBuf, TaskError> {
    let file = needed(&data.file, "data.file")?;
    let expected = needed(&data.sha256, "data.sha256")?;
    let path = beside(folder, "data.file", file)?;
    let (found, _) = input::digest(&path)?;
    same(path, expected, found)
}

/// A file beside `task.toml`, with the digest that is expected of it.
pub(crate) fn read_file(
    folder: &Path,
    field: &'static str,
    file: &str,
    expected: &str,
) -> Result<(PathBuf, Vec<u8>), TaskError> {
    let path = beside(folder, field, file)?;
    let bytes = read(&path)?;
    let found = hex::encode(Sha256::digest(&bytes));
    Ok((same(path, expected, found)?, bytes))
}

fn beside(folder: &Path, field: &'static str, file: &str) -> Result<PathBuf, TaskError> {
    let plain = Path::new(file).file_name().is_some_and(|name| name == file);
    require(plain, field, "must be the name of a file beside task.toml")?;
    Ok(folder.join(file))
}

fn same(path: PathBuf, expected: &str, found: String) -> Result<PathBuf, TaskError> {
    if found == expected {
        Ok(path)
    } else {
        Err(TaskError::Digest {
            path,
            expected: expected.to_owned(),
            found,
        })
    }
}
