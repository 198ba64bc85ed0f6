//! What matrix products take beside their operands and outputs.
//!
//! The CPU backend multiplies with the crate `gemm`, which packs parts of the operands
//! into the order in which its kernels read them. It packs a part of the depth at a time,
//! and only where the operands do not lie well; where it does so depends on the machine's
//! registers, so that the bounds here are those of any machine. The buffer that each
//! thread keeps for a block of one operand (as large as the machine's second cache)
//! belongs to the process, not to an operation.

use burn_backend::DType;

/// Most of the depth that is packed at a time.
const DEPTH: u64 = 1024;
/// Most rows of a kernel's tile, and fewest.
const ROWS_MOST: u64 = 48;
const ROWS_LEAST: u64 = 8;
/// Most columns of a kernel's tile.
const COLUMNS: u64 = 8;
/// A product of at least so many multiplications is divided among the threads.
pub(crate) const PARALLEL: u64 = 192 * 192 * 192;

/// A product `[m, k] x [k, n]` into rows.
#[derive(Clone, Copy)]
pub(crate) struct Product {
    pub(crate) m: u64,
    pub(crate) k: u64,
    pub(crate) n: u64,
    /// Do the rows of the operands lie one element after another?
    pub(crate) rows: [bool; 2],
}

impl Product {
    /// Bytes of what is packed for one product.
    pub(crate) fn packed(&self, dtype: DType) -> u64 {
        let depth = self.k.min(DEPTH);
        let half = dtype == DType::F16;
        // The kernels write columns: for an output of rows they see both operands
        // transposed and exchanged.
        let right = if self.n <= 16 * ROWS_MOST && (!self.rows[1] || self.n % 16 != 0) {
            self.n.next_multiple_of(ROWS_MOST)
        } else {
            0
        };
        let least = if self.rows[0] { 128 } else { 2 } * ROWS_LEAST;
        let left = if half || self.n > least {
            self.m.next_multiple_of(COLUMNS)
        } else {
            0
        };
        let element = dtype.size().max(4) as u64;
        depth
            .saturating_mul(left.saturating_add(right))
            .saturating_mul(element)
    }

    /// Is one such product divided among the threads?
    pub(crate) fn is_parallel(&self) -> bool {
        self.m.saturating_mul(self.k).saturating_mul(self.n) >= PARALLEL
    }
}

/// How many of so many pieces of work are in hand at once on these threads.
///
/// A piece that `waits` for other threads lets its own thread begin another one
/// meanwhile: with two threads none is left to take, with more there may be.
pub(crate) fn at_once(pieces: u64, threads: usize, waits: bool) -> u64 {
    let threads = threads.max(1) as u64;
    let each = if waits && threads > 2 { 2 } else { 1 };
    pieces.min(threads.saturating_mul(each)).max(1)
}
