//! What the entries of a layer add to it, and what has to be written for each.

use crate::budget::Budget;
use crate::refusal::{Refusal, Rule, printable};
use crate::tree::{LayerTree, Node, Step, Way, joined, split};

impl LayerTree {
    /// A folder with an entry of its own; of two the first is written.
    pub(crate) fn add_folder(
        &mut self,
        way: Way,
        part: &str,
        budget: &mut Budget,
    ) -> Result<Vec<Step>, Refusal> {
        let before = self.get(way.folder, part);
        if let Some(Node::Folder {
            id,
            opaque,
            written,
        }) = before
        {
            if written {
                return Ok(way.steps);
            }
            let node = Node::Folder {
                id,
                opaque,
                written: true,
            };
            self.put(way.folder, part, node, budget)?;
            return Ok(with_entry(way, part, None));
        }
        self.check_free(&way, part)?;
        let again = before == Some(Node::Removed);
        self.new_folder(way.folder, part, again, true, budget)?;
        let name = joined(&way.path, part);
        let mut steps = with_entry(way, part, None);
        if again {
            steps.push(Step::Opaque(name));
        }
        Ok(steps)
    }

    /// A name may have one entry in a layer: with two, Docker and Podman refuse it.
    fn check_free(&self, way: &Way, part: &str) -> Result<(), Refusal> {
        match self.get(way.folder, part) {
            None | Some(Node::Removed) => Ok(()),
            Some(_) => Err(Refusal::new(
                Rule::Name,
                format!(
                    "\"{}\" is there twice in one layer",
                    printable(&joined(&way.path, part))
                ),
                "engines refuse this; make the image with an ordinary builder, or pack the layer \
                 from a folder",
            )),
        }
    }

    /// A file.
    pub(crate) fn add_file(
        &mut self,
        way: Way,
        part: &str,
        budget: &mut Budget,
    ) -> Result<Vec<Step>, Refusal> {
        self.check_free(&way, part)?;
        self.put(way.folder, part, Node::File, budget)?;
        Ok(with_entry(way, part, None))
    }

    /// A symbolic link; the same once more has no effect.
    pub(crate) fn add_symlink(
        &mut self,
        way: Way,
        part: &str,
        target: &str,
        budget: &mut Budget,
    ) -> Result<Vec<Step>, Refusal> {
        if let Some(Node::Link(there)) = self.get(way.folder, part)
            && self.target(there) == target
        {
            return Ok(way.steps);
        }
        self.check_free(&way, part)?;
        let link = self.new_target(target, budget)?;
        self.put(way.folder, part, Node::Link(link), budget)?;
        Ok(with_entry(way, part, None))
    }

    /// A second name of an earlier file or link of the layer. To a name of another layer no
    /// engine could make one: it unpacks each layer into a folder of its own.
    pub(crate) fn add_hardlink(
        &mut self,
        way: Way,
        part: &str,
        to: &str,
        budget: &mut Budget,
    ) -> Result<Vec<Step>, Refusal> {
        let name = joined(&way.path, part);
        let (parent, last) = to.rsplit_once('/').unwrap_or(("", to));
        let (folder, path, missing) = self.walk(parent, &name, budget)?;
        let to = joined(&path, last);
        let found = match self.get(folder, last) {
            Some(node @ (Node::File | Node::Link(_))) if missing.is_empty() => Some(node),
            _ => None,
        };
        // An archiver that meets a file twice writes a link from its name to itself.
        if found.is_some() && to == name {
            return Ok(way.steps);
        }
        let Some(node) = found else {
            return Err(Refusal::new(
                Rule::Link,
                format!(
                    "the hard link \"{}\" leads to \"{}\", which is no earlier file of its layer",
                    printable(&name),
                    printable(&to)
                ),
                "no engine unpacks this; make the image with an ordinary builder",
            ));
        };
        self.check_free(&way, part)?;
        self.put(way.folder, part, node, budget)?;
        Ok(with_entry(way, part, Some(to)))
    }

    /// The mark that removes `part` of the layers below. What its own layer has there stays,
    /// whichever came first.
    pub(crate) fn remove(
        &mut self,
        way: Way,
        part: &str,
        budget: &mut Budget,
    ) -> Result<Vec<Step>, Refusal> {
        let mut steps = way.steps;
        match self.get(way.folder, part) {
            None => {
                self.put(way.folder, part, Node::Removed, budget)?;
                steps.push(Step::Removed(joined(&way.path, part)));
            }
            Some(Node::Folder {
                id,
                opaque: false,
                written,
            }) => {
                let node = Node::Folder {
                    id,
                    opaque: true,
                    written,
                };
                self.put(way.folder, part, node, budget)?;
                steps.push(Step::Opaque(joined(&way.path, part)));
            }
            // It replaces what is below by being there.
            Some(Node::Folder { .. } | Node::File | Node::Link(_) | Node::Removed) => {}
        }
        Ok(steps)
    }

    /// The mark that removes all that the layers below have in the folder itself.
    pub(crate) fn clear(
        &mut self,
        way: Way,
        name: &str,
        budget: &mut Budget,
    ) -> Result<Vec<Step>, Refusal> {
        let mut steps = way.steps;
        let Some((parent, part)) = split(&way.path) else {
            if self.make_opaque() {
                steps.push(Step::Opaque(String::new()));
            }
            return Ok(steps);
        };
        let (parent, ..) = self.walk(parent, name, budget)?;
        if let Some(Node::Folder {
            id,
            opaque: false,
            written,
        }) = self.get(parent, part)
        {
            let node = Node::Folder {
                id,
                opaque: true,
                written,
            };
            self.put(parent, part, node, budget)?;
            steps.push(Step::Opaque(way.path));
        }
        Ok(steps)
    }
}

fn with_entry(way: Way, part: &str, to: Option<String>) -> Vec<Step> {
    let mut steps = way.steps;
    steps.push(Step::Entry(joined(&way.path, part), to));
    steps
}
