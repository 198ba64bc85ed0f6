//! Archives champions, and says who holds a task's title. Both follow the latest judgement: of
//! the round that ended a tournament, or of a rejudgement after it.

use gauntlet_domain::tournament::Tournament;
use gauntlet_domain::{ArchiveId, SubmissionId};
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::{Conn, Error, archive, submissions, views};
use uuid::Uuid;

use crate::card;

/// Adds the champion's entry; none if none of its runs left a model.
pub(crate) async fn add(
    conn: &mut Conn,
    loaded: &Loaded,
    champion: SubmissionId,
) -> Result<Option<ArchiveId>, Error> {
    put(conn, loaded, &loaded.tournament, champion, None).await
}

/// Writes the entry of a champion of `tournament`, which is `loaded` as it was judged last:
/// a new one, or the card of the one it has.
async fn put(
    conn: &mut Conn,
    loaded: &Loaded,
    tournament: &Tournament,
    champion: SubmissionId,
    has: Option<ArchiveId>,
) -> Result<Option<ArchiveId>, Error> {
    let models = play::models(&mut *conn, loaded.row.id, champion).await?;
    let task = task_of(&mut *conn, loaded).await?;
    let Some(card) = card::write(loaded, tournament, &task, champion, &models) else {
        return Ok(has);
    };
    if let Some(entry) = has {
        archive::set_card(conn, entry, &card).await?;
        return Ok(has);
    }
    let entry = archive::NewEntry {
        id: ArchiveId(Uuid::now_v7()),
        tournament: loaded.row.id,
        task: task.id,
        submission: champion,
        card: &card,
    };
    archive::insert(conn, &entry).await?;
    Ok(Some(entry.id))
}

/// The entry of a defender that kept its title: the one it won it with. If that was taken back
/// since, the defence is what it holds the title by, and gets an entry.
pub(crate) async fn kept(
    conn: &mut Conn,
    loaded: &Loaded,
    defender: SubmissionId,
) -> Result<Option<ArchiveId>, Error> {
    match submissions::defends(&mut *conn, defender).await? {
        Some(entry) if !archive::is_withdrawn(&mut *conn, entry).await? => Ok(Some(entry)),
        _ => add(conn, loaded, defender).await,
    }
}

/// Brings the archive in line with a tournament that was judged again: `judged` is `loaded` as
/// it stands now, `out` are those disqualified by the rejudgement. The champion has an entry
/// with a card of now, other entries of the tournament are taken back, and the title goes to
/// whom it belongs.
pub(crate) async fn judged_again(
    conn: &mut Conn,
    loaded: &Loaded,
    judged: &Tournament,
    out: &[SubmissionId],
    reason: &str,
) -> Result<(), Error> {
    let id = loaded.row.id;
    let name = &loaded.row.name;
    archive::lock_title(&mut *conn, loaded.row.task).await?;
    archive::forget_withdrawals(&mut *conn, id).await?;
    let defender = judged.defender().map(|one| one.submission);
    let ours = archive::entries_of(&mut *conn, id).await?;
    let champion = judged.champion();
    for (entry, who) in ours.iter().filter(|(_, who)| Some(*who) != champion) {
        let disqualified = out.contains(who);
        let because = if disqualified {
            format!("disqualified in {name}: {reason}")
        } else {
            format!("{name} was judged again: {reason}")
        };
        archive::withdraw(&mut *conn, *entry, id, &because, disqualified).await?;
    }
    if let Some(champion) = champion {
        let own = ours.iter().find(|(_, who)| *who == champion);
        match own {
            Some((entry, _)) => {
                put(&mut *conn, loaded, judged, champion, Some(*entry)).await?;
            }
            None if defender == Some(champion) => {}
            None => {
                put(&mut *conn, loaded, judged, champion, None).await?;
            }
        }
    }
    if let Some(defender) = defender {
        let recorded = submissions::disqualified_because(&mut *conn, defender).await?;
        let because = recorded.or_else(|| out.contains(&defender).then(|| reason.to_owned()));
        if let Some(because) = because {
            defender_out(&mut *conn, loaded, defender, &because).await?;
        }
    }
    settle_title(conn, loaded).await
}

/// A defender is out for breaking rules: what it won its title with is taken back.
pub(crate) async fn defender_out(
    conn: &mut Conn,
    loaded: &Loaded,
    defender: SubmissionId,
    reason: &str,
) -> Result<(), Error> {
    let Some(entry) = submissions::defends(&mut *conn, defender).await? else {
        return Ok(());
    };
    let because = format!("disqualified in {}: {reason}", loaded.row.name);
    archive::withdraw(conn, entry, loaded.row.id, &because, true).await
}

/// Points the alias of the task's champion at whom it belongs to by the latest judgements; takes
/// it away if there is no champion any more.
pub(crate) async fn settle_title(conn: &mut Conn, loaded: &Loaded) -> Result<(), Error> {
    let task = task_of(&mut *conn, loaded).await?;
    archive::lock_title(&mut *conn, task.id).await?;
    let alias = archive::champion_alias(&task.name);
    match archive::title_of(&mut *conn, task.id).await? {
        Some(entry) => archive::set_alias(conn, &alias, entry).await,
        None => archive::drop_alias(conn, &alias).await,
    }
}

/// The task whose title is played for: the first of a tournament's.
pub(crate) async fn task_of(conn: &mut Conn, loaded: &Loaded) -> Result<views::TaskView, Error> {
    views::task_by_id(conn, loaded.row.task)
        .await?
        .ok_or_else(|| Error::Corrupt("a tournament without its task".to_owned()))
}
