//! An accepted image as the engine gets it.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use crate::facts::ImageFacts;
use crate::limits::ImageLimits;
use crate::platform::ARCHITECTURE;

/// A layer that was written anew, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RewrittenLayer {
    /// SHA-256 in hex.
    pub(crate) digest: String,
    /// Bytes that were written before it.
    pub(crate) from: u64,
    /// Its own bytes.
    pub(crate) bytes: u64,
}

impl RewrittenLayer {
    fn is_within(&self, written: u64) -> bool {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let end = self.from.checked_add(self.bytes);
        end.is_some_and(|end| end <= written)
            && self.digest.len() == 64
            && self.digest.bytes().all(hex)
    }
}

/// An accepted image whose layers were written anew, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewritten {
    /// What was learnt about it.
    pub facts: ImageFacts,
    layers: Vec<RewrittenLayer>,
}

impl Rewritten {
    pub(crate) fn new(facts: ImageFacts, layers: Vec<RewrittenLayer>) -> Self {
        Self { facts, layers }
    }

    /// Whether this can be what [`rewrite`](crate::rewrite) returned, with so many bytes of
    /// layers written: for whoever has it from another process. That the layers have the
    /// digests they are said to have, the engine finds out when it loads them.
    #[must_use]
    pub fn is_plausible(&self, limits: &ImageLimits, written: u64) -> bool {
        self.facts.config.is_plausible()
            && self.layers.len() <= limits.layers
            && self.layers.iter().all(|layer| layer.is_within(written))
    }

    /// Digests of the layers, `sha256:` and hex, as the engine must report them.
    #[must_use]
    pub fn diff_ids(&self) -> Vec<String> {
        let digests = self.layers.iter();
        digests
            .map(|layer| format!("sha256:{}", layer.digest))
            .collect()
    }

    /// Writes the archive that an engine loads, with `labels` in its configuration; `layers` is
    /// where they were written. It names no repository: the image is known by its digest alone.
    ///
    /// # Errors
    /// If a layer cannot be read or the archive not be written.
    pub fn write_to(
        &self,
        mut layers: impl Read + Seek,
        out: impl Write,
        labels: &[(&str, &str)],
    ) -> io::Result<()> {
        let labels: serde_json::Map<_, _> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let given = &self.facts.config;
        let config = json!({
            "created": "1970-01-01T00:00:00Z",
            "architecture": ARCHITECTURE,
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
                layers.seek(SeekFrom::Start(layer.from))?;
                let mut content = layers.by_ref().take(layer.bytes);
                append(&mut out, name, layer.bytes, &mut content)?;
                if content.limit() > 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn image(config: Config, layer: RewrittenLayer) -> Rewritten {
        let facts = ImageFacts {
            archive_bytes: 1,
            unpacked_bytes: 1,
            entries: 1,
            layers: 1,
            privileged_files: 0,
            left_out: Vec::new(),
            config,
        };
        Rewritten::new(facts, vec![layer])
    }

    fn config() -> Config {
        Config {
            entrypoint: vec!["/method".to_owned()],
            environment: vec!["A=b".to_owned()],
            working_directory: "/".to_owned(),
        }
    }

    fn layer(from: u64, bytes: u64) -> RewrittenLayer {
        RewrittenLayer {
            digest: "0f".repeat(32),
            from,
            bytes,
        }
    }

    #[test]
    fn what_nobody_has_written_is_not_plausible() {
        let limits = ImageLimits::default();
        let plausible = |image: &Rewritten| image.is_plausible(&limits, 100);
        assert!(plausible(&image(config(), layer(40, 60))));
        assert!(!plausible(&image(config(), layer(41, 60))));
        assert!(!plausible(&image(config(), layer(u64::MAX, 60))));
        let digest = "../../etc/passwd".to_owned();
        let elsewhere = RewrittenLayer {
            digest,
            ..layer(0, 1)
        };
        assert!(!plausible(&image(config(), elsewhere)));
        let many = Rewritten {
            layers: vec![layer(0, 1); limits.layers + 1],
            ..image(config(), layer(0, 1))
        };
        assert!(!plausible(&many));
        let preloaded = Config {
            environment: vec!["LD_PRELOAD=/x".to_owned()],
            ..config()
        };
        let outside = Config {
            working_directory: "/proc/self/fd/8".to_owned(),
            ..config()
        };
        for config in [preloaded, outside, Config::default()] {
            assert!(!plausible(&image(config, layer(0, 1))));
        }
    }

    #[test]
    fn a_layer_that_ends_early_is_not_given_to_an_engine() {
        let short = image(config(), layer(2, 8));
        let layers = |bytes: usize| io::Cursor::new(vec![7; bytes]);
        short.write_to(layers(10), Vec::new(), &[]).unwrap();
        let error = short.write_to(layers(9), Vec::new(), &[]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
