//! The order in which training rows are served is part of the interface, so
//! that a method sees the same batches natively and in the sandbox.

/// Serves row numbers epoch after epoch, each epoch a fresh permutation.
///
/// The permutation is Fisher–Yates over a SplitMix64 stream (Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014):
/// small enough to be written down in a specification and to give the same
/// rows in any language. A batch never spans two epochs; the last batch of an
/// epoch may be shorter.
#[derive(Clone, Debug)]
pub struct BatchOrder {
    state: u64,
    rows: Vec<u32>,
    next: usize,
    epoch: u64,
}

impl BatchOrder {
    /// An order over `rows` rows, from the run's seed.
    ///
    /// # Panics
    /// If `rows` is zero or does not fit in a `u32`.
    #[must_use]
    pub fn new(rows: usize, seed: u64) -> Self {
        let count = u32::try_from(rows).expect("a train part has at most 2^32 rows");
        assert!(count > 0, "a train part has at least one row");
        let mut order = Self {
            state: seed,
            rows: (0..count).collect(),
            next: 0,
            epoch: 0,
        };
        order.shuffle();
        order
    }

    /// Row numbers of the next batch: `size` of them, or what is left of the epoch.
    ///
    /// # Panics
    /// If `size` is zero.
    pub fn next_batch(&mut self, size: usize) -> &[u32] {
        assert!(size > 0, "a batch has at least one row");
        if self.next == self.rows.len() {
            self.shuffle();
            self.next = 0;
            self.epoch += 1;
        }
        let start = self.next;
        self.next = self.rows.len().min(start.saturating_add(size));
        &self.rows[start..self.next]
    }

    /// Number, from 0, of the epoch that the last batch belongs to.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    fn shuffle(&mut self) {
        for last in (1..self.rows.len()).rev() {
            // Multiply-shift maps 64 random bits to 0..=last; its bias is below 2^-32 for u32 counts.
            let bits = u128::from(self.random());
            let other = ((bits * (last as u128 + 1)) >> 64) as usize;
            self.rows.swap(last, other);
        }
    }

    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::BatchOrder;

    #[test]
    fn every_epoch_serves_every_row_once() {
        let mut order = BatchOrder::new(10, 7);
        for epoch in 0..5 {
            let mut seen: Vec<u32> = [4, 4, 4]
                .into_iter()
                .flat_map(|n| order.next_batch(n).to_vec())
                .collect();
            seen.sort_unstable();
            assert_eq!(order.epoch(), epoch);
            assert_eq!(seen, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_seed_decides_the_order() {
        let epoch = |seed| BatchOrder::new(50, seed).next_batch(50).to_vec();
        assert_eq!(epoch(3), epoch(3));
        assert_ne!(epoch(3), epoch(4));
    }
}
