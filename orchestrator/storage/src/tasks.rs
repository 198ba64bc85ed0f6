//! Tasks.

use gauntlet_domain::run::{Budget, Metric};
use gauntlet_domain::{Digest, TaskId, TaskName};

use crate::{Conn, Result, parse};

/// A task to be added.
#[derive(Clone, Debug)]
pub struct TaskRow<'a> {
    /// Its id.
    pub id: TaskId,
    /// Unique name.
    pub name: &'a TaskName,
    /// One line for people.
    pub title: &'a str,
    /// A few sentences for people.
    pub description: &'a str,
    /// Licence of the data.
    pub licence: &'a str,
    /// What a method is told.
    pub info: &'a serde_json::Value,
    /// What one run may use.
    pub budget: &'a Budget,
    /// Digest of the train part.
    pub train: Digest,
    /// Digest of the hidden inputs.
    pub hidden_inputs: Digest,
    /// Digest of the hidden labels.
    pub hidden_labels: Digest,
    /// Digest of the base weights.
    pub base: Option<Digest>,
    /// What it measures.
    pub metric: &'a Metric,
    /// A score to be reached, where work until then is compared.
    pub target: Option<f64>,
    /// Whether it is there for members of its tournaments alone.
    pub private: bool,
}

/// Adds a task; false if the name is taken.
pub async fn insert(conn: &mut Conn, task: &TaskRow<'_>) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        INSERT INTO tasks (id, name, title, description, licence, info, budget,
                           train, hidden_inputs, hidden_labels, base, metric, target, private)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT ON CONSTRAINT tasks_name_key DO NOTHING
        "#,
        task.id.0,
        task.name.as_str(),
        task.title,
        task.description,
        task.licence,
        task.info,
        parse::to_json(task.budget)?,
        task.train.to_string(),
        task.hidden_inputs.to_string(),
        task.hidden_labels.to_string(),
        task.base.map(|base| base.to_string()),
        parse::to_json(task.metric)?,
        task.target,
        task.private
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
