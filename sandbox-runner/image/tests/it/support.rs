//! Archives, made byte by byte.

use std::io::{Cursor, Write};

use gauntlet_image::{ImageFacts, ImageLimits, IntakeError, Refusal, check, rewrite};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

pub(crate) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A layer, entry by entry, with names as they are and not as a careful library has them.
pub(crate) struct Layer(Builder<Vec<u8>>);

impl Layer {
    pub(crate) fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    pub(crate) fn entry(
        mut self,
        kind: EntryType,
        name: &str,
        link: &str,
        mode: u32,
        content: &[u8],
    ) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, "", 0o755, content)
    }

    pub(crate) fn folder(self, name: &str) -> Self {
        self.entry(EntryType::Directory, name, "", 0o755, b"")
    }

    pub(crate) fn link(self, kind: EntryType, name: &str, to: &str) -> Self {
        self.entry(kind, name, to, 0o777, b"")
    }

    /// A file of a name of any length.
    pub(crate) fn long_file(mut self, name: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        self.0.append_data(&mut header, name, content).unwrap();
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

pub(crate) fn good() -> Layer {
    Layer::new().file("method", b"#!program")
}

pub(crate) fn started() -> Value {
    json!({ "Entrypoint": ["/method"], "Env": ["PATH=/bin"], "WorkingDir": "/" })
}

pub(crate) fn document(started: &Value, layers: &[Vec<u8>]) -> Value {
    let diff_ids: Vec<_> = layers
        .iter()
        .map(|layer| format!("sha256:{}", hash(layer)))
        .collect();
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    json!({
        "architecture": architecture, "os": "linux", "config": started,
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    })
}

pub(crate) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut layer = Layer::new();
    for (name, content) in members {
        layer = layer.file(name, content);
    }
    layer.bytes()
}

/// What `docker save` writes; `stored` is how the layers lie in it.
pub(crate) fn saved(started: &Value, layers: &[Vec<u8>], stored: &[Vec<u8>]) -> Vec<u8> {
    let config = serde_json::to_vec(&document(started, layers)).unwrap();
    let config_name = format!("{}.json", hash(&config));
    let names: Vec<String> = (0..stored.len())
        .map(|n| format!("{n}/layer.tar"))
        .collect();
    let manifest = json!([{ "Config": config_name, "RepoTags": ["x:latest"], "Layers": names }]);
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let mut members: Vec<(&str, &[u8])> = vec![(&config_name, &config)];
    members.extend(
        names
            .iter()
            .map(String::as_str)
            .zip(stored.iter().map(Vec::as_slice)),
    );
    // At the end, as some engines have it.
    members.push(("manifest.json", &manifest));
    archive(&members)
}

pub(crate) fn image(started: &Value, layer: Layer) -> Vec<u8> {
    let layers = [layer.bytes()];
    saved(started, &layers, &layers)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn refusal(archive: &[u8]) -> Refusal {
    refusal_within(archive, &ImageLimits::default())
}

pub(crate) fn refusal_within(archive: &[u8], limits: &ImageLimits) -> Refusal {
    match check(archive, limits) {
        Err(IntakeError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// What is learnt about an archive that must enter.
pub(crate) fn facts(archive: &[u8]) -> ImageFacts {
    check(archive, &ImageLimits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// An image of several layers.
pub(crate) fn layered(layers: Vec<Layer>) -> Vec<u8> {
    layered_with(&started(), layers)
}

/// The same with this configuration.
pub(crate) fn layered_with(started: &Value, layers: Vec<Layer>) -> Vec<u8> {
    let layers: Vec<_> = layers.into_iter().map(Layer::bytes).collect();
    saved(started, &layers, &layers)
}

/// The entries of each layer as the engine gets them: names, with `/` behind folders, and
/// where links lead.
pub(crate) fn given(archive: &[u8]) -> Vec<Vec<String>> {
    let mut layers = Vec::new();
    let image = rewrite(archive, &ImageLimits::default(), &mut layers)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(image.is_plausible(&ImageLimits::default(), layers.len() as u64));
    let mut out = Vec::new();
    image.write_to(Cursor::new(layers), &mut out, &[]).unwrap();
    let mut archive = tar::Archive::new(&out[..]);
    let mut layers = Vec::new();
    for member in archive.entries().unwrap() {
        let member = member.unwrap();
        let name = member.path().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".tar") {
            layers.push(entries(member));
        }
    }
    layers
}

fn entries(layer: impl std::io::Read) -> Vec<String> {
    let mut archive = tar::Archive::new(layer);
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let link = entry.link_name().unwrap();
            let link = link.map(|link| link.to_string_lossy().into_owned());
            match (entry.header().entry_type(), link) {
                (EntryType::Symlink, Some(link)) => format!("{name} -> {link}"),
                (EntryType::Link, Some(link)) => format!("{name} = {link}"),
                (EntryType::Directory, _) => format!("{}/", name.trim_end_matches('/')),
                _ => name,
            }
        })
        .collect()
}

/// A member of an OCI layout, under its digest.
pub(crate) fn blob(bytes: &[u8]) -> (String, Vec<u8>) {
    (format!("blobs/sha256/{}", hash(bytes)), bytes.to_vec())
}

/// What an index says of a document.
pub(crate) fn descriptor(kind: &str, bytes: &[u8]) -> Value {
    json!({
        "mediaType": format!("application/vnd.oci.image.{kind}"),
        "digest": format!("sha256:{}", hash(bytes)),
        "size": bytes.len(),
    })
}

/// An image in an OCI layout: its members, and its manifest.
pub(crate) fn manifest(
    started: &Value,
    layer: &[u8],
    stored: &[u8],
) -> (Vec<(String, Vec<u8>)>, Vec<u8>) {
    let config = document(started, &[layer.to_vec()])
        .to_string()
        .into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "config": descriptor("config.v1+json", &config),
        "layers": [descriptor("layer.v1.tar", stored)],
    });
    let manifest = manifest.to_string().into_bytes();
    (vec![blob(&config), blob(stored), blob(&manifest)], manifest)
}

/// An OCI layout with these images listed, each member's name behind `front`.
pub(crate) fn layout(front: &str, members: &[(String, Vec<u8>)], listed: &[Value]) -> Vec<u8> {
    let index = json!({ "schemaVersion": 2, "manifests": listed }).to_string();
    let mut layer = Layer::new();
    for (name, content) in members {
        layer = layer.file(&format!("{front}{name}"), content);
    }
    layer
        .file(&format!("{front}index.json"), index.as_bytes())
        .bytes()
}
