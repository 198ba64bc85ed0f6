//! gzip: members one after another, with padding behind them.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::faults::broken;

/// A gzip stream of one or more members. Zeros and line ends behind a member are padding, which some
/// writers leave and gzip itself passes over.
pub(super) struct Gzip<R> {
    /// None behind the last member.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(packed: R) -> Self {
        Self {
            member: Some(GzDecoder::new(packed)),
        }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer).map_err(|error| broken("gzip", error))?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.member = match self.member.take() {
                Some(ended) => behind(ended.into_inner())?.map(GzDecoder::new),
                None => None,
            };
        }
        Ok(0)
    }
}

/// What comes behind a member and its padding, if anything does.
fn behind<R: BufRead>(mut packed: R) -> io::Result<Option<R>> {
    loop {
        let buffered = packed.fill_buf()?;
        let all = buffered.len();
        let padding = |byte: &&u8| matches!(byte, 0 | b'\n' | b'\r');
        let passed = buffered.iter().take_while(padding).count();
        packed.consume(passed);
        if all == 0 {
            return Ok(None);
        }
        if passed < all {
            return Ok(Some(packed));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::Gzip;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut content = Vec::new();
        match Gzip::new(packed).read_to_end(&mut content) {
            Ok(_) => Ok(content),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn members_follow_each_other_and_padding_is_none() {
        let both = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(unpack(&both).unwrap(), b"one two");
        let zeros = vec![0; 9000];
        let padded = [packed(b"one "), zeros, packed(b"two"), b"\0\0\n".to_vec()].concat();
        assert_eq!(unpack(&padded).unwrap(), b"one two");
        let junk = [packed(b"one"), b"junk".to_vec()].concat();
        assert!(unpack(&junk).is_err());
    }

    #[test]
    fn what_is_cut_off_is_said_to_be() {
        let whole = packed(b"some text that is long enough");
        let message = unpack(&whole[..whole.len() - 3]).unwrap_err();
        assert!(message.contains("cut off"), "{message}");
    }
}
