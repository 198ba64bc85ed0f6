//! Gzip as it is found: several members are one stream, and zeros may follow the last.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Members of one stream; some layers have one for each file.
const MEMBERS: u32 = 1_000_000;

/// The unpacked bytes of all members.
pub(crate) struct Gzip<R> {
    /// None after the end, or after an error.
    decoder: Option<GzDecoder<R>>,
    members: u32,
}

impl<R: BufRead> Gzip<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            decoder: Some(GzDecoder::new(reader)),
            members: 1,
        }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(mut decoder) = self.decoder.take() {
            let read = decoder.read(buffer)?;
            if read > 0 {
                self.decoder = Some(decoder);
                return Ok(read);
            }
            let mut rest = decoder.into_inner();
            if !another_follows(&mut rest)? {
                break;
            }
            self.members += 1;
            if self.members > MEMBERS {
                return Err(io::Error::other("gzip: more than a million members"));
            }
            self.decoder = Some(GzDecoder::new(rest));
        }
        Ok(0)
    }
}

/// Whether a member follows the one that has ended. Blocks of tapes were filled up with
/// zeros, and tools have done so since.
fn another_follows(rest: &mut impl BufRead) -> io::Result<bool> {
    let mut padded = false;
    loop {
        let next = rest.fill_buf()?;
        if next.is_empty() {
            return Ok(false);
        }
        let zeros = next.iter().take_while(|byte| **byte == 0).count();
        if zeros == 0 {
            break;
        }
        rest.consume(zeros);
        padded = true;
    }
    if padded {
        return Err(io::Error::other(
            "gzip: something follows the zeros behind the compressed data",
        ));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Gzip::new(bytes).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn members_are_one_stream_and_zeros_may_follow() {
        let two = [packed(b"one, "), packed(b""), packed(b"two")].concat();
        assert_eq!(unpacked(&two).unwrap(), b"one, two");
        let padded = [two.clone(), vec![0; 1000]].concat();
        assert_eq!(unpacked(&padded).unwrap(), b"one, two");
    }

    #[test]
    fn anything_else_behind_it_is_no_gzip() {
        let two = packed(b"x");
        unpacked(&[two.clone(), b"rubbish".to_vec()].concat()).unwrap_err();
        unpacked(&[two.clone(), vec![0; 9], two.clone()].concat()).unwrap_err();
        unpacked(&two[..two.len() - 1]).unwrap_err();
    }
}
