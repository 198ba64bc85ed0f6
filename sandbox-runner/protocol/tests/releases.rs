//! Programs of different releases speak with each other: what the last release wrote is read
//! today, and what it looks for is still written.
//!
//! `released/VERSION` has every message as that release wrote it; nothing in there changes. With a
//! release, the present snapshots become a folder of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gauntlet_protocol::{
    Assignment, Assignments, Fault, Heartbeat, Lane, LeaseExtended, LeaseRequest, LeasesRequest,
    Register, Registered, Report, ReportAnswers, Reports, Verdict,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Reads a message as today's programs do, and writes it as they do.
type Reader = fn(Value) -> Result<Value, String>;

fn reader<T: Serialize + DeserializeOwned>(message: Value) -> Result<Value, String> {
    let read: T = serde_json::from_value(message).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

/// What each file in `released` and in `snapshots` is.
const MESSAGES: &[(&str, Reader)] = &[
    ("assignment", reader::<Assignment>),
    ("assignment_bare", reader::<Assignment>),
    ("assignments", reader::<Assignments>),
    ("fault", reader::<Fault>),
    ("faults_of_other_causes", reader::<Vec<Fault>>),
    ("heartbeat", reader::<Heartbeat>),
    ("heartbeat_bare", reader::<Heartbeat>),
    ("lanes", reader::<Vec<Lane>>),
    ("lease_extended", reader::<LeaseExtended>),
    ("lease_extended_bare", reader::<LeaseExtended>),
    ("lease_request", reader::<LeaseRequest>),
    ("leases_request", reader::<LeasesRequest>),
    ("register", reader::<Register>),
    ("registered", reader::<Registered>),
    ("report", reader::<Report>),
    ("report_answers", reader::<ReportAnswers>),
    ("report_bare", reader::<Report>),
    ("reports", reader::<Reports>),
    ("verdicts", reader::<Vec<Verdict>>),
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

/// Adds a field to every object in it.
fn with_more(message: &Value) -> Value {
    match message {
        Value::Object(fields) => {
            let fields = fields.iter();
            let mut more: Map<String, Value> = fields
                .map(|(name, value)| match name.as_str() {
                    // What a method is told is anything.
                    "info" => (name.clone(), value.clone()),
                    _ => (name.clone(), with_more(value)),
                })
                .collect();
            more.insert("said_by_a_later_release".to_owned(), json!({ "a": [1, 2] }));
            more.into()
        }
        Value::Array(items) => items.iter().map(with_more).collect(),
        other => other.clone(),
    }
}

/// A later release says more than is known today, anywhere.
#[test]
fn what_is_not_known_is_passed_over() {
    for (name, read) in MESSAGES {
        let known = &today()[*name];
        assert_eq!(read(with_more(known)).as_ref(), Ok(known), "{name}");
    }
}
