//! The contract's folder.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use gauntlet_wire::TaskInfo;
use gauntlet_wire::contract::{TaskFile, files};

use crate::native::model_file;
use crate::native::{Dataset, Parameters};

/// The contract's folder. Errors are messages that name the file.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn task(&self) -> Result<TaskFile, String> {
        let text = self.read(files::TASK)?;
        let text = String::from_utf8(text).map_err(|error| format!("task.json: {error}"))?;
        TaskFile::parse(&text).map_err(|error| error.to_string())
    }

    pub(super) fn train_part(&self, task: &TaskInfo) -> Result<Dataset, String> {
        let data = self.dataset(files::TRAIN)?;
        if !data.is_labelled() {
            return Err(format!(
                "{}: there are no `labels`",
                self.shown(files::TRAIN)
            ));
        }
        if data.train_rows(task) == 0 {
            return Err(format!("{}: there are no rows", self.shown(files::TRAIN)));
        }
        if task.base.is_none() {
            return Ok(data);
        }
        data.with_base(&self.read(files::BASE)?)
            .map_err(|error| format!("{}: {error}", self.shown(files::BASE)))
    }

    pub(super) fn inputs(&self) -> Result<Dataset, String> {
        self.dataset(files::INPUTS)
    }

    pub(super) fn trained(&self) -> Result<Parameters, String> {
        let bytes = self.read(files::TRAINED)?;
        model_file::decode(&bytes)
            .map_err(|error| format!("{}: {error}", self.shown(files::TRAINED)))
    }

    pub(super) fn put_model(&self, model: &Parameters) -> Result<(), String> {
        self.put(files::MODEL, model)
    }

    pub(super) fn put_predictions(&self, predictions: TensorData) -> Result<(), String> {
        self.put(
            files::PREDICTIONS,
            &vec![("predictions".to_owned(), predictions)],
        )
    }

    fn dataset(&self, name: &str) -> Result<Dataset, String> {
        Dataset::from_safetensors(&self.read(name)?)
            .map_err(|error| format!("{}: {error}", self.shown(name)))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        fs::read(self.root.join(name)).map_err(|error| format!("{}: {error}", self.shown(name)))
    }

    /// Writes beside the name and renames, so that a file that is there is whole.
    fn put(&self, name: &str, tensors: &Parameters) -> Result<(), String> {
        let bytes = model_file::encode(tensors)
            .map_err(|error| format!("{}: {error}", self.shown(name)))?;
        let path = self.root.join(name);
        let beside = path.with_extension("part");
        let written = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&beside, bytes)?;
            fs::rename(&beside, &path)
        };
        written().map_err(|error: std::io::Error| format!("{}: {error}", self.shown(name)))
    }

    fn shown(&self, name: &str) -> String {
        let path: &Path = &self.root.join(name);
        path.display().to_string()
    }
}
