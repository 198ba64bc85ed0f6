//! One layer: checked while it streams by, and written anew where asked.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::entries::{Entry, Kind, walk};
use crate::first_error::FirstError;
use crate::limits::ImageLimits;
use crate::path::{inside, parents, target};
use crate::refusal::{IntakeError, Refusal, Rule, printable};
use crate::reserved;

/// What may still come, over all layers.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) entries: u64,
    pub(crate) privileged: u64,
    name_bytes: u64,
    limits: ImageLimits,
}

impl Counts {
    pub(crate) fn new(limits: &ImageLimits) -> Self {
        Self {
            entries: 0,
            privileged: 0,
            name_bytes: 0,
            limits: *limits,
        }
    }

    fn count(&mut self, entry: &Entry) -> Result<(), Refusal> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Refusal::too_large(
                "files in the image",
                self.limits.entries,
            ));
        }
        self.name_bytes += (entry.name.len() + entry.link.len()) as u64;
        if self.name_bytes > self.limits.name_bytes {
            return Err(Refusal::too_large(
                "bytes of all names",
                self.limits.name_bytes,
            ));
        }
        if entry.size > self.limits.file_bytes {
            return Err(Refusal::too_large(
                &format!("bytes of \"{}\"", printable(&entry.name)),
                self.limits.file_bytes,
            ));
        }
        if entry.mode & 0o6000 != 0 && entry.kind == Kind::File {
            self.privileged += 1;
        }
        Ok(())
    }
}

/// Names of the layer that is being read.
#[derive(Default)]
struct Names {
    files: HashSet<String>,
    folders: HashSet<String>,
    symlinks: HashSet<String>,
}

impl Names {
    fn add(&mut self, name: &str, kind: Kind) -> Result<(), Refusal> {
        if let Some(link) = parents(name).find(|part| self.symlinks.contains(*part)) {
            return Err(Refusal::new(
                Rule::Link,
                format!(
                    "\"{}\" lies behind the link \"{}\" of the same layer",
                    printable(name),
                    printable(link)
                ),
                "make the image with an ordinary builder, which writes each file under its own name",
            ));
        }
        let set = match kind {
            Kind::File | Kind::Hardlink => &mut self.files,
            Kind::Folder => &mut self.folders,
            Kind::Symlink => &mut self.symlinks,
        };
        let new = set.insert(name.to_owned());
        let sets = [&self.files, &self.folders, &self.symlinks];
        let kinds = sets.iter().filter(|set| set.contains(name)).count();
        if kinds > 1 || (!new && kind != Kind::Folder) {
            return Err(Refusal::new(
                Rule::Name,
                format!("\"{}\" is there twice in one layer", printable(name)),
                "make the image with an ordinary builder",
            ));
        }
        Ok(())
    }
}

/// Reads a layer's tar file; writes it anew to `to`. Returns the digest of what was
/// written, in hex.
pub(crate) fn read(
    layer: impl Read,
    counts: &mut Counts,
    first_error: &FirstError,
    to: Option<&Path>,
) -> Result<Option<String>, IntakeError> {
    let written = |error| IntakeError::Io("write a layer", error);
    let mut names = Names::default();
    let mut out = match to {
        Some(path) => {
            let file = File::create_new(path).map_err(written)?;
            Some(Builder::new(HashingWriter::new(BufWriter::new(file))))
        }
        None => None,
    };
    walk(layer, first_error, |entry, content| {
        counts.count(&entry)?;
        let name = inside(&entry.name, "the name")?;
        if name.is_empty() {
            return Ok(());
        }
        reserved::check(&name, entry.kind)?;
        reserved::check_whiteout(&name, entry.kind, entry.size)?;
        let link = match entry.kind {
            Kind::Symlink => {
                target(&name, &entry.link)?;
                entry.link.clone()
            }
            Kind::Hardlink => {
                let link = inside(&entry.link, "the link's target")?;
                // A builder writes the file itself first. Anything else might mean a file
                // of another layer, or of whoever unpacks it.
                if !names.files.contains(&link) {
                    return Err(Refusal::new(
                        Rule::Link,
                        format!(
                            "the hard link \"{}\" leads to \"{}\", which is no earlier file of its layer",
                            printable(&name),
                            printable(&link)
                        ),
                        "make the image with an ordinary builder",
                    )
                    .into());
                }
                link
            }
            Kind::File | Kind::Folder => String::new(),
        };
        names.add(&name, entry.kind)?;
        let Some(out) = &mut out else {
            io::copy(content, &mut io::sink()).map_err(|error| first_error.explain(&error))?;
            return Ok(());
        };
        append(out, &entry, &name, &link, content, first_error)
    })?;
    let Some(out) = out else { return Ok(None) };
    let mut writer = out.into_inner().map_err(written)?;
    writer.flush().map_err(written)?;
    Ok(Some(hex::encode(writer.hasher.finalize())))
}

fn append(
    out: &mut Builder<impl Write>,
    entry: &Entry,
    name: &str,
    link: &str,
    content: &mut dyn Read,
    first_error: &FirstError,
) -> Result<(), IntakeError> {
    let mut header = Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(entry.mtime);
    header.set_size(entry.size);
    header.set_mode(match entry.kind {
        Kind::Folder => entry.mode & 0o1777,
        _ => entry.mode & 0o777,
    });
    header.set_entry_type(match entry.kind {
        Kind::File => EntryType::Regular,
        Kind::Folder => EntryType::Directory,
        Kind::Symlink => EntryType::Symlink,
        Kind::Hardlink => EntryType::Link,
    });
    // An error may come from either side; the reader's has been noted.
    let mut failed_reading = false;
    let written = match entry.kind {
        Kind::File | Kind::Folder => {
            let content = Watched {
                inner: content,
                failed: &mut failed_reading,
                left: entry.size,
            };
            out.append_data(&mut header, name, content)
        }
        Kind::Symlink | Kind::Hardlink => out.append_link(&mut header, name, link),
    };
    written.map_err(|error| {
        if failed_reading {
            first_error.explain(&error)
        } else {
            IntakeError::Io("write a layer", error)
        }
    })
}

/// Tells a reader's failure from a writer's, and an early end from a whole file.
struct Watched<'a> {
    inner: &'a mut dyn Read,
    failed: &'a mut bool,
    left: u64,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        match &read {
            Ok(0) if self.left > 0 && !buffer.is_empty() => {
                *self.failed = true;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(read) => self.left = self.left.saturating_sub(*read as u64),
            Err(_) => *self.failed = true,
        }
        read
    }
}

struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> HashingWriter<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
        }
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
