//! The files of one layer, as an engine that unpacks it would have them.
//!
//! Names are kept as hashes under a key of our own, so that the largest image takes some
//! megabytes.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::budget::Budget;
use crate::refusal::{Refusal, Rule, printable};

/// Links that one name may lead through, as Linux has it.
pub(crate) const HOPS: usize = 40;

/// A folder of one layer.
pub(crate) type FolderId = u32;
/// The layer's top.
pub(crate) const ROOT: FolderId = 0;

/// What lies under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Folder {
        id: FolderId,
        /// What layers below have there is hidden.
        opaque: bool,
        /// An entry of its own was written for it.
        written: bool,
    },
    File,
    /// A symbolic link, by the number of its target.
    Link(u32),
    /// What layers below have under the name is hidden.
    Removed,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct LayerTree {
    keys: RandomState,
    nodes: HashMap<(FolderId, u64), Node>,
    targets: Vec<Box<str>>,
    folders: u32,
    /// There is a mark at the top.
    opaque: bool,
}

/// Something to be written for an entry, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An empty folder that no entry of its own speaks of.
    Folder(String),
    /// The mark that hides what layers below have in a folder.
    Opaque(String),
    /// The mark that hides what layers below have under a name.
    Removed(String),
    /// The entry itself under its name, and the name that a hard link leads to.
    Entry(String, Option<String>),
}

/// A folder that was entered, and how.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) folder: FolderId,
    /// Its name, without links.
    pub(crate) path: String,
    /// What has to be written before anything in it.
    pub(crate) steps: Vec<Step>,
}

impl LayerTree {
    /// `keys` must be the same for all layers of an image.
    pub(crate) fn new(keys: &RandomState) -> Self {
        Self {
            keys: keys.clone(),
            nodes: HashMap::new(),
            targets: Vec::new(),
            folders: 1,
            opaque: false,
        }
    }

    pub(crate) fn get(&self, folder: FolderId, part: &str) -> Option<Node> {
        self.nodes.get(&(folder, self.keys.hash_one(part))).copied()
    }

    pub(crate) fn target(&self, link: u32) -> &str {
        self.targets.get(link as usize).map_or("", |text| text)
    }

    /// Remembers a link's target.
    pub(crate) fn new_target(&mut self, target: &str, budget: &mut Budget) -> Result<u32, Refusal> {
        budget.link(target)?;
        let link = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
        self.targets.push(target.into());
        Ok(link)
    }

    /// Notes that all of the layers below is to be hidden. Whether that is new.
    pub(crate) fn make_opaque(&mut self) -> bool {
        !std::mem::replace(&mut self.opaque, true)
    }

    /// Goes into the folder `path` by the layer's own links and makes what is missing;
    /// `name` is what is to lie there, for the refusal.
    pub(crate) fn enter(
        &mut self,
        path: &str,
        name: &str,
        budget: &mut Budget,
    ) -> Result<Way, Refusal> {
        let (mut folder, mut path, missing) = self.walk(path, name, budget)?;
        let mut steps = Vec::new();
        for part in missing {
            let again = self.get(folder, &part) == Some(Node::Removed);
            folder = self.new_folder(folder, &part, again, again, budget)?;
            push(&mut path, &part);
            // Not left to the engine: some would show what is hidden again.
            if again {
                steps.push(Step::Folder(path.clone()));
                steps.push(Step::Opaque(path.clone()));
            }
        }
        Ok(Way {
            folder,
            path,
            steps,
        })
    }

    /// The innermost folder there is on a path, its name without links, and the parts of
    /// the path that are missing.
    pub(crate) fn walk(
        &self,
        path: &str,
        name: &str,
        budget: &mut Budget,
    ) -> Result<(FolderId, String, Vec<String>), Refusal> {
        let mut at = String::new();
        // Folders on the way, each with the length of its name.
        let mut trail = vec![(ROOT, 0)];
        let mut left: Vec<&str> = path.split('/').rev().collect();
        let mut hops = 0;
        while let Some(part) = left.pop() {
            budget.step()?;
            let folder = trail.last().map_or(ROOT, |(folder, _)| *folder);
            match part {
                "" | "." => continue,
                ".." => {
                    if trail.len() > 1 {
                        trail.pop();
                    }
                    at.truncate(trail.last().map_or(0, |(_, length)| *length));
                    continue;
                }
                _ => {}
            }
            match self.get(folder, part) {
                Some(Node::Folder { id, .. }) => {
                    push(&mut at, part);
                    trail.push((id, at.len()));
                }
                Some(Node::Link(link)) => {
                    hops += 1;
                    if hops > HOPS {
                        return Err(behind(name, "links that lead in a circle"));
                    }
                    let target = self.target(link);
                    if target.starts_with('/') {
                        trail.truncate(1);
                        at.clear();
                    }
                    left.extend(target.split('/').rev());
                }
                Some(Node::File) => {
                    push(&mut at, part);
                    return Err(Refusal::new(
                        Rule::Name,
                        format!(
                            "\"{}\" lies below \"{}\", which is a file of the same layer",
                            printable(name),
                            printable(&at)
                        ),
                        "no engine unpacks this; make the image with an ordinary builder",
                    ));
                }
                Some(Node::Removed) | None => {
                    let mut missing = vec![part.to_owned()];
                    for part in left.into_iter().rev() {
                        budget.step()?;
                        match part {
                            "" | "." => {}
                            ".." => return Err(behind(name, "a link through what is not there")),
                            part => missing.push(part.to_owned()),
                        }
                    }
                    return Ok((folder, at, missing));
                }
            }
        }
        let folder = trail.last().map_or(ROOT, |(folder, _)| *folder);
        Ok((folder, at, Vec::new()))
    }

    /// Remembers what lies under a name.
    pub(crate) fn put(
        &mut self,
        folder: FolderId,
        part: &str,
        node: Node,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        let key = (folder, self.keys.hash_one(part));
        if self.nodes.insert(key, node).is_none() {
            budget.node()?;
        }
        Ok(())
    }

    /// Remembers a folder.
    pub(crate) fn new_folder(
        &mut self,
        folder: FolderId,
        part: &str,
        opaque: bool,
        written: bool,
        budget: &mut Budget,
    ) -> Result<FolderId, Refusal> {
        let id = self.folders;
        self.folders += 1;
        let node = Node::Folder {
            id,
            opaque,
            written,
        };
        self.put(folder, part, node, budget)?;
        Ok(id)
    }
}

fn behind(name: &str, what: &str) -> Refusal {
    Refusal::new(
        Rule::Link,
        format!("\"{}\" lies behind {what}", printable(name)),
        "make the image with an ordinary builder, which writes each file under its own name",
    )
}

/// The folder and the last part of a name; none for the top itself.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    match name.rsplit_once('/') {
        Some(parts) => Some(parts),
        None if name.is_empty() => None,
        None => Some(("", name)),
    }
}

/// The name of something in a folder.
pub(crate) fn joined(folder: &str, part: &str) -> String {
    let mut name = String::with_capacity(folder.len() + 1 + part.len());
    name.push_str(folder);
    push(&mut name, part);
    name
}

fn push(path: &mut String, part: &str) {
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(part);
}
