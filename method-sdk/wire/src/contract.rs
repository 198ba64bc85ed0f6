//! The file contract: how a method runs as an ordinary program, natively or in a
//! container, instead of as a WebAssembly module.
//!
//! One program has two sub-commands, which run as two separate processes (in the
//! OCI lane: two separate containers). Everything goes through one folder, `/gauntlet`
//! unless it is told otherwise:
//!
//! | path | `train` | `predict` |
//! |---|---|---|
//! | `task.json` | read: a [`TaskFile`] | read: the same file |
//! | `data/train.safetensors` | read: `inputs` and `labels`, or `text` | not there |
//! | `data/base.safetensors` | read, if the task carries base weights | not there |
//! | `data/inputs.safetensors` | not there | read: `inputs` of the hidden part |
//! | `data/model.safetensors` | not there | read: what `train` wrote |
//! | `out/model.safetensors` | written at every checkpoint and at the end | |
//! | `out/predictions.safetensors` | | written: `predictions`, `F32` |
//!
//! `data/` is read-only. Whatever else lies in `out/` is thrown away. A file under
//! `out/` is complete whenever it is there: it is written beside its name and renamed.
//!
//! On standard output the program prints [`Event`]s, one JSON object a line. A line that
//! is none is a line of its log, and so is standard error. The last line is
//! [`Event::Finished`] and agrees with the [exit code](exit). A program that ends without
//! it, or is killed, has failed; if it was killed because its wall time was over, the
//! model of its last checkpoint is in `out/`.
//!
//! **Budget.** Nothing meters tensor operations outside the WASM lane, so there is no
//! budget of work here: only a number of training batches (the same on every machine)
//! and wall time (not the same on every machine). A run that ends by wall time is not
//! repeatable to the bit.
//!
//! Anything that changes the meaning of a file or of a line raises [`CONTRACT`].

use serde::{Deserialize, Serialize};

use crate::settings::Settings;
use crate::task::TaskInfo;

/// Version of the file contract, the number in `task.json`.
pub const CONTRACT: u32 = 1;

/// Where the folder is unless an option or [`ROOT_VARIABLE`] says otherwise.
pub const ROOT: &str = "/gauntlet";
/// Environment variable that moves the folder, for use outside a container.
pub const ROOT_VARIABLE: &str = "GAUNTLET_ROOT";

/// Files of the contract, relative to the folder.
pub mod files {
    /// What is to be done: [`super::TaskFile`].
    pub const TASK: &str = "task.json";
    /// The train part.
    pub const TRAIN: &str = "data/train.safetensors";
    /// The task's base weights.
    pub const BASE: &str = "data/base.safetensors";
    /// Inputs of the hidden part.
    pub const INPUTS: &str = "data/inputs.safetensors";
    /// The trained model, as `predict` reads it.
    pub const TRAINED: &str = "data/model.safetensors";
    /// The trained model, as `train` writes it.
    pub const MODEL: &str = "out/model.safetensors";
    /// The predictions.
    pub const PREDICTIONS: &str = "out/predictions.safetensors";
}

/// Exit codes of the program.
pub mod exit {
    /// The output is there.
    pub const COMPLETED: i32 = 0;
    /// The method failed; the last line says why.
    pub const METHOD_FAILED: i32 = 1;
    /// The contract was not kept by whoever started the program: wrong arguments,
    /// another version, a file that is not there or cannot be read. Not the method's fault.
    pub const REFUSED: i32 = 2;
    /// The budget ran out before the first checkpoint.
    pub const BUDGET_EXCEEDED: i32 = 3;
}

/// The file `task.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskFile {
    /// Version of the contract it is written in: [`CONTRACT`].
    pub contract: u32,
    /// What the method is told about its task.
    pub task: TaskInfo,
    /// Seed of the run, 16 hexadecimal digits (a JSON number may lose some).
    pub seed: String,
    /// What `train` may use.
    #[serde(default)]
    pub budget: FileBudget,
    /// Values for the method's hyper-parameters; the program checks them against what it
    /// declares.
    #[serde(default)]
    pub settings: Settings,
}

/// What `train` may use; what is not there is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileBudget {
    /// Training batches.
    pub batches: Option<u64>,
    /// Wall time in seconds, from the start of the program.
    pub wall_seconds: Option<f64>,
}

/// One line of standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The method reported a number.
    Metric {
        /// The method's own step count.
        step: u64,
        /// Name of the metric.
        name: String,
        /// Its value; `null` stands for a number that is not finite.
        value: Option<f64>,
        /// Microseconds since the program began.
        micros: u64,
    },
    /// Share of the budget used, a few times a second at most.
    Progress {
        /// 0 to 1.
        used: f64,
    },
    /// A model was written to `out/`.
    Checkpoint {
        /// The method's own step count.
        step: u64,
    },
    /// A line of the method's log.
    Log {
        /// The line, without its end.
        line: String,
    },
    /// The last line.
    Finished {
        /// Version of the contract that the program speaks.
        contract: u32,
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
        /// Training batches served.
        batches: u64,
        /// Microseconds since the program began.
        micros: u64,
    },
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The output is there.
    Completed,
    /// The budget ran out before the method returned a model. The output is there: the
    /// checkpoint that was kept.
    CutOff {
        /// `batches` or `wall`.
        limit: String,
        /// The method's step at that checkpoint.
        step: u64,
    },
    /// The budget ran out before the first checkpoint.
    BudgetExceeded {
        /// `batches` or `wall`.
        limit: String,
    },
    /// The method failed.
    MethodFailed {
        /// Why, in one line.
        message: String,
    },
    /// The program was started wrongly; see [`exit::REFUSED`].
    Refused {
        /// Why, in one line.
        message: String,
    },
}

impl Outcome {
    /// The exit code that goes with it.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Completed | Self::CutOff { .. } => exit::COMPLETED,
            Self::BudgetExceeded { .. } => exit::BUDGET_EXCEEDED,
            Self::MethodFailed { .. } => exit::METHOD_FAILED,
            Self::Refused { .. } => exit::REFUSED,
        }
    }
}

/// Why a `task.json` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskFileError {
    /// It is written in another version of the contract.
    Version {
        /// The version it says, if it says one.
        found: Option<u64>,
    },
    /// It is not what the contract says.
    Unreadable(String),
    /// The seed is not 16 hexadecimal digits.
    Seed(String),
}

impl std::fmt::Display for TaskFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version { found: None } => write!(
                f,
                "task.json has no number `contract`; this method speaks version {CONTRACT} of the file contract"
            ),
            Self::Version { found: Some(found) } => {
                let (older, cure) = if *found < u64::from(CONTRACT) {
                    ("task.json", "run it by a newer platform")
                } else {
                    ("the method", "rebuild it with a newer SDK")
                };
                write!(
                    f,
                    "task.json is written in version {found} of the file contract, this method speaks version \
                     {CONTRACT}: {older} is the older one; {cure}"
                )
            }
            Self::Unreadable(reason) => write!(f, "task.json cannot be read: {reason}"),
            Self::Seed(seed) => {
                write!(
                    f,
                    "task.json: `seed` is {seed:?}, not 16 hexadecimal digits"
                )
            }
        }
    }
}

impl std::error::Error for TaskFileError {}

impl TaskFile {
    /// Reads the file's text; the version first, so that a file of another version is
    /// called that and not malformed.
    ///
    /// # Errors
    /// If it is of another version, or not what the contract says.
    pub fn parse(text: &str) -> Result<Self, TaskFileError> {
        let value: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| TaskFileError::Unreadable(error.to_string()))?;
        let found = value.get("contract").and_then(serde_json::Value::as_u64);
        if found != Some(u64::from(CONTRACT)) {
            return Err(TaskFileError::Version { found });
        }
        let file: Self = serde_json::from_value(value)
            .map_err(|error| TaskFileError::Unreadable(error.to_string()))?;
        file.seed_bits()?;
        Ok(file)
    }

    /// The seed as a number.
    ///
    /// # Errors
    /// If it is not 16 hexadecimal digits.
    pub fn seed_bits(&self) -> Result<u64, TaskFileError> {
        let digits = self.seed.len() == 16 && self.seed.bytes().all(|b| b.is_ascii_hexdigit());
        u64::from_str_radix(&self.seed, 16)
            .ok()
            .filter(|_| digits)
            .ok_or_else(|| TaskFileError::Seed(self.seed.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(contract: &str, seed: &str) -> String {
        format!(
            r#"{{"contract": {contract}, "seed": "{seed}", "task": {{"name": "digits",
               "kind": {{"kind": "classification", "classes": 10}},
               "inputs": {{"kind": "dense", "shape": [1, 8, 8]}}, "train_rows": 5}}}}"#
        )
    }

    #[test]
    fn a_file_of_this_version_is_read() {
        let file = TaskFile::parse(&text("1", "00000000000000ff")).unwrap();
        assert_eq!(file.seed_bits(), Ok(255));
        assert_eq!(file.budget, FileBudget::default());
        let again = serde_json::to_string(&file).unwrap();
        assert_eq!(TaskFile::parse(&again).unwrap(), file);
    }

    #[test]
    fn another_version_is_named_and_the_older_side_too() {
        let message = |contract| {
            TaskFile::parse(&text(contract, "00000000000000ff"))
                .unwrap_err()
                .to_string()
        };
        assert!(message("0").contains("task.json is the older one"));
        assert!(message("2").contains("the method is the older one"));
        assert!(message("\"1\"").contains("no number `contract`"));
        // Even if nothing else in it can be understood.
        let other = TaskFile::parse(r#"{"contract": 9}"#).unwrap_err();
        assert_eq!(other, TaskFileError::Version { found: Some(9) });
    }

    #[test]
    fn seeds_are_sixteen_digits() {
        for wrong in ["", "ff", "+0000000000000ff", "00000000000000fg"] {
            let error = TaskFile::parse(&text("1", wrong)).unwrap_err();
            assert_eq!(error, TaskFileError::Seed(wrong.to_owned()));
        }
    }

    #[test]
    fn the_last_line_is_flat() {
        let line = serde_json::to_string(&Event::Finished {
            contract: CONTRACT,
            outcome: Outcome::MethodFailed {
                message: "boom".to_owned(),
            },
            batches: 3,
            micros: 4,
        })
        .unwrap();
        assert_eq!(
            line,
            r#"{"event":"finished","contract":1,"outcome":"method_failed","message":"boom","batches":3,"micros":4}"#
        );
        assert!(matches!(
            serde_json::from_str(&line),
            Ok(Event::Finished { batches: 3, .. })
        ));
    }
}
