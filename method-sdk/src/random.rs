//! Random numbers in the method's own code, from the run's seed.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// The generator behind [`Training::rng`](crate::Training::rng): ChaCha with 20 rounds, as
/// D. J. Bernstein published it ("ChaCha, a variant of Salsa20", 2008), with a 64-bit block
/// counter from 0 and a 64-bit nonce.
///
/// - Key: the run's seed as 8 little-endian bytes, then 24 bytes of zero.
/// - Nonce: 2. (The platform uses the nonces 0 and 1 for other things.)
///
/// So anybody can compute the same numbers in any language, and natively they are the
/// sandbox's. It implements the traits of [`rand_core`], for crates such as `rand`.
///
/// Whole numbers and their multiples are equal to the bit everywhere. Logarithms,
/// exponentials and powers are not: computed on the host's CPU and computed in the sandbox
/// they are different libraries' and may differ in the last bit. Tensors are computed on
/// the host's device in any case, so random *tensors* are best left to
/// [`Tensor::random`](burn::tensor::Tensor::random), which follows the run's seed too.
pub type RunRng = ChaCha20Rng;

pub use rand_chacha::rand_core;

/// The generator of a run.
pub(crate) fn of_run(seed: u64) -> RunRng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha20Rng::from_seed(key);
    rng.set_stream(2);
    rng
}

/// A whole number below `bound`, all of them as likely but for less than one part in 2^32.
///
/// # Panics
/// If `bound` is zero.
#[must_use]
pub(crate) fn below(rng: &mut impl rand_core::Rng, bound: u32) -> u32 {
    assert!(bound > 0, "there is no number below zero");
    // Multiply-shift: the high half of a 96-bit product.
    ((u128::from(rng.next_u64()) * u128::from(bound)) >> 64) as u32
}

/// A number from 0 (included) to 1 (excluded), a multiple of 2^-53.
#[must_use]
pub(crate) fn unit(rng: &mut impl rand_core::Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    #[test]
    fn the_first_numbers_are_the_published_ones() {
        // Key and nonce of zero: the first test vector of the ChaCha20 stream, RFC 8439 A.1.
        let mut zero = ChaCha20Rng::from_seed([0; 32]);
        assert_eq!(zero.next_u32().to_le_bytes(), [0x76, 0xb8, 0xe0, 0xad]);
        assert_eq!(zero.next_u32().to_le_bytes(), [0xa0, 0xf1, 0x3d, 0x90]);
    }

    #[test]
    fn the_seed_decides_and_the_stream_is_its_own() {
        let first = |seed| of_run(seed).next_u64();
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
        let mut other = of_run(7);
        other.set_stream(1);
        assert_ne!(first(7), other.next_u64());
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let mut rng = of_run(1);
        let draws: Vec<u32> = (0..200).map(|_| below(&mut rng, 3)).collect();
        for wanted in 0..3 {
            assert!(draws.contains(&wanted));
        }
        assert!(draws.iter().all(|draw| *draw < 3));
        assert!((0..200).all(|_| (0.0..1.0).contains(&unit(&mut rng))));
    }
}
