//! Registers the tasks of a folder.

use std::path::{Path, PathBuf};

use gauntlet_api::{Budget, NewTask, Task};
use gauntlet_tasks::{Dataset, TaskDefinition};
use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::failure::Failure;

/// Registers every task folder in `dir` that is not registered yet; returns
/// their names, sorted. `secret` decides the hidden parts.
pub(crate) async fn register(
    client: &Client,
    dir: &Path,
    secret: &[u8; 32],
) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for folder in folders(dir)? {
        let (definition, dataset) = load(folder, *secret).await?;
        let new = put(client, &definition, &dataset).await?;
        names.push(new.name.clone());
        register_one(client, new).await?;
    }
    names.sort();
    Ok(names)
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

async fn load(folder: PathBuf, secret: [u8; 32]) -> Result<(TaskDefinition, Dataset), Failure> {
    let shown = folder.display().to_string();
    let made = tokio::task::spawn_blocking(move || {
        let definition = TaskDefinition::load(&folder)?;
        let dataset = definition.materialise(&secret)?;
        Ok::<_, gauntlet_tasks::TaskError>((definition, dataset))
    })
    .await
    .map_err(|error| Failure::ours(format_args!("read the task in {shown}"), error))?;
    made.map_err(|error| {
        Failure::input(format!("the task in {shown} cannot be used: {error}")).field("--tasks")
    })
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
        train,
        hidden_inputs,
        hidden_labels,
    })
}

/// Registers a task; one that is there already must be the same, since results
/// on it would otherwise not be comparable.
async fn register_one(client: &Client, new: NewTask) -> Result<(), Failure> {
    match client.get::<Task>(&["tasks", &new.name]).await {
        Ok(there) => {
            let same =
                there.train == new.train && there.info == new.info && there.budget == new.budget;
            if same {
                return Ok(());
            }
            Err(Failure::input(format!(
                "the task {} is registered already with other data or another budget",
                new.name
            ))
            .field("--tasks")
            .help("give the changed task a new name in its task.toml"))
        }
        Err(failure) if failure.status == Some(404) => {
            let _: Task = client.post_json(&["tasks"], &new).await?;
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}
