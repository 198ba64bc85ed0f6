//! ZIP archives: the one file in them that is a table.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::CompressionMethod;
use zip::ZipArchive;

use super::faults::{Named, fault};
use crate::error::DataError;

/// Files of an archive that are looked at.
const MOST_MEMBERS: usize = 10_000;
/// Names that a message lists.
const MOST_NAMED: usize = 8;

/// A file of an archive.
pub(super) struct Member {
    pub(super) name: String,
    start: u64,
    packed: u64,
    crc: u32,
    deflated: bool,
}

/// The file of an archive that is wanted, or the only one; none if the archive is a spreadsheet.
pub(super) fn member(file: &File, wanted: Option<&str>) -> Result<Option<Member>, DataError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
        DataError::new(format!("is a damaged ZIP archive: {error}"))
            .cure("copy or download it anew")
    })?;
    if archive.len() > MOST_MEMBERS {
        let problem = format!("is a ZIP archive of {} files", archive.len());
        return Err(DataError::new(problem).limit(MOST_MEMBERS as u64));
    }
    let names = file_names(&archive);
    let has = |name: &str| names.iter().any(|other| other == name);
    let is = |what: &str, cure: &str| Err(DataError::new(format!("is {what}")).cure(cure));
    if wanted.is_none() {
        if has("xl/workbook.xml") || has("xl/workbook.bin") {
            return Ok(None);
        }
        if has("content.xml") && has("mimetype") {
            return Ok(None);
        }
        if has("word/document.xml") || has("ppt/presentation.xml") {
            return is(
                "a text document or slides of an office program",
                "save its table as CSV",
            );
        }
        if !names.is_empty() && names.iter().all(|name| name.ends_with(".npy")) {
            return is("arrays of NumPy (npz)", "write the table as CSV");
        }
    }
    let hidden = |name: &&String| {
        let last = name.rsplit('/').next().unwrap_or_default();
        name.starts_with("__MACOSX/") || last.is_empty() || last.starts_with('.')
    };
    let files: Vec<&String> = names.iter().filter(|name| !hidden(name)).collect();
    let listed = |files: &[&String]| {
        let named: Vec<String> = files
            .iter()
            .take(MOST_NAMED)
            .map(|name| format!("`{name}`"))
            .collect();
        let more = if files.len() > MOST_NAMED { " …" } else { "" };
        format!("{}{more}", named.join(", "))
    };
    let name = match (wanted, files.as_slice()) {
        (Some(wanted), _) if has(wanted) => wanted.to_owned(),
        (Some(wanted), files) => {
            return Err(DataError::new(format!("has no file `{wanted}`"))
                .cure(format!("it has {}", listed(files))));
        }
        (None, [one]) => (*one).clone(),
        (None, []) => return is("a ZIP archive without files", "pack the table anew"),
        (None, files) => {
            let problem = format!("is a ZIP archive of {} files", files.len());
            let cure = format!("say which with --member: {}", listed(files));
            return Err(DataError::new(problem).cure(cure));
        }
    };
    let broken = |error: &dyn std::fmt::Display| {
        DataError::new(format!("is a damaged ZIP archive: {error}"))
            .cure("copy or download it anew")
    };
    let at = archive
        .index_for_name(&name)
        .ok_or_else(|| broken(&"a file is missing"))?;
    let found = archive.by_index_raw(at).map_err(|error| broken(&error))?;
    if found.encrypted() {
        return is("a ZIP archive with a password", "unpack it first");
    }
    let deflated = match found.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        other => {
            let what = format!("a ZIP archive that is compressed with {other}");
            return is(&what, "unpack it first");
        }
    };
    Ok(Some(Member {
        start: found.data_start().ok_or_else(|| broken(&"no start"))?,
        packed: found.compressed_size(),
        crc: found.crc32(),
        name,
        deflated,
    }))
}

/// Names of an archive's files, those that can be said.
pub(super) fn file_names<R: Read + Seek>(archive: &ZipArchive<R>) -> Vec<String> {
    let names = archive.file_names();
    names
        .filter_map(|name| name.ok().map(Cow::into_owned))
        .collect()
}

/// A member's bytes as they lie in the archive.
pub(super) fn packed(mut file: File, member: &Member) -> Result<io::Take<File>, DataError> {
    file.seek(SeekFrom::Start(member.start)).map_err(fault)?;
    Ok(file.take(member.packed))
}

/// A member's bytes.
pub(super) fn unpacked<'a, R: Read + Send + 'a>(
    packed: R,
    member: &Member,
) -> Result<Box<dyn Read + Send + 'a>, DataError> {
    let inner: Box<dyn Read + Send + 'a> = if member.deflated {
        Box::new(DeflateDecoder::new(packed))
    } else {
        Box::new(packed)
    };
    Ok(Box::new(Named {
        inner: Checked {
            inner,
            crc: Crc::new(),
            wanted: member.crc,
        },
        packing: "ZIP",
    }))
}

/// Bytes with a sum that must be right at the end.
struct Checked<R> {
    inner: R,
    crc: Crc,
    wanted: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(&buffer[..read]);
        if read == 0 && !buffer.is_empty() && self.crc.sum() != self.wanted {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its check sum is another",
            ));
        }
        Ok(read)
    }
}
