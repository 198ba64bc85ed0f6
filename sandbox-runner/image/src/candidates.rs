//! Images that an index names: builders list one under several tags, for several platforms,
//! within further indexes, and beside signatures and attestations that are no images.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use crate::config;
use crate::documents::{blob, document, json, wrong};
use crate::members::Members;
use crate::platform::ARCHITECTURE;
use crate::refusal::{Refusal, printable};

/// Indexes within indexes.
const DEPTH: usize = 4;
/// Images named in a refusal.
const NAMED: usize = 4;

/// An index, or the list in one.
#[derive(Deserialize)]
pub(crate) struct Index {
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

/// What an index or a manifest says of one of its parts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) digest: String,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    platform: Option<Platform>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: Option<String>,
}

/// A manifest, or a further index.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    pub(crate) config: Option<Descriptor>,
    #[serde(default)]
    pub(crate) layers: Vec<Descriptor>,
}

/// An image that may be meant.
pub(crate) struct Candidate {
    /// Its tag, or its digest.
    name: String,
    /// Of the processor that it needs, if more than the architecture's first.
    variant: Option<String>,
    pub(crate) manifest: Manifest,
}

/// The one image for this platform.
pub(crate) fn choose(members: &Members, index: &Index) -> Result<Candidate, Refusal> {
    let mut found = Vec::new();
    gather(
        members,
        &index.manifests,
        DEPTH,
        &mut HashSet::new(),
        &mut found,
    )?;
    if found.len() > 1 {
        found.retain(|candidate| fits(members, candidate));
    }
    // Every processor can do what the architecture's first could.
    let plain = |candidate: &Candidate| candidate.variant.is_none();
    if found.len() > 1 && found.iter().any(plain) {
        found.retain(plain);
    }
    if found.len() > 1 {
        let names: Vec<&str> = found
            .iter()
            .take(NAMED)
            .map(|candidate| candidate.name.as_str())
            .collect();
        return Err(wrong(&format!(
            "the archive has {} images for linux/{ARCHITECTURE} ({}); one is needed",
            found.len(),
            printable(&names.join(", "))
        )));
    }
    found.pop().ok_or_else(|| {
        wrong(&format!(
            "the archive has no image for linux/{ARCHITECTURE}"
        ))
    })
}

/// Finds the images of an index and of those within it, each once.
fn gather(
    members: &Members,
    descriptors: &[Descriptor],
    depth: usize,
    seen: &mut HashSet<String>,
    found: &mut Vec<Candidate>,
) -> Result<(), Refusal> {
    for descriptor in descriptors {
        if !descriptor.may_be_an_image() || !seen.insert(descriptor.digest.clone()) {
            continue;
        }
        let manifest: Manifest = json(members, &blob(&descriptor.digest)?)?;
        match &manifest.manifests {
            Some(inner) if depth > 0 => gather(members, inner, depth - 1, seen, found)?,
            Some(_) => return Err(wrong("indexes lie too deep within indexes")),
            None if manifest.is_an_image() => found.push(Candidate {
                name: descriptor.name(),
                variant: descriptor.variant(),
                manifest,
            }),
            None => {}
        }
    }
    Ok(())
}

/// Whether a configuration is for this platform, where the index does not say it.
fn fits(members: &Members, candidate: &Candidate) -> bool {
    let config = candidate.manifest.config.as_ref();
    config.is_some_and(|config| {
        blob(&config.digest)
            .and_then(|name| document(members, &name))
            .is_ok_and(|json| config::is_for(json, ARCHITECTURE))
    })
}

impl Descriptor {
    fn may_be_an_image(&self) -> bool {
        let attests = self
            .annotations
            .as_ref()
            .is_some_and(|notes| notes.contains_key("vnd.docker.reference.type"));
        let fits = self
            .platform
            .as_ref()
            .is_none_or(|platform| platform.os == "linux" && platform.architecture == ARCHITECTURE);
        fits && !attests && self.artifact_type.is_none()
    }

    fn variant(&self) -> Option<String> {
        let variant = self.platform.as_ref()?.variant.clone()?;
        // Names of the first that there was.
        (!matches!(variant.as_str(), "" | "v1" | "v8")).then_some(variant)
    }

    fn name(&self) -> String {
        let notes = self.annotations.as_ref();
        let noted = |key| notes.and_then(|notes| notes.get(key));
        noted("io.containerd.image.name")
            .or_else(|| noted("org.opencontainers.image.ref.name"))
            .unwrap_or(&self.digest)
            .clone()
    }
}

impl Manifest {
    /// Signatures and attestations have manifests like those of images, and say by the types
    /// of their parts that they are none.
    fn is_an_image(&self) -> bool {
        let says = |descriptor: &Descriptor, what: &str| {
            let kind = descriptor.media_type.as_deref();
            kind.is_none_or(|kind| kind.contains(what))
        };
        self.artifact_type.is_none()
            && self
                .config
                .as_ref()
                .is_none_or(|config| says(config, "image"))
            && self.layers.iter().all(|layer| says(layer, "tar"))
    }
}
