//! Packs a program into an image, without an engine and without a builder: one layer, an
//! OCI layout in a tar file. The same files give the same bytes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::platform::ARCHITECTURE;
use crate::rewritten::member;

/// A program to be packed.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Files on this machine and the absolute paths they get in the image; a folder is
    /// packed with everything in it.
    pub files: Vec<(PathBuf, String)>,
    /// The entry point.
    pub entrypoint: Vec<String>,
    /// The environment, `NAME=VALUE`.
    pub environment: Vec<String>,
    /// The working directory.
    pub working_directory: String,
}

/// Why a program cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file cannot be read.
    #[error("failed to read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A place in the image is not absolute.
    #[error("{0:?} is no absolute path")]
    Place(String),
    /// The archive cannot be written.
    #[error("failed to write the archive: {0}")]
    Write(#[from] io::Error),
}

/// Writes the image's archive: an OCI layout that `skopeo`, `podman` and engines with a
/// containerd store read as well.
///
/// # Errors
/// See [`PackError`].
pub fn pack(packed: &Packed, out: impl Write) -> Result<(), PackError> {
    let mut layer = Builder::new(Vec::new());
    let mut folders = std::collections::BTreeSet::new();
    let mut files = Vec::new();
    for (from, to) in &packed.files {
        let place = to
            .strip_prefix('/')
            .filter(|place| !place.is_empty())
            .ok_or_else(|| PackError::Place(to.clone()))?;
        // A link that is named is followed; one within a folder is packed as a link.
        let from = fs::canonicalize(from).map_err(|source| PackError::Read {
            path: from.clone(),
            source,
        })?;
        collect(&from, place, &mut files)?;
    }
    files.sort_by(|a, b| a.1.cmp(&b.1));
    for (_, place) in &files {
        for parent in crate::path::parents(place) {
            folders.insert(parent.to_owned());
        }
    }
    for folder in &folders {
        let mut header = header(EntryType::Directory, 0, 0o755);
        layer.append_data(&mut header, folder, io::empty())?;
    }
    for (from, place) in &files {
        add(&mut layer, from, place)?;
    }
    let layer = layer.into_inner()?;
    let diff_id = digest(&layer);
    let mut compressed = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::fast());
    compressed.write_all(&layer)?;
    let layer = compressed.finish()?;

    let config = serde_json::to_vec(&json!({
        "architecture": ARCHITECTURE,
        "os": "linux",
        "config": {
            "Entrypoint": packed.entrypoint,
            "Env": packed.environment,
            "WorkingDir": packed.working_directory,
        },
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
    }))
    .map_err(io::Error::from)?;
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &layer)],
    }))
    .map_err(io::Error::from)?;
    let mut index = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    index["platform"] = json!({ "architecture": ARCHITECTURE, "os": "linux" });
    let index = json!({ "schemaVersion": 2, "manifests": [index] });

    let mut archive = Builder::new(out);
    member(
        &mut archive,
        "oci-layout",
        br#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    for blob in [&layer, &config, &manifest] {
        let name = digest(blob).replace("sha256:", "blobs/sha256/");
        member(&mut archive, &name, blob)?;
    }
    let index = serde_json::to_vec(&index).map_err(io::Error::from)?;
    member(&mut archive, "index.json", &index)?;
    archive.into_inner()?.flush()?;
    Ok(())
}

/// Files of a folder under it, links as links.
fn collect(from: &Path, place: &str, files: &mut Vec<(PathBuf, String)>) -> Result<(), PackError> {
    let failed = |source| PackError::Read {
        path: from.to_owned(),
        source,
    };
    if !fs::symlink_metadata(from).map_err(failed)?.is_dir() {
        files.push((from.to_owned(), place.to_owned()));
        return Ok(());
    }
    for entry in fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        collect(&path, &format!("{place}/{name}"), files)?;
    }
    Ok(())
}

fn add(layer: &mut Builder<Vec<u8>>, from: &Path, place: &str) -> Result<(), PackError> {
    let failed = |source| PackError::Read {
        path: from.to_owned(),
        source,
    };
    let metadata = fs::symlink_metadata(from).map_err(failed)?;
    if metadata.is_symlink() {
        let target = fs::read_link(from).map_err(failed)?;
        let mut header = header(EntryType::Symlink, 0, 0o777);
        layer.append_link(&mut header, place, target)?;
        return Ok(());
    }
    let executable = metadata.permissions().mode() & 0o111 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    let mut header = header(EntryType::Regular, metadata.len(), mode);
    let file = File::open(from).map_err(failed)?;
    layer.append_data(&mut header, place, file)?;
    Ok(())
}

/// No times and no owners: the same files are the same image.
fn header(kind: EntryType, size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}
