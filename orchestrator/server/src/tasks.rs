//! Registers the tasks of a folder.

use std::path::{Path, PathBuf};

use gauntlet_api::{Budget, Direction, Metric, NewTask, Task};
use gauntlet_client::Client;
use gauntlet_tasks::{Dataset, TaskDefinition};
use sha2::{Digest as _, Sha256};

use crate::error::ServerError;

/// Reads every task folder in `dir`, so that what cannot be used is refused
/// before anything is started.
pub(crate) fn read(dir: &Path) -> Result<Vec<TaskDefinition>, ServerError> {
    folders(dir)?
        .iter()
        .map(|folder| {
            TaskDefinition::load(folder).map_err(|source| ServerError::TaskFolder {
                folder: folder.clone(),
                source,
            })
        })
        .collect()
}

/// Registers the tasks that are not registered yet; returns the names of all,
/// sorted. `secret` decides the hidden parts.
pub(crate) async fn register(
    client: &Client,
    definitions: Vec<TaskDefinition>,
    secret: &[u8; 32],
) -> Result<Vec<String>, ServerError> {
    let mut names = Vec::new();
    for definition in definitions {
        let secret = *secret;
        let made = tokio::task::spawn_blocking(move || {
            let dataset = definition.materialise(&secret);
            (definition, dataset)
        })
        .await;
        let (definition, dataset) =
            made.map_err(|error| ServerError::failed("make a task's data", error))?;
        let dataset = dataset.map_err(|source| ServerError::TaskData {
            name: definition.name.clone(),
            source,
        })?;
        register_dataset(client, &definition, &dataset).await?;
        names.push(definition.name.clone());
    }
    names.sort();
    Ok(names)
}

/// Registers one task with its data.
///
/// # Errors
/// If the server refuses it, or has another task of that name.
pub async fn register_dataset(
    client: &Client,
    definition: &TaskDefinition,
    dataset: &Dataset,
) -> Result<(), ServerError> {
    let new = put(client, definition, dataset).await?;
    register_one(client, new).await
}

/// Folders in `dir` with a `task.toml`.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, ServerError> {
    let unusable = |source| ServerError::TaskFolders {
        dir: dir.to_owned(),
        source,
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unusable)? {
        let path = entry.map_err(unusable)?.path();
        if path.join("task.toml").is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// Puts the data where runners find it, and describes the task.
async fn put(
    client: &Client,
    definition: &TaskDefinition,
    dataset: &Dataset,
) -> Result<NewTask, ServerError> {
    let train = put_blob(client, &dataset.train).await?;
    let hidden_inputs = put_blob(client, &dataset.hidden_inputs).await?;
    let hidden_labels = put_blob(client, &dataset.hidden_labels).await?;
    let base = match &dataset.base {
        Some(bytes) => Some(put_blob(client, bytes).await?),
        None => None,
    };
    let info = serde_json::to_value(&dataset.info)
        .map_err(|error| ServerError::failed("describe a task", error))?;
    let budget = definition.budget;
    Ok(NewTask {
        name: definition.name.clone(),
        title: definition.title.clone(),
        description: definition.description.clone(),
        licence: definition.licence.clone(),
        info,
        budget: Budget {
            work: budget.work,
            predict_share_percent: budget.predict_share_percent,
            wall_seconds: budget.wall_seconds,
            tensor_bytes: budget.tensor_bytes,
            guest_bytes: budget.guest_bytes,
            output_bytes: budget.output_bytes,
        },
        metric: metric(&dataset.metric),
        target: definition.target,
        base,
        train,
        hidden_inputs,
        hidden_labels,
        private: definition.private,
    })
}

/// Uploads bytes; returns their name, the SHA-256 in hex.
async fn put_blob(client: &Client, bytes: &[u8]) -> Result<String, ServerError> {
    let digest = hex::encode(Sha256::digest(bytes));
    client.put_bytes(&["blobs", &digest], bytes).await?;
    Ok(digest)
}

/// What a task measures, in the API's shape.
#[must_use]
pub fn metric(metric: &gauntlet_tasks::Metric) -> Metric {
    Metric {
        name: metric.name.to_owned(),
        unit: metric.unit.map(str::to_owned),
        better: match metric.better {
            gauntlet_tasks::Direction::Higher => Direction::Higher,
            gauntlet_tasks::Direction::Lower => Direction::Lower,
        },
        best: metric.best,
        miss: metric.miss,
    }
}

/// Registers a task; one that is there already must be the same, since results
/// on it would otherwise not be comparable.
async fn register_one(client: &Client, new: NewTask) -> Result<(), ServerError> {
    match client.get::<Task>(&["tasks", &new.name]).await {
        Ok(there) => {
            let same = there.train == new.train
                && there.base == new.base
                && there.info == new.info
                && there.metric == new.metric
                && there.target == new.target
                && there.private == new.private
                && there.budget == new.budget;
            if same {
                return Ok(());
            }
            Err(ServerError::TaskDiffers { name: new.name })
        }
        Err(error) if error.is_not_found() => {
            let _: Task = client.post_json(&["tasks"], &new).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
