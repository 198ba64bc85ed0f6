//! Base weights that a fine-tuning task carries.

use std::path::Path;

use gauntlet_wire::{BaseInfo, BaseParameter};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use crate::error::TaskError;
use crate::{manifest, source};

/// A safetensors file of F32 tensors.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) info: BaseInfo,
    pub(crate) bytes: Vec<u8>,
}

impl Base {
    pub(crate) fn load(folder: &Path, base: &manifest::Base) -> Result<Self, TaskError> {
        if base.origin.trim().is_empty() {
            return Err(TaskError::Field {
                field: "base.origin",
                problem: "must say where the weights come from".to_owned(),
            });
        }
        let (path, bytes) = source::read_file(folder, "base.file", &base.file, &base.sha256)?;
        let fault = |problem: String| TaskError::Table {
            path: path.clone(),
            problem,
        };
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|error| fault(format!("is not a safetensors file: {error}")))?;
        let mut parameters = Vec::new();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(fault(format!(
                    "holds `{name}` as {}, F32 is wanted",
                    view.dtype()
                )));
            }
            parameters.push(BaseParameter {
                name: name.to_owned(),
                shape: view.shape().to_vec(),
                dtype: view.dtype().to_string(),
            });
        }
        if parameters.is_empty() {
            return Err(fault("holds no tensors".to_owned()));
        }
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            info: BaseInfo { parameters },
            bytes,
        })
    }
}
