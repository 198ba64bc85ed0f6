//! An accepted image as the engine gets it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde_json::json;
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use crate::facts::ImageFacts;

/// A layer, written anew.
#[derive(Clone, Debug)]
pub(crate) struct RewrittenLayer {
    /// SHA-256 in hex.
    pub(crate) digest: String,
    pub(crate) path: PathBuf,
}

/// An accepted image whose layers were written anew into a folder.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// What was learnt about it.
    pub facts: ImageFacts,
    architecture: &'static str,
    layers: Vec<RewrittenLayer>,
}

impl Rewritten {
    pub(crate) fn new(
        facts: ImageFacts,
        architecture: &'static str,
        layers: Vec<RewrittenLayer>,
    ) -> Self {
        Self {
            facts,
            architecture,
            layers,
        }
    }

    /// Digests of the layers, `sha256:` and hex, as the engine must report them.
    #[must_use]
    pub fn diff_ids(&self) -> Vec<String> {
        let digests = self.layers.iter();
        digests
            .map(|layer| format!("sha256:{}", layer.digest))
            .collect()
    }

    /// Writes the archive that an engine loads, with `labels` in its configuration. It
    /// names no repository: the image is known by its digest alone.
    ///
    /// # Errors
    /// If a layer's file or the archive fails.
    pub fn write_to(&self, out: impl Write, labels: &[(&str, &str)]) -> io::Result<()> {
        let labels: serde_json::Map<_, _> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let given = &self.facts.config;
        let config = json!({
            "created": "1970-01-01T00:00:00Z",
            "architecture": self.architecture,
            "os": "linux",
            "config": {
                "Entrypoint": given.entrypoint,
                "Env": given.environment,
                "WorkingDir": given.working_directory,
                "Labels": labels,
            },
            "rootfs": { "type": "layers", "diff_ids": self.diff_ids() },
        });
        let config = serde_json::to_vec(&config)?;
        let config_name = format!("{}.json", hex::encode(Sha256::digest(&config)));
        // The same layer twice is one member, named twice.
        let names: Vec<String> = self
            .layers
            .iter()
            .map(|layer| format!("{}.tar", layer.digest))
            .collect();
        let manifest = json!([{ "Config": config_name, "RepoTags": null, "Layers": names }]);
        let mut out = Builder::new(out);
        member(&mut out, &config_name, &config)?;
        member(&mut out, "manifest.json", &serde_json::to_vec(&manifest)?)?;
        let mut written = std::collections::HashSet::new();
        for (layer, name) in self.layers.iter().zip(&names) {
            if written.insert(name) {
                let file = File::open(&layer.path)?;
                let size = file.metadata()?.len();
                append(&mut out, name, size, file)?;
            }
        }
        out.into_inner()?.flush()
    }
}

/// Adds a file to an archive.
pub(crate) fn member(out: &mut Builder<impl Write>, name: &str, content: &[u8]) -> io::Result<()> {
    append(out, name, content.len() as u64, content)
}

fn append(
    out: &mut Builder<impl Write>,
    name: &str,
    size: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    out.append_data(&mut header, name, content)
}
