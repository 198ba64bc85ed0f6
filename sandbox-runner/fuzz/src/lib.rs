//! Hostile tensor programs: random operation streams against the validator and the backend.
//!
//! A method may send whatever operations it likes. This crate makes streams of them,
//! from valid to absurd, and runs each through the executor that a worker uses, on
//! the CPU backend. What must hold, whatever a stream says:
//!
//! * the process does not abort, and no panic gets past the guard;
//! * the ledger lets nothing through that makes the backend panic, but for what only
//!   the data decides: an index outside of a tensor, an integer divided by zero;
//! * an accepted operation used tensors that were alive and as described, and each
//!   refusal names the operation and the reason;
//! * an operation's result depends on its operands alone: the same operation in a
//!   process's worth of other surroundings, on copies of the operands and over memory
//!   of other content, gives the same, and changes no other tensor;
//! * the bytes that are really allocated stay within what the ledger has charged.
//!
//! | file | job |
//! |---|---|
//! | [`random`] | reproducible choices |
//! | [`step`] | what a stream is made of |
//! | [`generate`] | makes the next steps of a stream |
//! | [`mutate`] | spoils an operation |
//! | [`contents`] | data for uploads |
//! | [`oracle`] | runs steps and judges them |
//! | [`isolate`] | runs one operation on copies of its operands |
//! | [`expected_panics`] | was a panic the data's fault? |
//! | [`compare`] | are two results the same? |
//! | [`encoded`] | the same streams as bytes, spoilt on the way |
//! | [`device_check`] | another backend against the CPU's |
//! | [`memory`] | an allocator that counts, poisons and guards |
//! | [`stream`] | a whole stream by its seed, and its smallest failing part |

pub mod compare;
pub mod contents;
pub mod device_check;
pub mod encoded;
pub mod expected_panics;
pub mod generate;
pub mod isolate;
pub mod memory;
pub mod mutate;
pub mod oracle;
pub mod random;
pub mod step;
pub mod stream;

/// The catalogue of valid operations, shared with the validator's own tests.
#[path = "../../validator/tests/support/mod.rs"]
mod support;
