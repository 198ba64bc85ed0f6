//! Lists of tasks, tournaments, runners and tokens.

use std::fmt::Write as _;

use gauntlet_api::{
    Member, Pile, Runner, RunnerState, Swept, Task, TokenInfo, TokenScope, TournamentSummary,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::table::{Column, render};
use super::text::{bytes, printable, work};

/// Tasks.
pub(crate) fn tasks(tasks: &[Task]) -> String {
    render(
        &[
            Column::Text("task"),
            Column::Text("title"),
            Column::Text("kind"),
            Column::Text("metric"),
            Column::Text("licence"),
            Column::Number("work"),
            Column::Number("wall"),
            Column::Number("tensors"),
        ],
        tasks.iter().map(|task| {
            [
                task.name.clone(),
                task.title.clone(),
                task.info["kind"]["kind"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                task.metric.name.clone(),
                task.licence.clone(),
                work(task.budget.work),
                format!("{} s", task.budget.wall_seconds),
                bytes(task.budget.tensor_bytes),
            ]
        }),
        "no tasks; `gauntlet up` registers those in examples/tasks",
    )
}

/// Tournaments.
pub(crate) fn tournaments(tournaments: &[TournamentSummary]) -> String {
    render(
        &[
            Column::Text("tournament"),
            Column::Text("task"),
            Column::Text("state"),
            Column::Number("methods"),
            Column::Number("runs"),
            Column::Text("champion"),
            Column::Text("created"),
        ],
        tournaments.iter().map(|tournament| {
            [
                tournament.name.clone(),
                tournament.task.clone(),
                match tournament.private {
                    true => format!("{}, private", tournament.state.as_str()),
                    false => tournament.state.as_str().to_owned(),
                },
                tournament.methods.to_string(),
                format!("{}/{}", tournament.runs_done, tournament.runs_total),
                tournament.champion.clone().unwrap_or_default(),
                instant(tournament.created_at),
            ]
        }),
        "no tournaments; make one with `gauntlet tournament create NAME --task TASK`",
    )
}

/// Members of a private tournament, by name.
pub(crate) fn members(members: &[Member]) -> String {
    render(
        &[
            Column::Text("account"),
            Column::Text("role"),
            Column::Text("since"),
        ],
        members.iter().map(|member| {
            [
                member.account.clone(),
                member.role.clone(),
                instant(member.since),
            ]
        }),
        "no members; a private tournament has its organiser for one",
    )
}

/// What a sweep of the blobs did, or would do.
pub(crate) fn swept(swept: &Swept) -> String {
    let grace = format!("{} h", swept.grace_seconds / 3_600);
    let line =
        |what: &str, pile: Pile| [what.to_owned(), pile.count.to_string(), bytes(pile.bytes)];
    let done = |done: &'static str, would: &'static str| {
        if swept.dry_run { would } else { done }
    };
    let table = render(
        &[
            Column::Text("blobs"),
            Column::Number("count"),
            Column::Number("size"),
        ],
        [
            line("stored", swept.blobs),
            line(done("set aside", "would be set aside"), swept.set_aside),
            line("waiting aside", swept.waiting),
            line(done("removed", "would be removed"), swept.removed),
            line(
                done("brought back", "would be brought back"),
                swept.brought_back,
            ),
            line(
                done("broken uploads removed", "broken uploads to remove"),
                swept.halves,
            ),
        ],
        "",
    );
    format!("{table}\nUnnamed for {grace}, a blob is set aside; after {grace} more it is removed.")
}

/// Runners, and below the table what is wrong with those that are not in good standing.
pub(crate) fn runners(runners: &[Runner]) -> String {
    let mut text = table_of_runners(runners);
    for runner in runners {
        let Some(because) = &runner.set_aside_because else {
            continue;
        };
        let until = match runner.set_aside_until {
            Some(until) => format!(" until {}", instant(until)),
            None => String::new(),
        };
        let _ = write!(
            text,
            "\n{} is {}{until}: {}",
            runner.name,
            standing(runner),
            printable(because)
        );
        if let Some(fault) = &runner.last_fault {
            let _ = write!(text, "; it last said: {}", printable(fault));
        }
    }
    text
}

fn standing(runner: &Runner) -> &'static str {
    match runner.state {
        RunnerState::Serving => "serving",
        RunnerState::SetAside => "set aside",
        RunnerState::Probation => "on probation",
    }
}

fn table_of_runners(runners: &[Runner]) -> String {
    render(
        &[
            Column::Text("runner"),
            Column::Text("alive"),
            Column::Text("state"),
            Column::Text("class"),
            Column::Text("release"),
            Column::Text("last heard"),
            Column::Text("id"),
        ],
        runners.iter().map(|runner| {
            [
                runner.name.clone(),
                if runner.alive { "yes" } else { "no" }.to_owned(),
                standing(runner).to_owned(),
                runner.class.clone(),
                runner.version.clone(),
                instant(runner.last_seen_at),
                runner.id.to_string(),
            ]
        }),
        "no runners; `gauntlet up` starts one, `gauntlet-runner` adds others",
    )
}

/// Tokens.
pub(crate) fn tokens(tokens: &[TokenInfo]) -> String {
    let at = |at: Option<OffsetDateTime>| at.map(instant).unwrap_or_default();
    render(
        &[
            Column::Text("note"),
            Column::Text("scope"),
            Column::Text("account"),
            Column::Text("state"),
            Column::Text("last used"),
            Column::Text("created"),
            Column::Text("id"),
        ],
        tokens.iter().map(|token| {
            [
                token.note.clone(),
                scope(token.scope).to_owned(),
                format!("{} ({})", token.account, token.role),
                match (token.revoked_at, token.expires_at) {
                    (Some(_), _) => format!("revoked {}", at(token.revoked_at)),
                    (None, Some(_)) if token.usable => format!("until {}", at(token.expires_at)),
                    (None, Some(_)) => format!("expired {}", at(token.expires_at)),
                    (None, None) => "good".to_owned(),
                },
                at(token.last_used_at),
                instant(token.created_at),
                token.id.to_string(),
            ]
        }),
        "no tokens",
    )
}

fn scope(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Admin => "admin",
        TokenScope::Organiser => "organiser",
        TokenScope::Miner => "miner",
        TokenScope::Runner => "runner",
        TokenScope::Reader => "reader",
    }
}

/// An instant, to the second.
pub(super) fn instant(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0)
        .unwrap_or(at)
        .format(&Rfc3339)
        .unwrap_or_default()
}
