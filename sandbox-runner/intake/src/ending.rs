//! An answer behind what was written: JSON, and how long it is in the last eight bytes.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use crate::answer::Answer;

/// Bytes of the length.
const LENGTH: usize = 8;

/// Writes an answer behind what `out` holds already.
pub(crate) fn write(answer: &Answer, out: &mut impl Write) -> io::Result<()> {
    let answer = serde_json::to_vec(answer)?;
    out.write_all(&answer)?;
    out.write_all(&(answer.len() as u64).to_le_bytes())
}

/// The answer at the end of a file, at most so many bytes of it, and how many bytes are before
/// it; none if that is no answer.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn read(file: &File, most: usize) -> io::Result<Option<(Answer, u64)>> {
    let Some(before) = file.metadata()?.len().checked_sub(LENGTH as u64) else {
        return Ok(None);
    };
    let mut length = [0; LENGTH];
    file.read_exact_at(&mut length, before)?;
    let length = u64::from_le_bytes(length);
    let bytes = usize::try_from(length).ok().filter(|bytes| *bytes <= most);
    let (Some(written), Some(bytes)) = (before.checked_sub(length), bytes) else {
        return Ok(None);
    };
    let mut answer = vec![0; bytes];
    file.read_exact_at(&mut answer, written)?;
    let answer = serde_json::from_slice(&answer).ok();
    Ok(answer.map(|answer| (answer, written)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn an_answer_is_found_behind_what_was_written() {
        let answer = Answer::Unreadable("why".to_owned());
        for before in ["", "layers"] {
            let mut bytes = before.as_bytes().to_vec();
            write(&answer, &mut bytes).unwrap();
            let found = read(&file(&bytes), 100).unwrap();
            assert_eq!(found, Some((answer.clone(), before.len() as u64)));
            assert_eq!(read(&file(&bytes), 10).unwrap(), None);
        }
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let zeroes = [0; 8];
        let longer = [&[b'{'; 9][..], &10_u64.to_le_bytes()].concat();
        let no_json = [&b"{]"[..], &2_u64.to_le_bytes()].concat();
        for bytes in [&[][..], b"{}", &zeroes, &[0xff; 16], &longer, &no_json] {
            assert_eq!(read(&file(bytes), 100).unwrap(), None, "{bytes:?}");
        }
    }
}
