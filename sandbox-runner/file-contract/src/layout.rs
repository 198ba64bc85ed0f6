//! What a phase finds in its folder.

use std::path::Path;

use gauntlet_wire::TaskInfo;
use gauntlet_wire::contract::{CONTRACT, FileBudget, ROOT, TaskFile, files};
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::Phase;

/// Which of its two sub-commands a program is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubCommand {
    /// Trains a model.
    Train,
    /// Predicts with it.
    Predict,
}

/// A phase's data: bytes, or where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs<T> {
    /// What training gets.
    Train {
        /// The train part.
        train: T,
        /// The task's base weights, if it carries some.
        base: Option<T>,
    },
    /// What prediction gets.
    Predict {
        /// Inputs of the hidden part.
        inputs: T,
        /// The model that training wrote.
        model: T,
    },
}

impl SubCommand {
    /// The word that the program is called with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Predict => "predict",
        }
    }

    /// The one file that is taken from what the program leaves, relative to the folder.
    #[must_use]
    pub const fn output(self) -> &'static str {
        match self {
            Self::Train => files::MODEL,
            Self::Predict => files::PREDICTIONS,
        }
    }
}

impl From<&Phase> for SubCommand {
    fn from(phase: &Phase) -> Self {
        match phase {
            Phase::Train { .. } => Self::Train,
            Phase::Predict { .. } => Self::Predict,
        }
    }
}

impl<T> Inputs<T> {
    /// Each part of the data with its file's name, relative to the folder.
    pub fn files(self) -> Vec<(T, &'static str)> {
        match self {
            Self::Train { train, base } => {
                let base = base.map(|base| (base, files::BASE));
                std::iter::once((train, files::TRAIN)).chain(base).collect()
            }
            Self::Predict { inputs, model } => {
                vec![(inputs, files::INPUTS), (model, files::TRAINED)]
            }
        }
    }
}

impl<'a> From<&'a Phase> for Inputs<&'a Path> {
    fn from(phase: &'a Phase) -> Self {
        match phase {
            Phase::Train { train, base, .. } => Self::Train {
                train,
                base: base.as_deref(),
            },
            Phase::Predict { inputs, model, .. } => Self::Predict { inputs, model },
        }
    }
}

/// What `task.json` says.
#[must_use]
pub fn task_file(task: TaskInfo, seed: u64, budget: FileBudget, settings: Settings) -> TaskFile {
    TaskFile {
        contract: CONTRACT,
        task,
        // A JSON number may lose some of its digits.
        seed: format!("{seed:016x}"),
        budget,
        settings,
    }
}

/// Where something of the contract is in a container.
#[must_use]
pub fn place(name: &str) -> String {
    format!("{ROOT}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_training_sees_the_train_part_and_only_prediction_the_hidden_inputs() {
        let names = |inputs: Inputs<()>| inputs.files().into_iter().map(|(_, name)| name);
        let train = Inputs::Train {
            train: (),
            base: Some(()),
        };
        assert!(names(train).eq([files::TRAIN, files::BASE]));
        let train = Inputs::Train {
            train: (),
            base: None,
        };
        assert!(names(train).eq([files::TRAIN]));
        let predict = Inputs::Predict {
            inputs: (),
            model: (),
        };
        assert!(names(predict).eq([files::INPUTS, files::TRAINED]));
    }
}
