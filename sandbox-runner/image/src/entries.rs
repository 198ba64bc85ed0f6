//! The entries of a tar file, one after the other, with nothing taken on trust.
//!
//! The library's own reading of extended headers holds a header of any size in memory and
//! has differed from other readers before, so only its headers are used here: long names
//! and PAX records are read by us, within limits, and a record that contradicts the header
//! is a reason to refuse.

use std::io::{self, Read};

use tar::{Archive, EntryType, Header};

use crate::first_error::FirstError;
use crate::refusal::{IntakeError, Refusal, Rule, printable};

/// Bytes of one extended header.
const EXTENSION: u64 = 64 << 10;

/// Kinds of entries that an image may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Symlink,
    Hardlink,
    /// A device or a FIFO, in words.
    Special(&'static str),
}

/// One entry, its name as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) mtime: u64,
    pub(crate) link: String,
}

#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Hands every entry with its content to `each`, then reads to the end of the stream:
/// what follows an archive's end belongs to the bytes that are hashed.
pub(crate) fn walk<R: Read>(
    reader: R,
    first_error: &FirstError,
    mut each: impl FnMut(Entry, &mut dyn Read) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    let mut archive = Archive::new(reader);
    let explain = |error: io::Error| first_error.explain(&error);
    let mut extensions = Extensions::default();
    for entry in archive.entries().map_err(explain)?.raw(true) {
        let mut entry = entry.map_err(explain)?;
        let header = entry.header().clone();
        let size = header.entry_size().map_err(explain)?;
        let kind = match header.entry_type() {
            EntryType::GNULongName => {
                extensions.name = Some(extension(&mut entry, size, first_error)?);
                continue;
            }
            EntryType::GNULongLink => {
                extensions.link = Some(extension(&mut entry, size, first_error)?);
                continue;
            }
            EntryType::XHeader => {
                let records = extension(&mut entry, size, first_error)?;
                pax(&records, &mut extensions)?;
                continue;
            }
            EntryType::Regular | EntryType::Continuous => Kind::File,
            EntryType::Directory => Kind::Folder,
            EntryType::Symlink => Kind::Symlink,
            EntryType::Link => Kind::Hardlink,
            EntryType::Char | EntryType::Block => Kind::Special("a device"),
            EntryType::Fifo => Kind::Special("a FIFO"),
            // Comments, as engines see it: what it says of times or owners is not kept.
            EntryType::XGlobalHeader => {
                extension(&mut entry, size, first_error)?;
                continue;
            }
            other => return Err(wrong_kind(other, &header).into()),
        };
        let extended = std::mem::take(&mut extensions);
        if extended.size.is_some_and(|told| told != size) {
            return Err(Refusal::new(
                Rule::NotAnImage,
                "an entry's two sizes contradict each other",
                "make the image with an ordinary builder",
            )
            .into());
        }
        if kind != Kind::File && size != 0 {
            return Err(Refusal::new(
                Rule::Kind,
                "a folder, a link or a device has content",
                "make the image with an ordinary builder",
            )
            .into());
        }
        let name = text(
            extended
                .name
                .unwrap_or_else(|| header.path_bytes().into_owned()),
        )?;
        let link = extended
            .link
            .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
            .unwrap_or_default();
        // Archives of the seventies mark folders by their names.
        let kind = match kind {
            Kind::File if name.ends_with('/') && size == 0 => Kind::Folder,
            kind => kind,
        };
        let found = Entry {
            name,
            kind,
            size,
            mode: header.mode().map_err(explain)?,
            // Kept, because compiled Python files name their source's time.
            mtime: header.mtime().unwrap_or(0).min(u64::from(u32::MAX)),
            link: text(link)?,
        };
        each(found, &mut entry)?;
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(explain)?;
    Ok(())
}

fn extension(
    entry: &mut impl Read,
    size: u64,
    first_error: &FirstError,
) -> Result<Vec<u8>, IntakeError> {
    if size > EXTENSION {
        return Err(Refusal::too_large("bytes of an extended header", EXTENSION).into());
    }
    let mut bytes = Vec::new();
    entry
        .read_to_end(&mut bytes)
        .map_err(|error| first_error.explain(&error))?;
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

/// Takes names and size; what else there is (times, owners, attributes) is not kept.
fn pax(records: &[u8], extensions: &mut Extensions) -> Result<(), IntakeError> {
    let damaged = |what: &str| {
        Refusal::new(
            Rule::NotAnImage,
            format!("an extended header {what}"),
            "make the image with an ordinary builder",
        )
    };
    for record in tar::PaxExtensions::new(records) {
        let record = record.map_err(|_| damaged("cannot be read"))?;
        let key = record.key().map_err(|_| damaged("cannot be read"))?;
        match key {
            "path" => extensions.name = Some(record.value_bytes().to_vec()),
            "linkpath" => extensions.link = Some(record.value_bytes().to_vec()),
            "size" => {
                let size = record.value().ok().and_then(|value| value.parse().ok());
                extensions.size = Some(size.ok_or_else(|| damaged("has a size that is none"))?);
            }
            key if key.starts_with("GNU.sparse") => {
                return Err(damaged("describes a sparse file").into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn text(bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|error| {
        let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
        Refusal::new(
            Rule::Name,
            format!("the name \"{}\" is not UTF-8", printable(&shown)),
            "rename the file",
        )
    })
}

fn wrong_kind(kind: EntryType, header: &Header) -> Refusal {
    let what = match kind {
        EntryType::GNUSparse => "a sparse file",
        _ => "of a kind that no image has",
    };
    special(&String::from_utf8_lossy(&header.path_bytes()), what)
}

/// Refuses an entry of a kind that is not taken, in words.
pub(crate) fn special(name: &str, what: &str) -> Refusal {
    Refusal::new(
        Rule::Kind,
        format!("\"{}\" is {what}", printable(name)),
        "an image holds files, folders and links; the sandbox has its own /dev",
    )
}
