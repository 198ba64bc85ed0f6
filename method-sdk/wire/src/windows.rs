//! How a text becomes rows. It is part of the interface, so that a method sees
//! the same windows natively and in the sandbox.
//!
//! A text of `n` tokens has `n / context - 1` rows. In every epoch the windows lie
//! end to end and begin at an offset of their own, the epoch's *phase*, so that no
//! token has the same place in its window for ever. A row's inputs are `context`
//! tokens, its targets the tokens one place later.

/// Rows of a text: as many as there are in any phase.
#[must_use]
pub const fn rows(tokens: usize, context: usize) -> usize {
    if context == 0 {
        return 0;
    }
    (tokens / context).saturating_sub(1)
}

/// Where an epoch's first window begins, `0..context`. The run's seed decides.
#[must_use]
pub fn phase(seed: u64, epoch: u64, context: usize) -> usize {
    // One step of SplitMix64, away from the stream that orders the rows.
    let mut z =
        (seed ^ 0xa076_1d64_78bd_642f).wrapping_add(epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    ((u128::from(z) * context as u128) >> 64) as usize
}

/// Inputs and targets of a row.
///
/// # Panics
/// If the row is not one of `0..rows(text.len(), context)`, or `phase >= context`.
#[must_use]
pub fn window(text: &[u8], row: usize, phase: usize, context: usize) -> (&[u8], &[u8]) {
    assert!(phase < context, "a phase is smaller than a window");
    let start = phase + row * context;
    (
        &text[start..start + context],
        &text[start + 1..start + context + 1],
    )
}

#[cfg(test)]
mod tests {
    use super::{phase, rows, window};

    #[test]
    fn every_row_of_every_phase_lies_within_the_text() {
        for length in 0..60u8 {
            let text: Vec<u8> = (0..length).collect();
            for context in 1..10 {
                for phase in 0..context {
                    for row in 0..rows(text.len(), context) {
                        let (inputs, targets) = window(&text, row, phase, context);
                        assert_eq!(usize::from(inputs[0]), phase + row * context);
                        assert!(inputs.iter().zip(targets).all(|(a, b)| a + 1 == *b));
                    }
                }
            }
        }
    }

    #[test]
    fn phases_follow_the_seed_and_change_with_the_epoch() {
        let phases = |seed| {
            (0..200)
                .map(|epoch| phase(seed, epoch, 16))
                .collect::<Vec<_>>()
        };
        assert_eq!(phases(1), phases(1));
        assert_ne!(phases(1), phases(2));
        let mut seen = phases(1);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (0..16).collect::<Vec<_>>());
    }
}
