//! What something begins like.

use std::io::{self, Read};

/// How something is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

impl Encoding {
    pub(crate) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or one of those that readers skip: some tools write such a one first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// A compression or a kind of archive that is known, but not read here.
pub(crate) fn foreign(start: &[u8]) -> Option<Foreign> {
    let (name, unpack) = match start {
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => ("xz", "xz -dc"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => ("bzip2", "bzip2 -dc"),
        [0x04, 0x22, 0x4d, 0x18, ..] => ("lz4", "lz4 -dc"),
        [0x5d, 0, 0, ..] => ("lzma", "lzma -dc"),
        [b'P', b'K', 3, 4, ..] => ("zip", "unzip -p"),
        _ => return None,
    };
    Some(Foreign { name, unpack })
}

/// See [`foreign`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// Its usual name.
    pub(crate) name: &'static str,
    /// The command that unpacks a file of it to standard output.
    pub(crate) unpack: &'static str,
}

/// Whether the first block is a tar file's: its magic word, the checksum of a header from
/// before there was one, or an empty archive's zeros.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    let Some(block) = start.get(..512) else {
        return false;
    };
    &block[257..262] == b"ustar" || block.iter().all(|byte| *byte == 0) || checksum_agrees(block)
}

fn checksum_agrees(block: &[u8]) -> bool {
    let field = 148..156;
    let text = String::from_utf8_lossy(&block[field.clone()]);
    let told = text.trim_matches([' ', '\0']);
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| u32::from(if field.contains(&at) { b' ' } else { *byte }))
        .sum();
    u32::from_str_radix(told, 8).is_ok_and(|told| told == sum)
}

/// Reads the beginning of something, at most a tar block, without losing it.
pub(crate) fn peek<'a>(mut reader: impl Read + 'a) -> io::Result<(Vec<u8>, Box<dyn Read + 'a>)> {
    let mut start = Vec::with_capacity(512);
    reader.by_ref().take(512).read_to_end(&mut start)?;
    let whole = io::Cursor::new(start.clone()).chain(reader);
    Ok((start, Box::new(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_known() {
        assert_eq!(Encoding::of(&[0x1f, 0x8b, 8]), Encoding::Gzip);
        assert_eq!(Encoding::of(&[0x28, 0xb5, 0x2f, 0xfd]), Encoding::Zstd);
        assert_eq!(Encoding::of(&[0x5a, 0x2a, 0x4d, 0x18]), Encoding::Zstd);
        assert_eq!(Encoding::of(b"{}"), Encoding::Plain);
        assert_eq!(foreign(b"\xfd7zXZ\0\0").map(|f| f.name), Some("xz"));
        assert_eq!(foreign(b"BZh91AY").map(|f| f.name), Some("bzip2"));
        assert_eq!(foreign(b"BZip"), None);
    }

    #[test]
    fn tar_files_without_a_magic_word_are_tar_files() {
        let mut header = tar::Header::new_old();
        header.set_size(0);
        header.set_cksum();
        assert!(is_tar(header.as_bytes()));
        assert!(!is_tar(&[b'x'; 512]));
        assert!(!is_tar(&header.as_bytes()[..511]));
    }
}
