//! What the ledger charges for an operation against what the CPU backend really takes:
//! never less, and not much more.
//!
//! Each kind of operation is executed on tensors so large that nothing else counts, on one
//! and on two threads, while an allocator counts. Operands stay alive: a backend may work
//! in the memory of one that is used for the last time, and need not.
//!
//! How much of a matrix product is packed at a time depends on the machine's first cache,
//! and what is charged is what the largest one lets it (see `gemm` of the validator). So the
//! products here are of shapes for which a machine with 32 KiB stays within the bound too:
//! none of half floats is both thin and between 512 and 1024 deep. AVX2 and AVX-512 make no
//! difference, since both use the same kernels.

#[path = "../../../validator/tests/support/mod.rs"]
mod support;

mod convolutions;
mod kinds;
mod measure;
mod training_step;
mod windows;

use gauntlet_fuzz::memory::Guarded;

#[global_allocator]
static ALLOCATOR: Guarded = Guarded;

/// Most that may be charged over what is taken.
const MOST: f64 = 1.5;
