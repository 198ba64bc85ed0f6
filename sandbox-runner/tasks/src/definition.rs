//! A task as its folder defines it.

use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use sha2::{Digest, Sha256};

use crate::addition;
use crate::dataset::Dataset;
use crate::error::TaskError;
use crate::labelled_csv;
use crate::manifest::{self, Manifest};
use crate::rows::Rows;
use crate::secret_rng::SecretRng;

/// Largest modulus: its table has a million rows.
const MAX_MODULUS: u32 = 1000;

/// A task that has been read and checked, its data included.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Unique name: 1 to 40 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// A paragraph for people.
    pub description: String,
    /// Licence of the data, an SPDX expression.
    pub licence: String,
    /// Where the data come from, if they are not generated.
    pub origin: Option<String>,
    /// What one run may use.
    pub budget: BudgetSpec,
    kind: TaskKind,
    inputs: InputKind,
    hidden_percent: u32,
    source: Source,
}

/// What one run may use; the numbers of `gauntlet_protocol::Budget`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSpec {
    /// Metered work of training: FLOPs plus bytes moved, as the ledger counts them.
    pub work: u64,
    /// Metered work of prediction, as a percentage of `work`.
    pub predict_share_percent: u32,
    /// Wall seconds of each phase; a backstop.
    pub wall_seconds: u32,
    /// Live tensor bytes.
    pub tensor_bytes: u64,
    /// Guest linear memory in bytes.
    pub guest_bytes: u64,
    /// Bytes of the model, and of the predictions.
    pub output_bytes: u64,
}

#[derive(Clone, Debug)]
enum Source {
    LabelledCsv(Rows),
    ModularAddition { modulus: u32 },
}

impl TaskDefinition {
    /// Reads `task.toml` in `folder`, and the data file it names.
    ///
    /// # Errors
    /// [`TaskError`], naming the key or line to mend.
    pub fn load(folder: &Path) -> Result<Self, TaskError> {
        let path = folder.join("task.toml");
        let text = String::from_utf8(read(&path)?).map_err(|error| TaskError::Manifest {
            path: path.clone(),
            message: error.to_string(),
        })?;
        let manifest: Manifest = toml::from_str(&text).map_err(|error| TaskError::Manifest {
            path,
            message: error.to_string(),
        })?;

        check_name(&manifest.name)?;
        for (field, value) in [
            ("title", &manifest.title),
            ("description", &manifest.description),
            ("licence", &manifest.licence),
        ] {
            require(!value.trim().is_empty(), field, "is empty")?;
        }
        let kind = task_kind(&manifest.kind)?;
        let inputs = input_kind(&manifest.inputs)?;
        let percent = manifest.split.hidden_percent;
        require(
            (1..=99).contains(&percent),
            "split.hidden_percent",
            "must be 1 to 99",
        )?;
        let source = load_source(folder, &manifest.data, &kind, &inputs)?;
        let definition = Self {
            name: manifest.name,
            title: manifest.title,
            description: manifest.description,
            licence: manifest.licence,
            origin: manifest.data.origin,
            budget: budget(&manifest.budget)?,
            kind,
            inputs,
            hidden_percent: percent,
            source,
        };
        let hidden = definition.hidden_rows();
        require(
            (1..definition.rows()).contains(&hidden),
            "split.hidden_percent",
            "leaves one part without rows",
        )?;
        Ok(definition)
    }

    /// What a method is told.
    #[must_use]
    pub fn info(&self) -> TaskInfo {
        TaskInfo {
            name: self.name.clone(),
            kind: self.kind.clone(),
            inputs: self.inputs.clone(),
            train_rows: self.rows() - self.hidden_rows(),
            base: None,
        }
    }

    /// Makes the data set. `secret` decides which rows are hidden, the order of
    /// the rows and, for a generated task, its content; the same secret always
    /// gives the same bytes.
    ///
    /// # Errors
    /// None today: all that can be wrong is found by [`TaskDefinition::load`].
    /// Sources that are fetched later will have some.
    pub fn materialise(&self, secret: &[u8; 32]) -> Result<Dataset, TaskError> {
        let generated;
        let rows = match &self.source {
            Source::LabelledCsv(rows) => rows,
            Source::ModularAddition { modulus } => {
                generated = addition::table(*modulus, &self.name, secret);
                &generated
            }
        };
        // The split looks at no label, so that neither part's inputs say anything about them.
        let order = SecretRng::new(secret, &self.name, "split").permutation(self.rows());
        let (hidden, train) = order.split_at(self.hidden_rows());
        Ok(Dataset::assemble(self.info(), rows, train, hidden))
    }

    fn rows(&self) -> usize {
        match &self.source {
            Source::LabelledCsv(rows) => rows.labels.len(),
            Source::ModularAddition { modulus } => (*modulus as usize).pow(2),
        }
    }

    fn hidden_rows(&self) -> usize {
        self.rows() * self.hidden_percent as usize / 100
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TaskError> {
    fs::read(path).map_err(|source| TaskError::Read {
        path: path.to_path_buf(),
        source,
    })
}

fn refuse<T>(field: &'static str, problem: &str) -> Result<T, TaskError> {
    Err(TaskError::Field {
        field,
        problem: problem.to_owned(),
    })
}

fn require(holds: bool, field: &'static str, problem: &str) -> Result<(), TaskError> {
    if holds {
        Ok(())
    } else {
        refuse(field, problem)
    }
}

fn needed<'a, T>(value: &'a Option<T>, field: &'static str) -> Result<&'a T, TaskError> {
    value
        .as_ref()
        .map_or_else(|| refuse(field, "is missing"), Ok)
}

fn check_name(name: &str) -> Result<(), TaskError> {
    let fits = (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    require(fits, "name", "must be 1 to 40 of a-z, 0-9 and -")
}

fn task_kind(kind: &manifest::Kind) -> Result<TaskKind, TaskError> {
    require(
        kind.kind == "classification",
        "kind.kind",
        "must be \"classification\"",
    )?;
    require(
        (2..=65_536).contains(&kind.classes),
        "kind.classes",
        "must be 2 to 65536",
    )?;
    Ok(TaskKind::Classification {
        classes: kind.classes,
    })
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

fn budget(budget: &manifest::Budget) -> Result<BudgetSpec, TaskError> {
    let manifest::Budget {
        work,
        predict_share_percent,
        wall_seconds,
        tensor_bytes,
        guest_bytes,
        output_bytes,
    } = *budget;
    for (field, value) in [
        ("budget.work", work),
        ("budget.predict_share_percent", predict_share_percent.into()),
        ("budget.wall_seconds", wall_seconds.into()),
        ("budget.tensor_bytes", tensor_bytes),
        ("budget.guest_bytes", guest_bytes),
        ("budget.output_bytes", output_bytes),
    ] {
        require(value > 0, field, "must be above zero")?;
    }
    require(
        predict_share_percent <= 100,
        "budget.predict_share_percent",
        "must be 1 to 100",
    )?;
    Ok(BudgetSpec {
        work,
        predict_share_percent,
        wall_seconds,
        tensor_bytes,
        guest_bytes,
        output_bytes,
    })
}

fn load_source(
    folder: &Path,
    data: &manifest::Data,
    kind: &TaskKind,
    inputs: &InputKind,
) -> Result<Source, TaskError> {
    let TaskKind::Classification { classes } = *kind else {
        return refuse("kind.kind", "must be \"classification\"");
    };
    match data.source.as_str() {
        "labelled-csv" => {
            require(
                data.modulus.is_none(),
                "data.modulus",
                "is for \"modular-addition\" only",
            )?;
            let InputKind::Dense { shape } = inputs else {
                return refuse("inputs.kind", "must be \"dense\" for \"labelled-csv\"");
            };
            needed(&data.origin, "data.origin")?;
            let scale = *needed(&data.scale, "data.scale")?;
            require(
                scale.is_finite() && scale != 0.0,
                "data.scale",
                "must be finite and not zero",
            )?;
            let (path, bytes) = read_checked(folder, data)?;
            let width = shape.iter().product();
            labelled_csv::read(&bytes, &path, width, classes, scale).map(Source::LabelledCsv)
        }
        "modular-addition" => {
            let only = "is for \"labelled-csv\" only";
            require(data.file.is_none(), "data.file", only)?;
            require(data.sha256.is_none(), "data.sha256", only)?;
            require(data.scale.is_none(), "data.scale", only)?;
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
            require(*inputs == wanted, "inputs", problem)?;
            Ok(Source::ModularAddition { modulus })
        }
        _ => refuse(
            "data.source",
            "must be \"labelled-csv\" or \"modular-addition\"",
        ),
    }
}

fn read_checked(folder: &Path, data: &manifest::Data) -> Result<(PathBuf, Vec<u8>), TaskError> {
    let file = needed(&data.file, "data.file")?;
    let plain = Path::new(file)
        .file_name()
        .is_some_and(|name| name == file.as_str());
    require(
        plain,
        "data.file",
        "must be the name of a file beside task.toml",
    )?;
    let expected = needed(&data.sha256, "data.sha256")?;
    let path = folder.join(file);
    let bytes = read(&path)?;
    let found = hex::encode(Sha256::digest(&bytes));
    if found == *expected {
        Ok((path, bytes))
    } else {
        Err(TaskError::Digest {
            path,
            expected: expected.clone(),
            found,
        })
    }
}
