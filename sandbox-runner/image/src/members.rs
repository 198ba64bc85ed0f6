//! What an archive holds, by name. Documents are kept until it is known which of them
//! describe the image, and never more of them than a limit.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::encoding::Foreign;
use crate::limits::ImageLimits;
use crate::refusal::Refusal;
use crate::rewritten::RewrittenLayer;
use crate::tree::LayerTree;

/// Links that one member may lead through.
const HOPS: usize = 8;

/// A layer that was read.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// SHA-256 in hex of its tar file.
    pub(crate) diff_id: String,
    /// What was written anew.
    pub(crate) rewritten: Option<RewrittenLayer>,
    /// What is in it.
    pub(crate) tree: Rc<LayerTree>,
}

/// A member of the archive.
#[derive(Debug)]
pub(crate) struct Member {
    /// SHA-256 in hex of its bytes.
    pub(crate) digest: String,
    pub(crate) content: Content,
}

/// What a member holds.
#[derive(Debug)]
pub(crate) enum Content {
    Json(Vec<u8>),
    /// It begins like a document and was not kept: it is longer than those that describe an
    /// image, or all that were kept were too long together.
    Forgotten,
    Layer(Layer),
    /// Compressed in a way that is not read.
    Foreign(Foreign),
    Other,
}

/// All members by name.
#[derive(Debug)]
pub(crate) struct Members {
    by_name: HashMap<String, Member>,
    /// Older engines write a repeated layer as a link to the first.
    links: HashMap<String, String>,
    count: u64,
    name_bytes: u64,
    json_bytes: u64,
    limits: ImageLimits,
    /// The folder in which everything lies, with its `/`.
    front: String,
}

impl Members {
    pub(crate) fn new(limits: &ImageLimits) -> Self {
        Self {
            by_name: HashMap::new(),
            links: HashMap::new(),
            count: 0,
            name_bytes: 0,
            json_bytes: 0,
            limits: *limits,
            front: String::new(),
        }
    }

    /// Counts a member before it is read.
    pub(crate) fn count(&mut self, name: &str, link: &str) -> Result<(), Refusal> {
        self.count += 1;
        if self.count > self.limits.members {
            return Err(Refusal::too_large(
                "members of the archive",
                self.limits.members,
            ));
        }
        self.name_bytes += (name.len() + link.len()) as u64;
        if self.name_bytes > self.limits.member_name_bytes {
            return Err(Refusal::too_large(
                "bytes of the names of all members of the archive",
                self.limits.member_name_bytes,
            ));
        }
        Ok(())
    }

    /// Takes a member in; of two under one name the later counts, as everywhere.
    pub(crate) fn insert(&mut self, name: String, member: Member) {
        self.links.remove(&name);
        self.json_bytes += kept(&member);
        if let Some(before) = self.by_name.insert(name, member) {
            self.json_bytes -= kept(&before);
        }
        while self.json_bytes > self.limits.kept_json_bytes {
            let largest = self.by_name.values_mut().max_by_key(|member| kept(member));
            let Some(largest) = largest else { break };
            self.json_bytes -= kept(largest);
            largest.content = Content::Forgotten;
        }
    }

    /// Takes a link in; `to` is a member's name.
    pub(crate) fn link(&mut self, name: String, to: String) {
        if let Some(before) = self.by_name.remove(&name) {
            self.json_bytes -= kept(&before);
        }
        self.links.insert(name, to);
    }

    /// Looks whether everything lies in one folder, as when a folder was packed and not
    /// what is in it.
    pub(crate) fn find_front(&mut self) {
        let heads = ["index.json", "manifest.json"];
        if heads.iter().any(|name| self.get(name).is_some()) {
            return;
        }
        let names = self.by_name.keys();
        let fronts: BTreeSet<&str> = names
            .filter_map(|name| {
                let (folder, last) = name.rsplit_once('/')?;
                (heads.contains(&last) && !folder.contains('/')).then_some(folder)
            })
            .collect();
        let mut fronts = fronts.into_iter();
        if let (Some(front), None) = (fronts.next(), fronts.next()) {
            self.front = format!("{front}/");
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Member> {
        let whole = format!("{}{name}", self.front);
        let mut name = whole.as_str();
        for _ in 0..HOPS {
            match self.links.get(name) {
                Some(to) => name = to,
                None => break,
            }
        }
        self.by_name.get(name)
    }
}

/// Bytes of a document that is in memory.
fn kept(member: &Member) -> u64 {
    match &member.content {
        Content::Json(bytes) => bytes.len() as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(bytes: usize) -> Member {
        Member {
            digest: String::new(),
            content: Content::Json(vec![b'{'; bytes]),
        }
    }

    #[test]
    fn the_largest_document_is_forgotten_first() {
        let limits = ImageLimits {
            kept_json_bytes: 100,
            ..ImageLimits::default()
        };
        let mut members = Members::new(&limits);
        for (name, bytes) in [("small", 10), ("large", 60), ("middle", 40)] {
            members.insert(name.to_owned(), document(bytes));
            assert!(members.json_bytes <= limits.kept_json_bytes);
        }
        let forgotten = |name| matches!(members.get(name).unwrap().content, Content::Forgotten);
        assert!(forgotten("large") && !forgotten("small") && !forgotten("middle"));
        members.insert("middle".to_owned(), document(5));
        assert_eq!(members.json_bytes, 15);
    }

    #[test]
    fn a_folder_in_front_is_found_if_it_is_the_only_one() {
        let mut members = Members::new(&ImageLimits::default());
        members.insert("layout/index.json".to_owned(), document(1));
        members.link("layout/x".to_owned(), "layout/index.json".to_owned());
        members.find_front();
        assert!(members.get("index.json").is_some() && members.get("x").is_some());
        let mut two = Members::new(&ImageLimits::default());
        for folder in ["a", "b"] {
            two.insert(format!("{folder}/manifest.json"), document(1));
        }
        two.find_front();
        assert!(two.get("manifest.json").is_none());
    }
}
