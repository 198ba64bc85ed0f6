//! What a demo is to do, kept in its data folder so that it can be gone on with.

use std::fs;
use std::path::PathBuf;

use gauntlet_domain::tournament::{Halving, Play, Rules};
use gauntlet_postgres::PrivateServer;
use gauntlet_server::data_dir::{DataDir, read_json, write_json};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::method_file::read_method;

/// The tasks of the demo; its tournaments are called like them.
pub(crate) const TASKS: [&str; 2] = ["digits", "modular-addition"];
const DEFAULT_SEED: u64 = 1;

/// What a person asked for.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The seed, if one was given.
    pub(crate) seed: Option<u64>,
    /// Go on or fail.
    pub(crate) resume: bool,
    /// Rules other than the default.
    pub(crate) rules: Option<serde_json::Value>,
    /// The methods.
    pub(crate) files: Vec<PathBuf>,
}

/// What the demo will do.
#[derive(Debug)]
pub(crate) struct Plan {
    notes: Notes,
    /// The methods, ready to be submitted.
    pub(crate) methods: Vec<Entrant>,
    /// It goes on from where an earlier one was cut off.
    pub(crate) resumed: bool,
}

/// A method to be submitted.
#[derive(Debug)]
pub(crate) struct Entrant {
    /// Its name.
    pub(crate) name: String,
    /// The module.
    pub(crate) bytes: Vec<u8>,
}

/// The notes in the data folder. Their presence says that the folder is a demo's
/// and may be replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notes {
    seed: u64,
    rules: Option<serde_json::Value>,
    methods: Vec<NotedMethod>,
    finished: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotedMethod {
    name: String,
    digest: String,
}

impl Plan {
    /// The seed of everything.
    pub(crate) fn seed(&self) -> u64 {
        self.notes.seed
    }

    /// Rules other than the default.
    pub(crate) fn rules(&self) -> Option<serde_json::Value> {
        // Rungs are the easiest to look at; whoever wants another format says so.
        let rungs = Rules::from(Play::Halving(Halving::default()));
        let rungs = serde_json::to_value(rungs).ok();
        self.notes.rules.clone().or(rungs)
    }

    /// The secret behind the tasks' hidden parts. Public, as the seed is: a demo
    /// has nobody to hide it from.
    pub(crate) fn secret(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"gauntlet/demo-task-secret/v1");
        hash.update(self.notes.seed.to_be_bytes());
        hash.finalize().into()
    }
}

/// Makes the data folder ready: goes on with the demo in it if that is unfinished
/// and the same, else clears it, if it is a demo's to clear.
pub(crate) async fn prepare(data: &DataDir, wish: Wish) -> Result<Plan, Failure> {
    let mut methods = Vec::new();
    for file in &wish.files {
        let method = read_method(file)?;
        methods.push(Entrant {
            name: method.name,
            bytes: method.bytes,
        });
    }
    let noted = methods
        .iter()
        .map(|method| NotedMethod {
            name: method.name.clone(),
            digest: hex::encode(Sha256::digest(&method.bytes)),
        })
        .collect::<Vec<_>>();
    let found: Option<Notes> = read_json(&data.demo())?;
    let notes = Notes {
        // Going on needs no seed: it is in the notes.
        seed: wish.seed.unwrap_or(match &found {
            Some(found) if wish.resume => found.seed,
            _ => DEFAULT_SEED,
        }),
        rules: wish.rules.or_else(|| match &found {
            Some(found) if wish.resume => found.rules.clone(),
            _ => None,
        }),
        methods: noted,
        finished: false,
    };
    let same = found.as_ref().is_some_and(|found| {
        (&found.methods, found.seed, &found.rules) == (&notes.methods, notes.seed, &notes.rules)
    });
    if wish.resume && !same {
        let what = match &found {
            None => format!("there is no demo in {}", data.root().display()),
            Some(found) => format!(
                "the demo in {} is another one (seed {}, {} methods)",
                data.root().display(),
                found.seed,
                found.methods.len()
            ),
        };
        return Err(Failure::input(what)
            .field("--resume")
            .help("leave out --resume to start a new demo there"));
    }
    let finished = found.as_ref().is_some_and(|found| found.finished);
    let resumed = same && (wish.resume || !finished);
    if !resumed {
        if found.is_none() && holds_something(data)? {
            return Err(Failure::input(format!(
                "{} holds data that is not a demo's",
                data.root().display()
            ))
            .field("--data")
            .help("name an empty or new folder"));
        }
        clear(data).await?;
    }
    data.create()?;
    if !resumed {
        write_json(&data.demo(), &notes)?;
    }
    Ok(Plan {
        notes,
        methods,
        resumed,
    })
}

/// Notes that the demo is done.
pub(crate) fn finish(data: &DataDir, plan: &Plan) -> Result<(), Failure> {
    let mut notes = plan.notes.clone();
    notes.finished = true;
    Ok(write_json(&data.demo(), &notes)?)
}

fn holds_something(data: &DataDir) -> Result<bool, Failure> {
    match fs::read_dir(data.root()) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::file("read", data.root(), error)),
    }
}

/// Removes an earlier demo, all but its cache of compiled modules, which depends
/// on the modules alone.
async fn clear(data: &DataDir) -> Result<(), Failure> {
    if !data.root().exists() {
        return Ok(());
    }
    let _lock = data.lock()?;
    let left_running = data.postgres().join("cluster/postmaster.pid").exists();
    if left_running {
        // A demo was killed and its server may not have noticed yet: starting a
        // server stops that one. What it says does not matter, its files go.
        if let Ok(server) =
            PrivateServer::start(gauntlet_postgres::Options::new(data.postgres())).await
        {
            let _ = server.stop().await;
        }
    }
    let entries =
        fs::read_dir(data.root()).map_err(|error| Failure::file("read", data.root(), error))?;
    // The notes go last: until then the folder can be seen to be a demo's.
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| Failure::file("read", data.root(), error))?
            .path();
        let kept = path == data.cache() || path == data.demo() || path.ends_with("lock");
        if !kept {
            paths.push(path);
        }
    }
    paths.push(data.demo());
    for path in paths {
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file("remove", &path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::resolve(Some(folder.path().join("demo"))).unwrap();
        (folder, data)
    }

    fn wish(seed: Option<u64>, resume: bool) -> Wish {
        Wish {
            seed,
            resume,
            rules: None,
            files: Vec::new(),
        }
    }

    #[tokio::test]
    async fn an_unfinished_demo_is_gone_on_with_and_a_finished_one_replaced() {
        let (_folder, data) = scratch();
        assert!(!prepare(&data, wish(Some(7), false)).await.unwrap().resumed);
        let marker = data.root().join("blobs/marker");
        fs::write(&marker, "").unwrap();
        let plan = prepare(&data, wish(Some(7), false)).await.unwrap();
        assert!(plan.resumed && marker.exists());
        finish(&data, &plan).unwrap();
        assert!(!prepare(&data, wish(Some(7), false)).await.unwrap().resumed);
        assert!(!marker.exists());
    }

    #[tokio::test]
    async fn resuming_takes_the_seed_from_the_notes_and_needs_the_same_demo() {
        let (_folder, data) = scratch();
        assert!(prepare(&data, wish(None, true)).await.is_err());
        prepare(&data, wish(Some(7), false)).await.unwrap();
        assert_eq!(prepare(&data, wish(None, true)).await.unwrap().seed(), 7);
        let refused = prepare(&data, wish(Some(8), true)).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("--resume"));
    }

    #[tokio::test]
    async fn a_folder_that_is_not_a_demos_is_left_alone() {
        let (_folder, data) = scratch();
        data.create().unwrap();
        fs::write(data.root().join("thesis.tex"), "").unwrap();
        let refused = prepare(&data, wish(None, false)).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("--data"));
        assert!(data.root().join("thesis.tex").exists());
    }

    #[test]
    fn secrets_of_different_seeds_differ() {
        let plan = |seed| Plan {
            notes: Notes {
                seed,
                rules: None,
                methods: Vec::new(),
                finished: false,
            },
            methods: Vec::new(),
            resumed: false,
        };
        assert_ne!(plan(1).secret(), plan(2).secret());
        assert_eq!(plan(1).secret(), plan(1).secret());
    }
}
