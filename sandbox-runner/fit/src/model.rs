//! A model's folder: all that predicting needs, and what is known of how good it is.

use std::path::{Path, PathBuf};

use gauntlet_table::plan::{Fitted, Plan};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::FitError;
use crate::metric::Metric;
use crate::target::Target;

/// The release of the folder's form.
const VERSION: u32 = 1;
const CARD: &str = "model.json";

/// What a model is, as `model.json` has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Card {
    /// Form of the folder.
    pub version: u32,
    /// The release that made it.
    pub made_by: String,
    /// How a table's columns are read.
    pub plan: Plan,
    /// What is predicted, as the whole table has it.
    pub target: Target,
    /// What the model was chosen by.
    pub metric: Metric,
    /// Its value on rows that were held out: of the whole, not of a member.
    pub value: f64,
    /// What the metric is of predicting the same for every row: the classes' shares, or the mean.
    pub baseline: f64,
    /// Temperature of the probabilities; 1 for numbers.
    pub temperature: f64,
    /// Rows that it was fitted to.
    pub rows: usize,
    /// Folds: one model of each member for each.
    pub folds: Vec<FoldCard>,
    /// The methods that it is put together of.
    pub members: Vec<Member>,
    /// How all methods fared, best first.
    pub leaderboard: Vec<Line>,
    /// Seconds that fitting took.
    pub seconds: f64,
    /// Seed of folds and runs.
    pub seed: u64,
}

/// One fold of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoldCard {
    /// File of the fitted encoding, in the folder.
    pub encoding: PathBuf,
    /// What undoes what was done to the target.
    pub target: Target,
    /// Rows that models were trained on.
    pub train_rows: usize,
}

/// A method in a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// What it is called.
    pub method: String,
    /// File of its module, in the folder.
    pub module: PathBuf,
    /// SHA-256 of the module, in hex.
    pub digest: String,
    /// How much it says: all members together say 1.
    pub weight: f64,
    /// Files of its models, one for each fold.
    pub models: Vec<PathBuf>,
}

/// How a method fared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What it is called.
    pub method: String,
    /// Value of the metric on all rows, each held out once; absent if it did not come so far.
    pub value: Option<f64>,
    /// Standard error of that over the folds.
    pub standard_error: Option<f64>,
    /// Value on the first fold, in shorter runs.
    pub first: Option<f64>,
    /// How much it says in the model.
    pub weight: f64,
    /// Metered work of a run.
    pub work: Option<u64>,
    /// Why it was out of the race.
    pub failure: Option<String>,
}

/// A model that was read.
#[derive(Clone, Debug)]
pub struct Model {
    /// What it is.
    pub card: Card,
    pub(crate) folder: PathBuf,
    pub(crate) encodings: Vec<Fitted>,
    pub(crate) modules: Vec<Vec<u8>>,
}

impl Model {
    /// Reads a model's folder.
    ///
    /// # Errors
    /// If it is none, or a file of it is missing or not what it was.
    pub fn open(folder: &Path) -> Result<Self, FitError> {
        let damaged = |problem: String| FitError::Model {
            path: folder.to_owned(),
            problem,
        };
        let path = folder.join(CARD);
        let text = std::fs::read(&path).map_err(FitError::file("read", &path))?;
        let version: Version =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if version.version != VERSION {
            let found = version.version;
            return Err(damaged(format!("its form is {found}, known is {VERSION}")));
        }
        let card: Card =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let mut encodings = Vec::new();
        for fold in &card.folds {
            let path = within(folder, &fold.encoding).map_err(&damaged)?;
            let text = std::fs::read(&path).map_err(FitError::file("read", &path))?;
            let read = serde_json::from_slice(&text);
            encodings.push(read.map_err(|error| damaged(error.to_string()))?);
        }
        let mut modules = Vec::new();
        for member in &card.members {
            let path = within(folder, &member.module).map_err(&damaged)?;
            let module = std::fs::read(&path).map_err(FitError::file("read", &path))?;
            if hex::encode(Sha256::digest(&module)) != member.digest {
                return Err(damaged(format!(
                    "the module of {} was changed",
                    member.method
                )));
            }
            if member.models.len() != card.folds.len() {
                return Err(damaged(format!("{} lacks models", member.method)));
            }
            for model in &member.models {
                within(folder, model).map_err(&damaged)?;
            }
            modules.push(module);
        }
        if encodings.is_empty() || modules.is_empty() {
            return Err(damaged("it has no members".to_owned()));
        }
        Ok(Self {
            card,
            folder: folder.to_owned(),
            encodings,
            modules,
        })
    }
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// A file in the folder: a card from elsewhere must not name others.
fn within(folder: &Path, file: &Path) -> Result<PathBuf, String> {
    let plain = file
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    if plain {
        Ok(folder.join(file))
    } else {
        Err(format!("it names {}, which is outside", file.display()))
    }
}

/// Writes a model into a folder that is there and empty.
pub(crate) fn write(folder: &Path, card: &Card) -> Result<(), FitError> {
    let path = folder.join(CARD);
    let text = serde_json::to_vec_pretty(card).map_err(|error| FitError::Model {
        path: folder.to_owned(),
        problem: error.to_string(),
    })?;
    std::fs::write(&path, text).map_err(FitError::file("write", &path))
}

/// The form of folders that this release writes.
pub(crate) const fn version() -> u32 {
    VERSION
}
