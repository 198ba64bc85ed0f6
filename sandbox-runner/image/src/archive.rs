//! The archive around the layers: every member is hashed, small documents are kept, layers
//! are read as they come. Which of them make up the image is known at the end only.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use crate::encoding::{Encoding, foreign, is_tar, peek};
use crate::entries::{Entry, Kind, special, walk};
use crate::facts::ImageFacts;
use crate::first_error::{FirstError, Source};
use crate::hashing::Seen;
use crate::layer::{self, Counts};
use crate::limits::ImageLimits;
use crate::manifest;
use crate::members::{Content, Layer, Member, Members};
use crate::path::inside;
use crate::refusal::{IntakeError, Refusal, Rule, printable};
use crate::rewritten::{Rewritten, RewrittenLayer};
use crate::unpacking::Unpacking;

pub(crate) fn read<'a>(
    archive: impl Read,
    limits: &'a ImageLimits,
    out: Option<&'a mut (dyn Write + 'a)>,
) -> Result<Rewritten, IntakeError> {
    let first_error = FirstError::default();
    let total = Rc::new(RefCell::new(0));
    let source = Source {
        inner: archive,
        first_error: first_error.clone(),
        read: Rc::clone(&total),
        limit: limits.archive_bytes,
    };
    let (start, source) = peek(source).map_err(|error| first_error.explain(&error))?;
    let encoding = Encoding::of(&start);
    if encoding == Encoding::Plain && !is_tar(&start) {
        return Err(no_archive(&start).into());
    }
    let mut reader = Reader {
        limits,
        out,
        written: 0,
        around: encoding,
        unpacking: Unpacking::new(limits, &first_error),
        first_error: first_error.clone(),
        counts: Counts::new(limits),
        layer_bytes: 0,
        members: Members::new(limits),
    };
    let plain = reader.unpacking.archive(encoding, source)?;
    walk(plain, &first_error, |entry, content| {
        reader.entry(&entry, content)
    })?;
    reader.members.find_front();
    let image = manifest::resolve(&reader.members, limits)?;
    let mut left_out = image.left_out;
    if reader.counts.left_out > 0 {
        left_out.push(format!(
            "{} name(s) below /dev, /proc and /sys, or links where the engine puts its own /etc/hosts, \
             /etc/hostname and /etc/resolv.conf",
            reader.counts.left_out
        ));
    }
    let facts = ImageFacts {
        archive_bytes: *total.borrow(),
        unpacked_bytes: reader.layer_bytes,
        entries: reader.counts.entries,
        layers: image.layers.len(),
        privileged_files: reader.counts.privileged,
        left_out,
        config: image.config,
    };
    let layers = image
        .layers
        .iter()
        .filter_map(|layer| layer.rewritten.clone())
        .collect();
    Ok(Rewritten::new(facts, layers))
}

/// What is there instead of an archive.
fn no_archive(start: &[u8]) -> Refusal {
    match foreign(start) {
        Some(foreign) => Refusal::new(
            Rule::NotAnImage,
            format!(
                "the archive is compressed by {}, which is not read here",
                foreign.name
            ),
            format!(
                "hand in the tar file itself or compress it by gzip or zstd: `{} FILE | gzip > \
                 image.tar.gz`",
                foreign.unpack
            ),
        ),
        None => Refusal::new(
            Rule::NotAnImage,
            "this is not a tar file, nor one compressed by gzip or zstd",
            "hand in what `docker save`, `gauntlet method pack` or an OCI builder wrote",
        ),
    }
}

/// The members, as they come.
struct Reader<'a> {
    limits: &'a ImageLimits,
    /// Where layers are written anew, one behind the other.
    out: Option<&'a mut (dyn Write + 'a)>,
    /// Bytes that were written there.
    written: u64,
    /// How the archive itself is compressed.
    around: Encoding,
    unpacking: Unpacking,
    first_error: FirstError,
    counts: Counts,
    /// Bytes of all layers, unpacked.
    layer_bytes: u64,
    members: Members,
}

impl Reader<'_> {
    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), IntakeError> {
        let name = inside(&entry.name, "the archive's member")?;
        self.members.count(&name, &entry.link)?;
        match entry.kind {
            Kind::Folder => {}
            Kind::Symlink => {
                let to = beside(&name, &entry.link)?;
                self.members.link(name, to);
            }
            Kind::Hardlink => {
                let to = inside(&entry.link, "the archive's link")?;
                // A file that is packed twice is a link to itself the second time.
                if to != name {
                    self.members.link(name, to);
                }
            }
            Kind::Special(what) => return Err(special(&name, what).into()),
            Kind::File => {
                let member = self.member(entry.size, content)?;
                self.members.insert(name, member);
            }
        }
        Ok(())
    }

    fn member(&mut self, size: u64, content: &mut dyn Read) -> Result<Member, IntakeError> {
        let first_error = self.first_error.clone();
        let explain = |error: io::Error| first_error.explain(&error);
        let seen = Seen::default();
        let (start, mut rest) = peek(seen.reader(content)).map_err(explain)?;
        let encoding = Encoding::of(&start);
        // Engines take a file without a byte as a layer without a file.
        let content = if encoding != Encoding::Plain || is_tar(&start) || start.is_empty() {
            let plain = self.unpacking.layer(encoding, self.around, rest.by_ref())?;
            self.layer(plain)?
        } else {
            if self.around == Encoding::Plain {
                self.unpacking.charge(size)?;
            }
            match (foreign(&start), start.first()) {
                (Some(foreign), _) => Content::Foreign(foreign),
                (None, Some(b'{' | b'[')) if size > self.limits.json_bytes => Content::Forgotten,
                (None, Some(b'{' | b'[')) => {
                    let mut json = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
                    rest.read_to_end(&mut json).map_err(explain)?;
                    Content::Json(json)
                }
                _ => Content::Other,
            }
        };
        // What a decoder leaves unread behind its end would not be hashed.
        io::copy(&mut rest, &mut io::sink()).map_err(explain)?;
        Ok(Member {
            digest: seen.digest(),
            content,
        })
    }

    fn layer(&mut self, plain: Box<dyn Read + '_>) -> Result<Content, IntakeError> {
        let first_error = self.first_error.clone();
        let unpacked = Seen::default();
        let (start, plain) =
            peek(unpacked.reader(plain)).map_err(|error| first_error.explain(&error))?;
        if !start.is_empty() && !is_tar(&start) {
            return Ok(Content::Other);
        }
        let out = self.out.as_deref_mut();
        let checked = layer::read(plain, &mut self.counts, &first_error, out)?;
        self.layer_bytes += unpacked.bytes();
        let from = self.written;
        let rewritten = checked.written.map(|(digest, bytes)| {
            self.written += bytes;
            RewrittenLayer {
                digest,
                from,
                bytes,
            }
        });
        Ok(Content::Layer(Layer {
            diff_id: unpacked.digest(),
            rewritten,
            tree: Rc::new(checked.tree),
        }))
    }
}

/// Where a relative link of the archive leads.
fn beside(name: &str, link: &str) -> Result<String, Refusal> {
    let refuse = || {
        Refusal::new(
            Rule::Link,
            format!(
                "the archive's link \"{}\" to \"{}\" leads out of it",
                printable(name),
                printable(link)
            ),
            "make the archive with an ordinary builder",
        )
    };
    if link.starts_with('/') {
        return Err(refuse());
    }
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(refuse)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
