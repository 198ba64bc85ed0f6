//! Prepares a tournament.

use gauntlet_domain::record::{Event, TournamentTask};
use gauntlet_domain::run::Metric;
use gauntlet_domain::tournament::{Combine, Nonce, Rules, Share};
use gauntlet_domain::{AccountId, TaskName, TournamentId, TournamentName};
use gauntlet_storage::views::TaskView;
use gauntlet_storage::{Access, Conn, events, members, shares, tournaments};
use uuid::Uuid;

use super::{find, share};
use crate::{Context, Reason, Refusal};

/// A tournament to be prepared.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTournament {
    /// Unique name.
    pub name: TournamentName,
    /// Its task.
    pub task: TaskName,
    /// Further tasks, over which blocks are dealt in turn.
    pub more_tasks: Vec<TaskName>,
    /// Its rules.
    pub rules: Rules,
    /// For demonstrations that must come out the same every time: the nonce
    /// follows from this text. Otherwise it is random.
    pub phrase: Option<String>,
    /// Its part of the runners' time.
    pub share: Share,
    /// Whose it is: an account's tournaments share what is the organiser's; none if nobody asked
    /// by a token.
    pub organiser: Option<AccountId>,
    /// Whether it is there for its members alone.
    pub private: bool,
}

/// Makes the draft, with a nonce that stays secret until closing.
pub async fn create_tournament(ctx: &Context, new: NewTournament) -> Result<TournamentId, Refusal> {
    let mut tx = ctx.begin().await?;
    let id = create(&mut tx, new).await?;
    ctx.commit(tx, "create").await?;
    Ok(id)
}

/// The same as part of a larger transaction.
pub(crate) async fn create(conn: &mut Conn, new: NewTournament) -> Result<TournamentId, Refusal> {
    let tasks = (&new.task, new.more_tasks.as_slice());
    let whose = (new.organiser, new.private);
    let tasks = check(&mut *conn, &new.rules, tasks, whose).await?;
    share::check(new.share, "body.share")?;
    let nonce = match &new.phrase {
        Some(phrase) => Nonce::from_phrase(phrase),
        None => Nonce::new(rand::random()),
    };

    let id = TournamentId(Uuid::now_v7());
    let (task, more) = tasks;
    let row = (task.id, &new.rules, &nonce);
    tournaments::insert(&mut *conn, id, &new.name, row, new.private)
        .await
        .map_err(|error| match error.constraint() {
            Some("tournaments_name_key") => Reason::new(
                "name-taken",
                format!("there is a tournament `{}` already", new.name),
                "choose another name",
            )
            .field("body.name")
            .conflict(),
            _ => error.into(),
        })?;
    for (number, task) in (1..).zip(&more) {
        tournaments::add_task(&mut *conn, id, number, task.id).await?;
    }
    events::start(&mut *conn, id).await?;
    let event = Event::Created {
        name: new.name,
        task: new.task,
        rules: new.rules,
        metric: task.metric,
        more_tasks: more
            .into_iter()
            .map(|task| TournamentTask {
                task: task.name,
                metric: task.metric,
            })
            .collect(),
    };
    events::append(&mut *conn, id, &event).await?;
    if new.private {
        events::append(&mut *conn, id, &Event::MadePrivate).await?;
        if let Some(organiser) = new.organiser {
            members::add(&mut *conn, id, organiser).await?;
        }
    }
    if let Some(organiser) = new.organiser {
        shares::set_organiser(&mut *conn, id, organiser).await?;
    }
    if new.share != Share::default() {
        shares::set(&mut *conn, id, new.share).await?;
        let event = Event::ShareSet {
            share: new.share,
            reason: None,
        };
        events::append(conn, id, &event).await?;
    }
    Ok(id)
}

/// Whether a tournament with these rules can be played on these tasks by this organiser, and be
/// private or not; gives the tasks.
pub(crate) async fn check(
    conn: &mut Conn,
    rules: &Rules,
    (task, more_tasks): (&TaskName, &[TaskName]),
    (organiser, private): (Option<AccountId>, bool),
) -> Result<(TaskView, Vec<TaskView>), Refusal> {
    rules.validate().map_err(|error| {
        Reason::new(
            "invalid-rules",
            error.to_string(),
            "docs/FORMATS.md has every rule with its default",
        )
        .field(format!("body.{}", error.field))
        .limit(error.must)
        .invalid()
    })?;
    let access = match organiser {
        Some(account) => Access::of(&mut *conn, account).await?,
        None => Access::Everything,
    };
    let task = find::task(&mut *conn, task, access).await?;
    let mut more = Vec::new();
    for name in more_tasks {
        more.push(find::task(&mut *conn, name, access).await?);
    }
    check_tasks(rules, &task, &more)?;
    check_private(rules, private, std::iter::once(&task).chain(&more))?;
    Ok((task, more))
}

/// A private task is told by no public tournament, and a private tournament takes no method out
/// of another one, whose members may be others.
fn check_private<'a>(
    rules: &Rules,
    private: bool,
    tasks: impl IntoIterator<Item = &'a TaskView>,
) -> Result<(), Refusal> {
    if private && rules.terms.defend {
        return Err(Reason::new(
            "private-defence",
            "in a private tournament no champion defends a title: it would come from a tournament \
             that has other members",
            "leave `terms.defend` out, or say false",
        )
        .field("body.rules.terms.defend")
        .conflict());
    }
    match tasks.into_iter().find(|task| task.private && !private) {
        Some(task) => Err(Reason::new(
            "private-task",
            format!("`{}` is a private task", task.name),
            "make the tournament private (`--private`), or choose a public task",
        )
        .field("body.private")
        .conflict()),
        None => Ok(()),
    }
}

/// Whether the rules can combine what these tasks measure.
fn check_tasks(rules: &Rules, first: &TaskView, more: &[TaskView]) -> Result<(), Refusal> {
    let refuse = |what: String, hint: &'static str| {
        Err(Reason::new("tasks-do-not-combine", what, hint)
            .field("body.more_tasks")
            .invalid())
    };
    let mut names: Vec<&TaskName> = more.iter().map(|task| &task.name).collect();
    names.push(&first.name);
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return refuse(
            format!("task `{}` is named twice", twice[0]),
            "name each task once; every block has a seed of its own anyway",
        );
    }
    let tasks = || std::iter::once(first).chain(more);
    let metrics: Vec<Metric> = tasks().map(|task| task.metric.clone()).collect();
    rules.terms.combine.fits(&metrics).map_err(|error| {
        Reason::new(
            "tasks-do-not-combine",
            error.to_string(),
            "docs/FORMATS.md says which tasks combine, and how",
        )
        .field(format!("body.{}", error.field))
        .limit(error.must)
        .invalid()
    })?;
    let by_profile = matches!(rules.terms.combine, Combine::Profile { .. });
    match tasks().find(|task| by_profile && task.target.is_none()) {
        Some(task) => refuse(
            format!(
                "`{}` has no target: a profile compares the work until one is reached",
                task.name
            ),
            "take a task whose task.toml has a `target`",
        ),
        None => Ok(()),
    }
}
