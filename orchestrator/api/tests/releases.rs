//! Programs of different releases speak with each other: what the last release wrote is read
//! today, and what it looks for is still written.
//!
//! `released/VERSION` has every message as that release wrote it; nothing in there changes. With a
//! release, the present snapshots become a folder of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gauntlet_api::{
    ArchiveEntry, AttemptState, ChangeEvent, ChangeShare, CollectGarbage, Direction, Disqualify,
    Health, List, NewSeries, NewTask, NewToken, NewTournament, Problem, Ratings, Receipt, Record,
    Rejudge, Rejudged, Retry, RoundState, Run, RunState, Runner, Series, Swept, Task, Token,
    TokenInfo, TokenScope, Tournament, TournamentState, TournamentSummary, Verdict, WithReason,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Who writes a message.
#[derive(Clone, Copy)]
enum Side {
    /// The server; clients of any release read it.
    Answer,
    /// A client.
    Request,
}

/// Reads a message as today's programs do, and writes it as they do.
type Reader = fn(Value) -> Result<Value, String>;

fn reader<T: Serialize + DeserializeOwned>(message: Value) -> Result<Value, String> {
    let read: T = serde_json::from_value(message).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

/// What each file in `released` and in `snapshots` is.
const MESSAGES: &[(&str, Reader, Side)] = &[
    ("archive_entry", reader::<ArchiveEntry>, Side::Answer),
    ("attempt_states", reader::<Vec<AttemptState>>, Side::Answer),
    ("change_event", reader::<ChangeEvent>, Side::Answer),
    ("change_share", reader::<ChangeShare>, Side::Request),
    ("collect_garbage", reader::<CollectGarbage>, Side::Request),
    ("directions", reader::<Vec<Direction>>, Side::Answer),
    ("disqualify", reader::<Disqualify>, Side::Request),
    ("health", reader::<Health>, Side::Answer),
    ("new_series", reader::<NewSeries>, Side::Request),
    ("new_task", reader::<NewTask>, Side::Request),
    ("new_task_bare", reader::<NewTask>, Side::Request),
    ("new_token", reader::<NewToken>, Side::Request),
    ("new_token_of_an_account", reader::<NewToken>, Side::Request),
    ("new_tournament", reader::<NewTournament>, Side::Request),
    (
        "new_tournament_bare",
        reader::<NewTournament>,
        Side::Request,
    ),
    ("problem", reader::<Problem>, Side::Answer),
    ("problem_bare", reader::<Problem>, Side::Answer),
    ("ratings", reader::<Ratings>, Side::Answer),
    ("receipt", reader::<Receipt>, Side::Answer),
    ("receipt_with_notes", reader::<Receipt>, Side::Answer),
    ("record", reader::<Record>, Side::Answer),
    ("rejudge", reader::<Rejudge>, Side::Request),
    ("rejudge_bare", reader::<Rejudge>, Side::Request),
    ("rejudged", reader::<Rejudged>, Side::Answer),
    ("retry", reader::<Retry>, Side::Request),
    ("round_states", reader::<Vec<RoundState>>, Side::Answer),
    ("run", reader::<Run>, Side::Answer),
    ("run_bare", reader::<Run>, Side::Answer),
    ("run_states", reader::<Vec<RunState>>, Side::Answer),
    ("runner", reader::<Runner>, Side::Answer),
    ("runner_set_aside", reader::<Runner>, Side::Answer),
    ("series", reader::<Series>, Side::Answer),
    ("swept", reader::<Swept>, Side::Answer),
    ("task", reader::<Task>, Side::Answer),
    ("task_bare", reader::<Task>, Side::Answer),
    ("token", reader::<Token>, Side::Answer),
    ("token_info", reader::<TokenInfo>, Side::Answer),
    ("token_scopes", reader::<Vec<TokenScope>>, Side::Answer),
    ("tournament", reader::<Tournament>, Side::Answer),
    ("tournament_bare", reader::<Tournament>, Side::Answer),
    (
        "tournament_list",
        reader::<List<TournamentSummary>>,
        Side::Answer,
    ),
    (
        "tournament_states",
        reader::<Vec<TournamentState>>,
        Side::Answer,
    ),
    ("verdicts", reader::<Vec<Verdict>>, Side::Answer),
    ("with_reason", reader::<WithReason>, Side::Request),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// All files of a folder, by the names of their messages.
fn all(name: &str, before: &str, after: &str) -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(folder(name)).unwrap();
    let files = files.map(|file| {
        let path = file.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let name = file
            .strip_prefix(before)
            .and_then(|name| name.strip_suffix(after));
        let text = std::fs::read_to_string(&path).unwrap();
        // A snapshot has a head between two lines.
        let json = text.rsplit("---\n").next().unwrap();
        let name = name.unwrap_or_else(|| panic!("{file} is none")).to_owned();
        (name, serde_json::from_str(json).unwrap())
    });
    files.collect()
}

/// What programs of that release wrote and had read.
fn released() -> BTreeMap<String, Value> {
    all("released/0.1", "", ".json")
}

/// What today's write.
fn today() -> BTreeMap<String, Value> {
    all("snapshots", "wire__", ".snap")
}

/// Everything in `old` is in `new`, where it was and as it was.
fn keeps(old: &Value, new: &Value, place: &str) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, old) in old {
                let new = new.get(name);
                let new = new.unwrap_or_else(|| panic!("{place}.{name} is not there any more"));
                keeps(old, new, &format!("{place}.{name}"));
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            assert!(old.len() <= new.len(), "{place} has become shorter");
            for (nth, (old, new)) in old.iter().zip(new).enumerate() {
                keeps(old, new, &format!("{place}[{nth}]"));
            }
        }
        _ => assert_eq!(old, new, "{place}"),
    }
}

#[test]
fn every_message_is_in_the_table() {
    let table: Vec<&str> = MESSAGES.iter().map(|(name, ..)| *name).collect();
    let names = |messages: BTreeMap<String, Value>| messages.into_keys().collect::<Vec<_>>();
    assert_eq!(table, names(today()));
    for name in names(released()) {
        assert!(table.contains(&name.as_str()), "{name} was taken away");
    }
}

/// Old writers, today's readers: nothing of what was said is lost.
#[test]
fn what_the_last_release_wrote_is_read() {
    let released = released();
    for (name, read, ..) in MESSAGES {
        let Some(old) = released.get(*name) else {
            continue;
        };
        let again = read(old.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        keeps(old, &again, name);
    }
}

/// Today's writers, old readers: what these look for is where it was.
#[test]
fn what_the_last_release_looks_for_is_written() {
    let today = today();
    for (name, old) in released() {
        keeps(&old, &today[&name], &name);
    }
}

/// A later release says more than is known today: in an answer it is passed over, in a request it
/// would be something that is asked for and not done.
#[test]
fn what_is_not_known_is_passed_over_in_answers_and_refused_in_requests() {
    for (name, read, side) in MESSAGES {
        let known = &today()[*name];
        // What is inside is read as strictly where it is a part of a request too, such as a metric.
        let Value::Object(mut newer) = known.clone() else {
            continue;
        };
        newer.insert("said_by_a_later_release".to_owned(), json!({ "a": [1, 2] }));
        let read = read(newer.into());
        match side {
            Side::Answer => assert_eq!(read.as_ref(), Ok(known), "{name}"),
            Side::Request => {
                let error = read.unwrap_err();
                assert!(error.contains("said_by_a_later_release"), "{name}: {error}");
            }
        }
    }
}
