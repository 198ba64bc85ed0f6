//! Which members of an archive are the image: `index.json` of an OCI layout, or
//! `manifest.json` of `docker save`.

use serde::Deserialize;

use crate::candidates::{self, Candidate, Descriptor, Index};
use crate::config::{self, Config};
use crate::documents::{blob, checked, document, json, wrong};
use crate::limits::ImageLimits;
use crate::members::{Content, Layer, Members};
use crate::merged::{There, look};
use crate::platform::ARCHITECTURE;
use crate::refusal::{Refusal, Rule, printable};
use crate::tree::LayerTree;

/// The image of an archive.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) layers: Vec<Layer>,
    pub(crate) config: Config,
    pub(crate) left_out: Vec<String>,
}

#[derive(Deserialize, PartialEq)]
struct Saved {
    #[serde(rename = "Config")]
    config: String,
    #[serde(rename = "Layers", default)]
    layers: Vec<String>,
}

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
        return Err(Refusal {
            help: "container engines chain no more; build in stages, or copy everything into one \
                   last stage: FROM scratch, COPY --from=… / /"
                .to_owned(),
            ..Refusal::too_large("layers", limits.layers as u64)
        });
    }
    let read = config::read(config, ARCHITECTURE)?;
    if read.diff_ids.len() != layers.len() {
        return Err(wrong(&format!(
            "the configuration names {} layers, the manifest {}",
            read.diff_ids.len(),
            layers.len()
        )));
    }
    for (layer, diff_id) in layers.iter().zip(&read.diff_ids) {
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
    working_directory(&layers, &read.config.working_directory)?;
    Ok(Image {
        layers,
        config: read.config,
        left_out: read.left_out,
    })
}

/// An engine makes the working directory if it is missing, and starts nothing if it can't.
fn working_directory(layers: &[Layer], directory: &str) -> Result<(), Refusal> {
    let trees: Vec<&LayerTree> = layers.iter().map(|layer| &*layer.tree).collect();
    let why = match look(&trees, directory) {
        There::Folder(real) | There::Nothing(real) => {
            match config::ordinary_place(&format!("/{real}")) {
                Ok(()) => return Ok(()),
                Err(why) => format!("leads to \"/{}\", which {why}", printable(&real)),
            }
        }
        There::File(file) => format!("leads to \"/{}\", which is a file", printable(&file)),
        There::Circle => "leads through links in a circle".to_owned(),
    };
    Err(config::wrong_directory(directory, &why))
}

fn from_index(members: &Members) -> Result<(&[u8], Vec<Layer>), Refusal> {
    let index: Index = json(members, "index.json")?;
    let candidate = candidates::choose(members, &index)?;
    let Candidate { manifest, .. } = &candidate;
    let config = manifest
        .config
        .as_ref()
        .ok_or_else(|| wrong("the manifest names no configuration"))?;
    let config = document(members, &blob(&config.digest)?)?;
    let layer = |descriptor: &Descriptor| layer(members, &blob(&descriptor.digest)?);
    let layers = manifest
        .layers
        .iter()
        .map(layer)
        .collect::<Result<_, _>>()?;
    Ok((config, layers))
}

fn from_saved(members: &Members) -> Result<(&[u8], Vec<Layer>), Refusal> {
    let mut saved: Vec<Saved> = json(members, "manifest.json")?;
    // The same image under another name.
    saved.dedup();
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

fn layer(members: &Members, name: &str) -> Result<Layer, Refusal> {
    match &checked(members, name)?.content {
        Content::Layer(layer) => Ok(layer.clone()),
        Content::Foreign(foreign) => Err(Refusal::new(
            Rule::Manifest,
            format!(
                "the layer {} is compressed by {}, which is not read here",
                printable(name),
                foreign.name
            ),
            "build the image with layers compressed by gzip or zstd, or not at all",
        )),
        _ => Err(wrong(&format!(
            "{} is no layer: not a tar file, nor one compressed by gzip or zstd",
            printable(name)
        ))),
    }
}
