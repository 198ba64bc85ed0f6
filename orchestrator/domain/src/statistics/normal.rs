//! Standard normal numbers that come out the same on every machine.

use libm::{cos, log, sin};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of independent standard normal numbers from a 32-byte seed.
///
/// ChaCha20 with that key gives 64-bit words; the top 53 bits of each, plus one
/// half, over 2^53, is a uniform number u between 0 and 1; two of them give two normals by
/// Box and Muller: √(−2 ln u) cos 2πv and √(−2 ln u) sin 2πv, with `libm`'s functions.
pub struct Normals {
    words: ChaCha20Rng,
    spare: Option<f64>,
}

impl Normals {
    /// The stream of that seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            words: ChaCha20Rng::from_seed(seed),
            spare: None,
        }
    }

    /// Part `number` of the seed's streams; they do not overlap.
    pub fn stream(seed: [u8; 32], number: u64) -> Self {
        let mut words = ChaCha20Rng::from_seed(seed);
        words.set_stream(number);
        Self { words, spare: None }
    }

    fn uniform(&mut self) -> f64 {
        const SCALE: f64 = (1_u64 << 53) as f64;
        ((self.words.next_u64() >> 11) as f64 + 0.5) / SCALE
    }

    /// The next number.
    pub fn draw(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * log(self.uniform())).sqrt();
        let angle = 2.0 * std::f64::consts::PI * self.uniform();
        self.spare = Some(radius * sin(angle));
        radius * cos(angle)
    }
}

#[cfg(test)]
mod tests {
    use super::Normals;

    #[test]
    fn moments_fit() {
        let mut normals = Normals::new([7; 32]);
        let draws: Vec<f64> = (0..100_000).map(|_| normals.draw()).collect();
        let mean = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / 1e5;
        // Four standard errors: 1, √2, √15 and √96 over √100 000.
        assert!(mean(1).abs() < 0.013);
        assert!((mean(2) - 1.0).abs() < 0.018);
        assert!(mean(3).abs() < 0.05);
        assert!((mean(4) - 3.0).abs() < 0.13);
    }

    #[test]
    fn streams_differ_and_repeat() {
        let first = |number| Normals::stream([1; 32], number).draw();
        assert_eq!(first(3), first(3));
        assert_ne!(first(3), first(4));
        assert_eq!(first(0), Normals::new([1; 32]).draw());
    }
}
