//! What the ledger charges for an operation against what the CPU backend really takes:
//! never less, and not much more.
//!
//! Each kind of operation is executed on tensors so large that nothing else counts, on one
//! and on two threads, while an allocator counts. Operands stay alive: a backend may work
//! in the memory of one that is used for the last time, and need not.

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
