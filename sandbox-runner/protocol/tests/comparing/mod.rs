//! Messages of releases, compared: for the tests of both wires, in the package whose test this is
//! a part of.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// What a later release says, anywhere.
pub(crate) const LATER: &str = "said_by_a_later_release";

/// Reads a message as today's programs do, and writes it as they do.
pub(crate) type Reader = fn(Value) -> Result<Value, String>;

pub(crate) fn reader<T: Serialize + DeserializeOwned>(message: Value) -> Result<Value, String> {
    let read: T = serde_json::from_value(message).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

/// What programs of the last release wrote and had read.
pub(crate) fn released() -> BTreeMap<String, Value> {
    all("released/0.1", "", ".json")
}

/// What today's write.
pub(crate) fn today() -> BTreeMap<String, Value> {
    all("snapshots", "wire__", ".snap")
}

/// All files of a folder, by the names of their messages.
fn all(name: &str, before: &str, after: &str) -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name);
    let files = std::fs::read_dir(folder).unwrap();
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

/// The table has every message, in order, and no message of the last release is gone.
pub(crate) fn are_all<'a>(table: impl Iterator<Item = &'a str>) {
    let table: Vec<&str> = table.collect();
    let names = |messages: BTreeMap<String, Value>| messages.into_keys().collect::<Vec<_>>();
    assert_eq!(table, names(today()));
    for name in names(released()) {
        assert!(table.contains(&name.as_str()), "{name} was taken away");
    }
}

/// Old writers, today's readers: nothing of what was said is lost.
pub(crate) fn what_was_written_is_read<'a>(table: impl Iterator<Item = (&'a str, Reader)>) {
    let released = released();
    for (name, read) in table {
        let Some(old) = released.get(name) else {
            continue;
        };
        let again = read(old.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        keeps(old, &again, name);
    }
}

/// Today's writers, old readers: what these look for is where it was.
pub(crate) fn what_was_looked_for_is_written() {
    let today = today();
    for (name, old) in released() {
        keeps(&old, &today[&name], &name);
    }
}

/// Adds a field to every object in it, but within those that are `anything`.
pub(crate) fn with_more(message: &Value, anything: &[&str]) -> Value {
    match message {
        Value::Object(fields) => {
            let fields = fields.iter();
            let mut more: Map<String, Value> = fields
                .map(|(name, value)| {
                    let value = if anything.contains(&name.as_str()) {
                        value.clone()
                    } else {
                        with_more(value, anything)
                    };
                    (name.clone(), value)
                })
                .collect();
            more.insert(LATER.to_owned(), json!({ "a": [1, 2] }));
            more.into()
        }
        Value::Array(items) => {
            let items = items.iter();
            items.map(|item| with_more(item, anything)).collect()
        }
        other => other.clone(),
    }
}
