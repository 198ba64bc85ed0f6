//! Adds a task whose data is in the blob store.

use gauntlet_domain::record::PlatformEvent;
use gauntlet_domain::run::{Budget, Metric};
use gauntlet_domain::{Digest, TaskId, TaskName};
use gauntlet_storage::tasks::TaskRow;
use gauntlet_storage::{Access, events, tasks, views};
use uuid::Uuid;

use super::text;
use crate::{Context, Reason, Refusal};

/// A task to be added.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTask {
    /// Unique name.
    pub name: TaskName,
    /// One line for people, at most 200 characters.
    pub title: String,
    /// A few sentences for people, at most 4000 characters.
    pub description: String,
    /// Licence of the data, at most 200 characters.
    pub licence: String,
    /// What a method is told.
    pub info: serde_json::Value,
    /// What one run may use.
    pub budget: Budget,
    /// Digest of the train part: a blob.
    pub train: Digest,
    /// Digest of the hidden inputs: a blob.
    pub hidden_inputs: Digest,
    /// Digest of the hidden labels: a blob.
    pub hidden_labels: Digest,
    /// Digest of the base weights, if it carries some: a blob.
    pub base: Option<Digest>,
    /// What it measures.
    pub metric: Metric,
    /// A score to be reached, where work until then is compared.
    pub target: Option<f64>,
    /// Whether it is there for members of its tournaments alone, all of which are private.
    pub private: bool,
}

/// Adds the task. The same task again is fine; another under its name is not,
/// since results under one name must stay comparable.
pub async fn create_task(ctx: &Context, new: NewTask) -> Result<TaskId, Refusal> {
    text::check("body.title", &new.title, 200)?;
    text::check("body.description", &new.description, 4000)?;
    text::check("body.licence", &new.licence, 200)?;
    check_budget(&new.budget)?;
    check_metric(&new.metric)?;
    check_target(&new.metric, new.target)?;
    let blobs = [
        ("body.train", &new.train),
        ("body.hidden_inputs", &new.hidden_inputs),
        ("body.hidden_labels", &new.hidden_labels),
    ];
    let base = new.base.as_ref().map(|base| ("body.base", base));
    for (field, digest) in blobs.into_iter().chain(base) {
        if !ctx.blobs.exists(digest).await? {
            return Err(Reason::new(
                "missing-blob",
                format!("there is no blob {digest}"),
                "PUT it to /api/v1/blobs/{digest} first",
            )
            .field(field)
            .invalid());
        }
    }

    let id = TaskId(Uuid::now_v7());
    let mut tx = ctx.begin().await?;
    let row = TaskRow {
        id,
        name: &new.name,
        title: &new.title,
        description: &new.description,
        licence: &new.licence,
        info: &new.info,
        budget: &new.budget,
        train: new.train,
        hidden_inputs: new.hidden_inputs,
        hidden_labels: new.hidden_labels,
        base: new.base,
        metric: &new.metric,
        target: new.target,
        private: new.private,
    };
    if !tasks::insert(&mut tx, &row).await? {
        let existing = views::task(&mut tx, &new.name, Access::Everything).await?;
        return match existing {
            Some(existing) if same(&existing, &new) => Ok(existing.id),
            _ => Err(Reason::new(
                "task-exists",
                format!("there is another task `{}`", new.name),
                "tasks do not change; choose another name, such as one with a version",
            )
            .field("body.name")
            .conflict()),
        };
    }
    let event = PlatformEvent::TaskCreated {
        task: id,
        name: new.name,
        train: new.train,
        hidden_inputs: new.hidden_inputs,
        hidden_labels: new.hidden_labels,
        base: new.base,
        metric: new.metric,
        target: new.target,
        private: new.private,
    };
    events::append_platform(&mut tx, &event).await?;
    ctx.commit(tx, "create task").await?;
    Ok(id)
}

fn same(existing: &views::TaskView, new: &NewTask) -> bool {
    existing.title == new.title
        && existing.description == new.description
        && existing.licence == new.licence
        && existing.info == new.info
        && existing.budget == new.budget
        && existing.train == new.train
        && existing.hidden_inputs == new.hidden_inputs
        && existing.hidden_labels == new.hidden_labels
        && existing.base == new.base
        && existing.metric == new.metric
        && existing.target == new.target
        && existing.private == new.private
}

/// A target that nothing can reach, or that a miss has reached, says nothing.
fn check_target(metric: &Metric, target: Option<f64>) -> Result<(), Refusal> {
    let fine =
        |target: &f64| metric.admits(*target) && metric.advantage(*target, metric.miss) > 0.0;
    match target.filter(|target| !fine(target)) {
        None => Ok(()),
        Some(target) => Err(Reason::new(
            "invalid-target",
            format!("{} cannot have {target} for a target", metric.name),
            "give a score that is better than a miss and not beyond the best",
        )
        .field("body.target")
        .limit(format!("from {} to {}", metric.miss, metric.best))
        .found(target.to_string())
        .invalid()),
    }
}

fn check_metric(metric: &Metric) -> Result<(), Refusal> {
    metric.validate().map_err(|error| {
        let field = match error.field {
            "metric.name" => "body.metric.name",
            "metric.unit" => "body.metric.unit",
            "metric.best" => "body.metric.best",
            "metric.miss" => "body.metric.miss",
            _ => "body.metric",
        };
        Reason::new(
            "invalid-metric",
            error.to_string(),
            "leave `metric` out for accuracy",
        )
        .field(field)
        .limit(error.must)
        .invalid()
    })
}

fn check_budget(budget: &Budget) -> Result<(), Refusal> {
    budget.validate().map_err(|error| {
        let field = match error.field {
            "work" => "body.budget.work",
            "predict_share_percent" => "body.budget.predict_share_percent",
            "wall_seconds" => "body.budget.wall_seconds",
            "tensor_bytes" => "body.budget.tensor_bytes",
            "guest_bytes" => "body.budget.guest_bytes",
            "output_bytes" => "body.budget.output_bytes",
            _ => "body.budget",
        };
        Reason::new(
            "invalid-budget",
            error.to_string(),
            "give every limit a number in its range",
        )
        .field(field)
        .limit(format!("{} to {}", error.min, error.max))
        .invalid()
    })
}
