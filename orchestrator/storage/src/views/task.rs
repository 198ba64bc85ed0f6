use gauntlet_domain::run::{Budget, Metric};
use gauntlet_domain::{Digest, TaskId, TaskName};
use time::OffsetDateTime;

use crate::page::Page;
use crate::{Access, Conn, Error, Result, parse};

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// Unique name.
    pub name: TaskName,
    /// One line for people.
    pub title: String,
    /// A few sentences for people.
    pub description: String,
    /// Licence of the data.
    pub licence: String,
    /// What a method is told.
    pub info: serde_json::Value,
    /// What one run may use.
    pub budget: Budget,
    /// Digest of the train part.
    pub train: Digest,
    /// Digest of the hidden inputs: for runners, not for the public.
    pub hidden_inputs: Digest,
    /// Digest of the hidden labels: for runners, not for the public.
    pub hidden_labels: Digest,
    /// Digest of the base weights, if it carries some.
    pub base: Option<Digest>,
    /// What it measures.
    pub metric: Metric,
    /// A score to be reached, where work until then is compared.
    pub target: Option<f64>,
    /// Whether it is there for members of its tournaments alone.
    pub private: bool,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// All tasks that are there for `access`, by name.
pub async fn tasks(
    conn: &mut Conn,
    page: &Page<TaskName>,
    access: Access,
) -> Result<Vec<TaskView>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT * FROM tasks
        WHERE ($1::text IS NULL OR name > $1)
          AND (NOT tasks.private OR $3
               OR EXISTS (SELECT FROM tournament_members AS members
                          JOIN tournament_tasks USING (tournament_id)
                          WHERE members.account_id = $4
                            AND tournament_tasks.task_id = tasks.id))
        ORDER BY name LIMIT $2
        "#,
        page.after.as_ref().map(TaskName::as_str),
        page.limit,
        access.is_everything(),
        access.account()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TaskView::try_from).collect()
}

/// The task of that name, if it is there for `access`.
pub async fn task(conn: &mut Conn, name: &TaskName, access: Access) -> Result<Option<TaskView>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT * FROM tasks
        WHERE name = $1
          AND (NOT tasks.private OR $2
               OR EXISTS (SELECT FROM tournament_members AS members
                          JOIN tournament_tasks USING (tournament_id)
                          WHERE members.account_id = $3
                            AND tournament_tasks.task_id = tasks.id))
        "#,
        name.as_str(),
        access.is_everything(),
        access.account()
    )
    .fetch_optional(conn)
    .await?;
    row.map(TaskView::try_from).transpose()
}

/// The task with that id.
pub async fn task_by_id(conn: &mut Conn, id: TaskId) -> Result<Option<TaskView>> {
    let row = sqlx::query_as!(Row, "SELECT * FROM tasks WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await?;
    row.map(TaskView::try_from).transpose()
}

struct Row {
    id: uuid::Uuid,
    name: String,
    title: String,
    description: String,
    licence: String,
    info: serde_json::Value,
    budget: serde_json::Value,
    train: String,
    hidden_inputs: String,
    hidden_labels: String,
    base: Option<String>,
    metric: serde_json::Value,
    created_at: OffsetDateTime,
    target: Option<f64>,
    private: bool,
}

impl TryFrom<Row> for TaskView {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: TaskId(row.id),
            name: parse::text("tasks.name", &row.name)?,
            title: row.title,
            description: row.description,
            licence: row.licence,
            info: row.info,
            budget: parse::json("tasks.budget", row.budget)?,
            train: parse::text("tasks.train", &row.train)?,
            hidden_inputs: parse::text("tasks.hidden_inputs", &row.hidden_inputs)?,
            hidden_labels: parse::text("tasks.hidden_labels", &row.hidden_labels)?,
            base: parse::optional("tasks.base", row.base.as_deref())?,
            metric: parse::json("tasks.metric", row.metric)?,
            target: row.target,
            private: row.private,
            created_at: row.created_at,
        })
    }
}
