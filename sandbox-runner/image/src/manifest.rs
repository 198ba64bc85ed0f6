//! Which members of an archive are the image: `index.json` of an OCI layout, or
//! `manifest.json` of `docker save`.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::{self, Config};
use crate::limits::ImageLimits;
use crate::members::{Content, Layer, Member, Members};
use crate::refusal::{Refusal, Rule, printable};

/// Indexes within indexes; builders write one within another.
const DEPTH: usize = 3;

/// The image of an archive.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) layers: Vec<Layer>,
    pub(crate) config: Config,
    pub(crate) architecture: &'static str,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Clone, Deserialize)]
struct Descriptor {
    digest: String,
    #[serde(default)]
    platform: Option<Platform>,
    #[serde(default)]
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Clone, Deserialize)]
struct Platform {
    architecture: String,
    os: String,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Saved {
    #[serde(rename = "Config")]
    config: String,
    #[serde(rename = "Layers", default)]
    layers: Vec<String>,
}

/// The architecture of this machine, as images name it.
pub(crate) const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "amd64"
};

pub(crate) fn resolve(members: &Members, limits: &ImageLimits) -> Result<Image, Refusal> {
    let (config, layers) = if members.get("index.json").is_some() {
        from_index(members)?
    } else if members.get("manifest.json").is_some() {
        from_saved(members)?
    } else {
        return Err(wrong(
            "the archive has neither an index.json nor a manifest.json",
        ));
    };
    if layers.len() > limits.layers {
        return Err(Refusal::too_large("layers", limits.layers as u64));
    }
    let (config, diff_ids) = config::read(config, ARCHITECTURE)?;
    if diff_ids.len() != layers.len() {
        return Err(wrong(&format!(
            "the configuration names {} layers, the manifest {}",
            diff_ids.len(),
            layers.len()
        )));
    }
    for (layer, diff_id) in layers.iter().zip(&diff_ids) {
        if diff_id.strip_prefix("sha256:") != Some(&layer.diff_id) {
            return Err(Refusal::new(
                Rule::Digest,
                format!(
                    "a layer unpacks to sha256:{}, but the configuration says {}",
                    layer.diff_id,
                    printable(diff_id)
                ),
                "make the archive anew",
            ));
        }
    }
    Ok(Image {
        layers,
        config,
        architecture: ARCHITECTURE,
    })
}

fn from_index(members: &Members) -> Result<(&[u8], Vec<Layer>), Refusal> {
    let mut index: Index = json(members, "index.json")?;
    for _ in 0..DEPTH {
        let chosen = choose(&index.manifests)?;
        let manifest: Manifest = json(members, &blob(&chosen.digest)?)?;
        if let Some(manifests) = manifest.manifests {
            index = Index { manifests };
            continue;
        }
        let config = manifest
            .config
            .ok_or_else(|| wrong("the manifest names no configuration"))?;
        let config = document(members, &blob(&config.digest)?)?;
        let layers = manifest
            .layers
            .iter()
            .map(|layer| self::layer(members, &blob(&layer.digest)?))
            .collect::<Result<_, _>>()?;
        return Ok((config, layers));
    }
    Err(wrong("indexes lie too deep within indexes"))
}

/// The one manifest for this platform. Builders add some that are no images, which say so.
fn choose(manifests: &[Descriptor]) -> Result<&Descriptor, Refusal> {
    let images = manifests.iter().filter(|descriptor| {
        let attestation = descriptor
            .annotations
            .as_ref()
            .is_some_and(|notes| notes.contains_key("vnd.docker.reference.type"));
        let fits = descriptor
            .platform
            .as_ref()
            .is_none_or(|platform| platform.os == "linux" && platform.architecture == ARCHITECTURE);
        fits && !attestation
    });
    let images: Vec<_> = images.collect();
    match images.as_slice() {
        [one] => Ok(one),
        [] => Err(wrong(&format!(
            "the archive has no image for linux/{ARCHITECTURE}"
        ))),
        several => Err(wrong(&format!(
            "the archive has {} images for linux/{ARCHITECTURE}; one is needed",
            several.len()
        ))),
    }
}

fn from_saved(members: &Members) -> Result<(&[u8], Vec<Layer>), Refusal> {
    let saved: Vec<Saved> = json(members, "manifest.json")?;
    let [saved] = saved.as_slice() else {
        return Err(wrong(&format!(
            "the archive has {} images; save one",
            saved.len()
        )));
    };
    let config = document(members, &saved.config)?;
    let layers = saved
        .layers
        .iter()
        .map(|name| layer(members, name))
        .collect::<Result<_, _>>()?;
    Ok((config, layers))
}

fn blob(digest: &str) -> Result<String, Refusal> {
    digest
        .strip_prefix("sha256:")
        .filter(|hex| is_digest(hex))
        .map(|hex| format!("blobs/sha256/{hex}"))
        .ok_or_else(|| wrong(&format!("{:?} is no sha256 digest", printable(digest))))
}

fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(hex)
}

fn json<T: DeserializeOwned>(members: &Members, name: &str) -> Result<T, Refusal> {
    serde_json::from_slice(document(members, name)?)
        .map_err(|error| wrong(&format!("{} cannot be read: {error}", printable(name))))
}

fn document<'a>(members: &'a Members, name: &str) -> Result<&'a [u8], Refusal> {
    match &checked(members, name)?.content {
        Content::Json(bytes) => Ok(bytes),
        _ => Err(wrong(&format!("{} is no JSON document", printable(name)))),
    }
}

fn layer(members: &Members, name: &str) -> Result<Layer, Refusal> {
    match &checked(members, name)?.content {
        Content::Layer(layer) => Ok(layer.clone()),
        _ => Err(wrong(&format!(
            "{} is no layer: not a tar file, nor one compressed by gzip or zstd",
            printable(name)
        ))),
    }
}

/// A member whose bytes have the digest that its name says, if it says one.
fn checked<'a>(members: &'a Members, name: &str) -> Result<&'a Member, Refusal> {
    let member = members
        .get(name)
        .ok_or_else(|| wrong(&format!("the archive has no member {}", printable(name))))?;
    let last = name.rsplit('/').next().unwrap_or(name);
    let stem = last.strip_suffix(".json").unwrap_or(last);
    // A folder of older archives is named by another digest; the file in it is not.
    if is_digest(stem) && stem != member.digest {
        return Err(Refusal::new(
            Rule::Digest,
            format!("the bytes of {} have another digest", printable(name)),
            "make the archive anew, and check that the upload was not damaged",
        ));
    }
    Ok(member)
}

fn wrong(what: &str) -> Refusal {
    Refusal::new(
        Rule::Manifest,
        what,
        "hand in an archive of one image: `docker save IMAGE`, an OCI layout, or what `gauntlet method pack` wrote",
    )
}
