//! Registers the tasks of a folder.

use std::path::{Path, PathBuf};

use gauntlet_api::{Budget, Direction, Metric, NewTask, Task};
use gauntlet_client::Client;
use gauntlet_tasks::{Dataset, TaskDefinition};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// Reads every task folder in `dir`, so that what cannot be used is refused
/// before anything is started.
pub(crate) fn read(dir: &Path) -> Result<Vec<TaskDefinition>, Failure> {
    folders(dir)?
        .iter()
        .map(|folder| {
            TaskDefinition::load(folder).map_err(|error| {
                Failure::input(format!(
                    "the task in {} cannot be used: {error}",
                    folder.display()
                ))
                .field("--tasks")
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
) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for definition in definitions {
        let secret = *secret;
        let made = tokio::task::spawn_blocking(move || {
            let dataset = definition.materialise(&secret);
            (definition, dataset)
        })
        .await;
        let (definition, dataset) =
            made.map_err(|error| Failure::ours("make a task's data", error))?;
        let dataset = dataset.map_err(|error| {
            Failure::input(format!(
                "the task {} cannot be used: {error}",
                definition.name
            ))
            .field("--tasks")
        })?;
        register_dataset(client, &definition, &dataset).await?;
        names.push(definition.name.clone());
    }
    names.sort();
    Ok(names)
}

/// Registers one task with its data.
pub(crate) async fn register_dataset(
    client: &Client,
    definition: &TaskDefinition,
    dataset: &Dataset,
) -> Result<(), Failure> {
    let new = put(client, definition, dataset).await?;
    register_one(client, new).await
}

/// Folders in `dir` with a `task.toml`.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unusable = |error: &std::io::Error| {
        Failure::input(format!("cannot read {}: {error}", dir.display()))
            .field("--tasks")
            .help("name a folder of task folders, such as examples/tasks")
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| unusable(&error))? {
        let path = entry.map_err(|error| unusable(&error))?.path();
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
) -> Result<NewTask, Failure> {
    let mut digests = Vec::new();
    for bytes in [
        &dataset.train,
        &dataset.hidden_inputs,
        &dataset.hidden_labels,
    ] {
        let digest = hex::encode(Sha256::digest(bytes));
        client.put_bytes(&["blobs", &digest], bytes).await?;
        digests.push(digest);
    }
    let [train, hidden_inputs, hidden_labels] = <[String; 3]>::try_from(digests)
        .map_err(|_| Failure::ours("register a task", "a part of its data is missing"))?;
    let base = match &dataset.base {
        Some(bytes) => {
            let digest = hex::encode(Sha256::digest(bytes));
            client.put_bytes(&["blobs", &digest], bytes).await?;
            Some(digest)
        }
        None => None,
    };
    let info = serde_json::to_value(&dataset.info)
        .map_err(|error| Failure::ours("describe a task", error))?;
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
    })
}

/// What a task measures, in the API's shape.
pub(crate) fn metric(metric: &gauntlet_tasks::Metric) -> Metric {
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
async fn register_one(client: &Client, new: NewTask) -> Result<(), Failure> {
    match client.get::<Task>(&["tasks", &new.name]).await {
        Ok(there) => {
            let same = there.train == new.train
                && there.base == new.base
                && there.info == new.info
                && there.metric == new.metric
                && there.target == new.target
                && there.budget == new.budget;
            if same {
                return Ok(());
            }
            Err(Failure::input(format!(
                "the task {} is registered already with other data or another budget",
                new.name
            ))
            .field("--tasks")
            .help(
                "give the changed task a new name in its task.toml; orchestrators that share a \
                 database need the same file `secret` in their data folders",
            ))
        }
        Err(error) if error.is_not_found() => {
            let _: Task = client.post_json(&["tasks"], &new).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
