//! Seeds of local runs.

use gauntlet_domain::tournament::{BlockSeed, Nonce, TournamentSeed};

/// A seed as it is typed: a number from which block seeds derive as in a tournament
/// (of an empty field with a known nonce, so that two versions of a method meet the same
/// blocks), or 16 hex digits, which are a block's seed itself as its run's page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// To derive from.
    Number(u64),
    /// As it is.
    Block(BlockSeed),
}

impl std::str::FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(block) = text.parse() {
            return Ok(Self::Block(block));
        }
        text.parse().map(Self::Number).map_err(|_| {
            "a seed is a number such as 7, or 16 hex digits, the seed of a block".to_owned()
        })
    }
}

impl Seed {
    /// The seeds of `count` blocks; a block's own seed is first, and all there is.
    #[must_use]
    pub fn blocks(self, count: u32) -> Vec<BlockSeed> {
        match self {
            Self::Block(block) => vec![block],
            Self::Number(number) => {
                let nonce = Nonce::from_phrase(&number.to_string());
                let seed = TournamentSeed::derive(&nonce, &[]);
                (1..=count).map(|index| seed.block(1, index)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_derive_and_hex_digits_stand_for_themselves() {
        let seed: Seed = "7".parse().unwrap();
        let blocks = seed.blocks(3);
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks[..2], seed.blocks(2)[..]);
        assert_ne!(blocks[0], "8".parse::<Seed>().unwrap().blocks(1)[0]);
        // A run's page shows a block's seed in this form.
        let block: Seed = blocks[1].to_string().parse().unwrap();
        assert_eq!(block.blocks(1), [blocks[1]]);
        assert!("seven".parse::<Seed>().is_err());
        assert!("-1".parse::<Seed>().is_err());
    }
}
