//! Random choices that follow from the organiser's secret, and from nothing else.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// A stream of choices for one purpose of one task.
///
/// The stream and the shuffle are spelled out here, because a library's
/// "shuffle" may change between releases and a hidden part must not.
pub(crate) struct SecretRng(ChaCha20Rng);

impl SecretRng {
    pub(crate) fn new(secret: &[u8; 32], task: &str, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [
            b"gauntlet/task-secret/v1".as_slice(),
            task.as_bytes(),
            purpose.as_bytes(),
        ] {
            // Lengths in front, so that no two (task, purpose) pairs run together.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(secret);
        Self(ChaCha20Rng::from_seed(hash.finalize().into()))
    }

    /// A uniform permutation of `0..count` (Fisher–Yates).
    pub(crate) fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }

    /// A uniform number below `limit`, which is not zero.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // Multiply-shift maps 64 random bits to 0..limit; its bias is below 2^-32 for u32 limits.
        let wide = u128::from(self.0.next_u64()) * limit as u128;
        (wide >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::SecretRng;

    #[test]
    fn task_and_purpose_and_secret_each_change_the_stream() {
        let draw = |secret: u8, task, purpose| {
            SecretRng::new(&[secret; 32], task, purpose).permutation(40)
        };
        let base = draw(1, "ab", "c");
        assert_eq!(base, draw(1, "ab", "c"));
        for other in [draw(2, "ab", "c"), draw(1, "a", "bc"), draw(1, "ab", "d")] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_permutation_holds_every_number_once() {
        let mut order = SecretRng::new(&[9; 32], "t", "p").permutation(1000);
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }

    /// Changing the stream would silently change every task's hidden part.
    #[test]
    fn the_stream_is_frozen() {
        let order = SecretRng::new(&[0; 32], "digits", "split").permutation(10);
        assert_eq!(order, [6, 3, 5, 7, 8, 9, 4, 0, 1, 2]);
    }
}
