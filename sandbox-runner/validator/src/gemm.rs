//! What matrix products take beside their operands and outputs.
//!
//! The CPU backend multiplies with the crate `gemm`, which packs parts of the operands
//! into the order in which its kernels read them. It packs a part of the depth at a time,
//! and only where the operands do not lie well. How much depends on the machine's caches;
//! the bounds here are those of the largest, since a run must be charged the same on every
//! machine: a first cache of 48 KiB lets it pack 1024 of the depth, one of 32 KiB only 512.
//! They are those of its kernels for FMA, which machines with AVX-512 use too, because its
//! own for AVX-512 are not built; and of those for Neon, which pack more often. On x86-64
//! without FMA it may pack what is not charged.
//!
//! The buffer that each thread keeps for a block of one operand (as large as the machine's
//! second cache) belongs to the process, not to an operation.

use burn_backend::DType;

/// Most of the depth that is packed at a time.
const DEPTH: u64 = 1024;
/// Most columns of a kernel's tile.
const COLUMNS: u64 = 8;
/// The wider operand, if it is in order, is packed for a taller one of more than so many tiles.
const TILES: u64 = if cfg!(target_arch = "aarch64") {
    2
} else {
    128
};
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
        if self.is_empty() || self.is_outer() || self.is_by_vector() {
            return 0;
        }
        // The depth is divided into equal parts.
        let depth = self.k.div_ceil(self.k.div_ceil(DEPTH));
        // The kernels write columns: for an output of rows they see both operands
        // transposed and exchanged, but for one of a single column.
        let (tall, wide, in_order) = if self.n > 1 {
            (self.n, self.m, [self.rows[1], self.rows[0]])
        } else {
            (self.m, self.n, [false; 2])
        };
        // Rows of a kernel's tile, and of a vector register.
        let (rows, vector) = match dtype {
            DType::F64 => (8, 4),
            _ => (16, 8),
        };
        let tall_packed = if tall <= 16 * rows && (!in_order[0] || tall % vector != 0) {
            tall.next_multiple_of(rows)
        } else {
            0
        };
        // Halves are always packed, because they are widened by it.
        let least = if in_order[1] { TILES } else { 2 } * rows;
        let wide_packed = if dtype == DType::F16 || tall > least {
            wide.saturating_add(COLUMNS - 1)
        } else {
            0
        };
        let element = dtype.size().max(4) as u64;
        depth
            .saturating_mul(tall_packed.saturating_add(wide_packed))
            .saturating_mul(element)
    }

    fn is_empty(&self) -> bool {
        self.m == 0 || self.n == 0
    }

    /// Is it a sum of at most two outer products, or of none?
    fn is_outer(&self) -> bool {
        self.k <= 2
    }

    /// Is one operand a vector, and lies the other so that it is read as it is?
    fn is_by_vector(&self) -> bool {
        let [left, right] = self.rows;
        right && (self.m <= 1 || left && self.n <= 1)
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
