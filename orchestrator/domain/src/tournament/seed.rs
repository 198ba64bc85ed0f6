//! Where everything random in a tournament comes from.
//!
//! The organiser commits to a [`Nonce`] by publishing its digest at opening.
//! The [`TournamentSeed`] hashes the nonce with the digests of the sealed
//! field, so neither the organiser nor an entrant can choose it. Block seeds
//! derive from it by round and number, both counted from 1.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// 32 bytes that the organiser commits to at opening and reveals at closing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Digest", into = "Digest")]
pub struct Nonce([u8; 32]);

impl Nonce {
    /// A nonce from random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A nonce that anyone who knows the phrase can derive: for demonstrations
    /// that must come out the same every time. It commits to nothing.
    pub fn from_phrase(phrase: &str) -> Self {
        Self(*Digest::of_parts(&[b"gauntlet/nonce-from-phrase/v1", phrase.as_bytes()]).as_bytes())
    }

    /// The published commitment.
    pub fn commitment(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// The bytes, secret until closing.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

// A nonce is written like a digest: 64 hex digits.
impl From<Digest> for Nonce {
    fn from(digest: Digest) -> Self {
        Self(*digest.as_bytes())
    }
}

impl From<Nonce> for Digest {
    fn from(nonce: Nonce) -> Self {
        Self::from_bytes(nonce.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)") // must not reach a log before closing
    }
}

/// The seed of a tournament whose field is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TournamentSeed(pub Digest);

impl TournamentSeed {
    /// SHA-256("gauntlet/tournament-seed/v1" ‖ nonce ‖ sorted digests of the field).
    pub fn derive(nonce: &Nonce, field: &[Digest]) -> Self {
        let mut sorted = field.to_vec();
        sorted.sort_unstable();
        let mut parts: Vec<&[u8]> = vec![b"gauntlet/tournament-seed/v1", nonce.as_bytes()];
        parts.extend(sorted.iter().map(|digest| digest.as_bytes().as_slice()));
        Self(Digest::of_parts(&parts))
    }

    /// First 8 bytes of SHA-256("gauntlet/block-seed/v1" ‖ seed ‖ round ‖ index),
    /// numbers as big-endian u32, both from 1.
    pub fn block(&self, round: u32, index: u32) -> BlockSeed {
        let digest = Digest::of_parts(&[
            b"gauntlet/block-seed/v1",
            self.0.as_bytes(),
            &round.to_be_bytes(),
            &index.to_be_bytes(),
        ]);
        let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
        BlockSeed(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The order of a draw: the smaller key is drawn first.
    /// SHA-256("gauntlet/draw/v1" ‖ seed ‖ round ‖ digest of the module).
    pub fn draw(&self, round: u32, submission: &Digest) -> Digest {
        Digest::of_parts(&[
            b"gauntlet/draw/v1",
            self.0.as_bytes(),
            &round.to_be_bytes(),
            submission.as_bytes(),
        ])
    }

    /// Orders equals: the smaller key stands first.
    pub fn tie_break(&self, submission: &Digest) -> Digest {
        Digest::of_parts(&[
            b"gauntlet/tie-break/v1",
            self.0.as_bytes(),
            submission.as_bytes(),
        ])
    }
}

/// The seed of a block; written as 16 hex digits, since JSON numbers do not
/// carry 64 bits everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlockSeed(pub u64);

impl fmt::Display for BlockSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for BlockSeed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 16
            && text.bytes().all(|byte| byte.is_ascii_hexdigit()) // no sign, which the parser would take
            && let Ok(seed) = u64::from_str_radix(text, 16)
        {
            return Ok(Self(seed));
        }
        Err("a block seed is 16 hex digits".to_owned())
    }
}

impl TryFrom<String> for BlockSeed {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BlockSeed> for String {
    fn from(seed: BlockSeed) -> Self {
        seed.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{BlockSeed, Nonce, TournamentSeed};
    use crate::digest::Digest;

    fn seed() -> TournamentSeed {
        TournamentSeed::derive(
            &Nonce::from_phrase("7"),
            &[Digest::of(b"one"), Digest::of(b"two")],
        )
    }

    #[test]
    fn the_order_of_the_field_does_not_matter_but_its_members_do() {
        let nonce = Nonce::from_phrase("7");
        let [one, two, three] = [b"one".as_slice(), b"two", b"three"].map(Digest::of);
        assert_eq!(TournamentSeed::derive(&nonce, &[two, one]), seed());
        assert_ne!(TournamentSeed::derive(&nonce, &[one, three]), seed());
        assert_ne!(TournamentSeed::derive(&nonce, &[one, two, three]), seed());
        assert_ne!(
            TournamentSeed::derive(&Nonce::from_phrase("8"), &[one, two]),
            seed()
        );
    }

    #[test]
    fn derivation_is_frozen() {
        // Changing it would break every bracket already played. The numbers
        // were computed apart from this code, with Python's hashlib.
        assert_eq!(seed().0.short(), "f8f643e2b18f");
        assert_eq!(seed().block(1, 1).to_string(), "9983e95ec6b200d7");
    }

    #[test]
    fn blocks_differ_by_round_and_number() {
        let seeds: HashSet<u64> = (1..20)
            .flat_map(|round| (1..20).map(move |index| seed().block(round, index).0))
            .collect();
        assert_eq!(seeds.len(), 19 * 19);
    }

    #[test]
    fn block_seeds_are_written_in_full() {
        let seed = BlockSeed(0xab);
        assert_eq!(seed.to_string(), "00000000000000ab");
        assert_eq!("00000000000000ab".parse(), Ok(seed));
        assert!("ab".parse::<BlockSeed>().is_err());
        assert!("+0000000000000ab".parse::<BlockSeed>().is_err());
    }

    #[test]
    fn a_nonce_does_not_show_itself_to_logs() {
        let nonce = Nonce::from_phrase("7");
        let hex = Digest::from(nonce).to_string();
        assert!(!format!("{nonce:?}").contains(&hex[..8]));
    }
}
