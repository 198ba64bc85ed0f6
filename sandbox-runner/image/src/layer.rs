//! One layer: checked while it streams by, and written anew where asked.

use std::hash::RandomState;
use std::io::{self, BufWriter, Read, Write};

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::budget::Budget;
use crate::entries::{Entry, Kind, special, walk};
use crate::first_error::FirstError;
use crate::limits::ImageLimits;
use crate::path::{inside, target};
use crate::refusal::{IntakeError, Refusal, printable};
use crate::reserved::{self, Fate};
use crate::tree::{LayerTree, Step, joined, split};
use crate::whiteout::{self, Whiteout};

/// Bytes that are written at once.
const PIECE: usize = 256 << 10;

/// What may still come, over all layers.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) entries: u64,
    pub(crate) privileged: u64,
    /// Entries without effect, because the engine or we mount something over them.
    pub(crate) left_out: u64,
    budget: Budget,
    keys: RandomState,
    name_bytes: u64,
    limits: ImageLimits,
}

impl Counts {
    pub(crate) fn new(limits: &ImageLimits) -> Self {
        Self {
            entries: 0,
            privileged: 0,
            left_out: 0,
            budget: Budget::new(limits),
            keys: RandomState::new(),
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

/// A layer that was read.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) tree: LayerTree,
    /// SHA-256 in hex of what was written, and its bytes.
    pub(crate) written: Option<(String, u64)>,
}

/// Reads a layer's tar file; writes it anew to `to`, if there is one.
pub(crate) fn read(
    layer: impl Read,
    counts: &mut Counts,
    first_error: &FirstError,
    to: Option<&mut (impl Write + ?Sized)>,
) -> Result<Checked, IntakeError> {
    let written = |error| IntakeError::Io("write a layer", error);
    let mut tree = LayerTree::new(&counts.keys);
    let mut out =
        to.map(|to| Builder::new(HashingWriter::new(BufWriter::with_capacity(PIECE, to))));
    walk(layer, first_error, |entry, content| {
        counts.count(&entry)?;
        let name = inside(&entry.name, "the name")?;
        let Some((folder, part)) = split(&name) else {
            return Ok(());
        };
        let steps = place(&mut tree, counts, folder, part, &entry)?;
        let Some(out) = &mut out else { return Ok(()) };
        for step in &steps {
            append(out, step, &entry, content, first_error)?;
        }
        Ok(())
    })?;
    let written = match out {
        Some(out) => {
            let mut writer = out.into_inner().map_err(written)?;
            writer.flush().map_err(written)?;
            Some((hex::encode(writer.hasher.finalize()), writer.bytes))
        }
        None => None,
    };
    Ok(Checked { tree, written })
}

/// Finds an entry its place in the layer, and what has to be written for it: nothing, if
/// it has no effect.
fn place(
    tree: &mut LayerTree,
    counts: &mut Counts,
    folder: &str,
    part: &str,
    entry: &Entry,
) -> Result<Vec<Step>, Refusal> {
    let name = joined(folder, part);
    let mark = whiteout::of(&name, entry.kind, entry.size)?;
    let budget = &mut counts.budget;
    let way = tree.enter(folder, &name, budget)?;
    let real = joined(&way.path, part);
    if reserved::check(&real, entry.kind)? == Fate::LeftOut {
        counts.left_out += 1;
        return Ok(Vec::new());
    }
    match (mark, entry.kind) {
        (Some(Whiteout::All), _) => tree.clear(way, &name, budget),
        (Some(Whiteout::One(removed)), _) => tree.remove(way, removed, budget),
        (None, Kind::File) => tree.add_file(way, part, budget),
        (None, Kind::Folder) => tree.add_folder(way, part, budget),
        (None, Kind::Symlink) => {
            target(&real, &entry.link)?;
            tree.add_symlink(way, part, &entry.link, budget)
        }
        (None, Kind::Hardlink) => {
            let link = inside(&entry.link, "the link's target")?;
            tree.add_hardlink(way, part, &link, budget)
        }
        (None, Kind::Special(what)) => Err(special(&real, what)),
    }
}

fn append(
    out: &mut Builder<impl Write>,
    step: &Step,
    entry: &Entry,
    content: &mut dyn Read,
    first_error: &FirstError,
) -> Result<(), IntakeError> {
    let written = |error| IntakeError::Io("write a layer", error);
    let (name, to) = match step {
        Step::Folder(name) => {
            let mut header = header(EntryType::Directory, 0o755, entry);
            return out
                .append_data(&mut header, name, io::empty())
                .map_err(written);
        }
        Step::Opaque(folder) => return mark(out, &joined(folder, whiteout::ALL), entry),
        Step::Removed(name) => return mark(out, &whiteout::mark_of(name), entry),
        Step::Entry(name, to) => (name, to),
    };
    // An error may come from either side; the reader's has been noted.
    let mut failed_reading = false;
    let appended = match (entry.kind, to) {
        (Kind::Hardlink, Some(to)) => {
            let mut header = header(EntryType::Link, entry.mode & 0o777, entry);
            out.append_link(&mut header, name, to)
        }
        (Kind::Symlink, _) => {
            let mut header = header(EntryType::Symlink, entry.mode & 0o777, entry);
            out.append_link(&mut header, name, &entry.link)
        }
        (Kind::Folder, _) => {
            let mut header = header(EntryType::Directory, entry.mode & 0o1777, entry);
            out.append_data(&mut header, name, io::empty())
        }
        (Kind::File, _) => {
            let mut header = header(EntryType::Regular, entry.mode & 0o777, entry);
            header.set_size(entry.size);
            let content = Watched {
                inner: content,
                failed: &mut failed_reading,
                left: entry.size,
            };
            out.append_data(&mut header, name, content)
        }
        // Neither gets a place.
        (Kind::Hardlink, None) | (Kind::Special(_), _) => Ok(()),
    };
    appended.map_err(|error| {
        if failed_reading {
            first_error.explain(&error)
        } else {
            written(error)
        }
    })
}

/// Writes an empty file whose name says what it hides.
fn mark(out: &mut Builder<impl Write>, name: &str, entry: &Entry) -> Result<(), IntakeError> {
    let mut header = header(EntryType::Regular, 0o644, entry);
    out.append_data(&mut header, name, io::empty())
        .map_err(|error| IntakeError::Io("write a layer", error))
}

/// A header without content, owned by root.
fn header(kind: EntryType, mode: u32, entry: &Entry) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(entry.mtime);
    header.set_size(0);
    header.set_mode(mode);
    header
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
    bytes: u64,
}

impl<W: Write> HashingWriter<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
