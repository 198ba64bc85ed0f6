//! The generated task: addition modulo `p` with renamed symbols.

use crate::rows::{Labels, Rows, Values};
use crate::secret_rng::SecretRng;

/// The whole table of `(a + b) mod modulus`: `modulus²` rows of two tokens.
///
/// The secret renames the symbols (one permutation for tokens and answers
/// alike), so that the table cannot be filled in by a method that merely knows
/// the name of the task: it has to find the structure in the cells it is shown.
pub(crate) fn table(modulus: u32, task: &str, secret: &[u8; 32]) -> Rows {
    let names = SecretRng::new(secret, task, "symbols").permutation(modulus as usize);
    let name = |symbol: u32| names[symbol as usize] as i64;
    let mut tokens = Vec::new();
    let mut labels = Vec::new();
    for a in 0..modulus {
        for b in 0..modulus {
            tokens.extend([name(a), name(b)]);
            labels.push(name((a + b) % modulus));
        }
    }
    Rows {
        inputs: Values::I64(tokens),
        width: 2,
        labels: Labels::Classes(labels),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Labels, Values, table};

    proptest! {
        /// Renamed or not, it is the table of a commutative group with one neutral element.
        #[test]
        fn the_table_is_a_group(modulus in 2u32..12, secret: [u8; 32]) {
            let rows = table(modulus, "t", &secret);
            let Values::I64(tokens) = &rows.inputs else { panic!("tokens are integers") };
            let Labels::Classes(labels) = &rows.labels else { panic!("answers are classes") };
            let n = modulus as usize;
            prop_assert_eq!(labels.len(), n * n);
            let mut sum = vec![vec![None; n]; n];
            for (pair, label) in tokens.chunks(2).zip(labels) {
                let cell = &mut sum[pair[0] as usize][pair[1] as usize];
                prop_assert_eq!(cell.replace(*label as usize), None);
            }
            let sum = |a: usize, b: usize| sum[a][b].unwrap();
            for a in 0..n {
                for b in 0..n {
                    prop_assert_eq!(sum(a, b), sum(b, a));
                    for c in 0..n {
                        prop_assert_eq!(sum(sum(a, b), c), sum(a, sum(b, c)));
                    }
                }
            }
            let neutral = (0..n).filter(|&e| (0..n).all(|a| sum(e, a) == a)).count();
            prop_assert_eq!(neutral, 1);
        }
    }

    #[test]
    fn the_secret_renames_the_symbols() {
        assert_ne!(table(31, "t", &[1; 32]), table(31, "t", &[2; 32]));
        assert_eq!(table(31, "t", &[1; 32]), table(31, "t", &[1; 32]));
    }
}
