//! Prepares a tournament.

use gauntlet_domain::{Event, Nonce, Rules, TaskName, TournamentId, TournamentName};
use gauntlet_storage::{events, tournaments};
use uuid::Uuid;

use super::find;
use crate::{Context, Reason, Refusal};

/// A tournament to be prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTournament {
    /// Unique name.
    pub name: TournamentName,
    /// Its task.
    pub task: TaskName,
    /// Its rules.
    pub rules: Rules,
    /// For demonstrations that must come out the same every time: the nonce
    /// follows from this text. Otherwise it is random.
    pub phrase: Option<String>,
}

/// Makes the draft, with a nonce that stays secret until closing.
pub async fn create_tournament(ctx: &Context, new: NewTournament) -> Result<TournamentId, Refusal> {
    new.rules.validate().map_err(|error| {
        let field = match error.field {
            "rules.rungs" => "body.rules.rungs",
            "rules.eta" => "body.rules.eta",
            "rules.blocks_per_rung" => "body.rules.blocks_per_rung",
            _ => "body.rules",
        };
        Reason::new(
            "invalid-rules",
            error.to_string(),
            "the default is {\"format\":\"halving\",\"rungs\":3,\"eta\":2,\"blocks_per_rung\":[1,2,3]}",
        )
        .field(field)
        .limit(error.must)
        .invalid()
    })?;
    let nonce = match &new.phrase {
        Some(phrase) => Nonce::from_phrase(phrase),
        None => Nonce::new(rand::random()),
    };

    let id = TournamentId(Uuid::now_v7());
    let mut tx = ctx.db.begin().await?;
    let task = find::task(&mut tx, &new.task).await?;
    tournaments::insert(&mut tx, id, &new.name, task.id, &new.rules, &nonce)
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
    events::start(&mut tx, id).await?;
    let event = Event::Created {
        name: new.name,
        task: new.task,
        rules: new.rules,
        metric: task.metric,
    };
    events::append(&mut tx, id, &event).await?;
    tx.commit().await.map_err(gauntlet_storage::Error::from)?;
    Ok(id)
}
