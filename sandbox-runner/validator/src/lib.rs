//! Checks and prices every tensor operation before it is executed.
//!
//! A method sends operations of Burn's IR; the host executes them on a backend
//! that believes what it is told. The CPU backend panics on some nonsense, aborts
//! the process on huge allocations, and computes raw pointers from shapes; GPU
//! kernels check next to nothing. The [`Ledger`] stands in between. It knows every
//! live tensor, computes each operation's output itself, and lets through only
//! what agrees with it, is within the limits, and has been paid for:
//!
//! * only operations that the host executes, on f64, f32, f16, bf16, i8 to i64,
//!   u8 to u64 and bool (stored natively or in a byte);
//! * operands exist, have the claimed shape and dtype, and are not used after
//!   their last use; outputs are new and have exactly the shape and dtype that
//!   the operation gives;
//! * operands have elements, but for those that are concatenated, reshaped, selected
//!   from, read or dropped;
//! * axes, ranges, strides, groups, paddings, distributions and scalars are such
//!   that nothing overflows or lies outside of a tensor.
//!
//! What it cannot check is data. *Indices* (`gather`, `select`, `embedding` and
//! their like, the gradient of a maximum pool) are checked by Flex while it
//! executes; a worker with kernels that do not must clamp them. Integer division
//! by a *tensor* that contains zero panics in Flex, and costs the method its run.
//!
//! # Prices
//!
//! `work = FLOPs + bytes moved + a fixed price for the operation + 16 for each tensor it names`.
//!
//! The fixed prices, and those of everything else that a method asks for, are in [`price`].
//!
//! Bytes moved are those of the operands and outputs, at their full shape.
//! Exceptions: views move nothing, but for a reshape of what may lie otherwise than in the
//! order of its dimensions (what was permuted, sliced, expanded), which is a copy; `select`, `gather` and `embedding` read
//! their indices and as much as they write; an operand of which only the shape is
//! used is not read; an upload or a read moves the tensor once.
//!
//! | operations | FLOPs |
//! |---|---|
//! | views: reshape, permute, slice, expand, flip, unfold, swap dims | 0 |
//! | creation, cat, repeat, select, gather | 0 |
//! | add, mul, compare, cast, mask, round, relu, logic, scatter | 1 per element |
//! | division by a scalar, remainder, clamp, sqrt | 2 per element (division of tensors: 1) |
//! | exp, log, sin, erf, tanh, pow and the like | 8 per element |
//! | sigmoid, GELU; their gradients | 16; 3 to 32 per element |
//! | softmax | 12 per element |
//! | layer norm; batch norm | 8; 4 per element |
//! | random | 16 per element |
//! | sum, mean, max, argmax, cumulative sum | 1 per element of the operand |
//! | sort, top k of rows of n | 2 n (⌊log₂ n⌋ + 1) per row |
//! | matrix product, linear layer and its gradients | 2 b m n k |
//! | convolution and its gradients | 2 · outputs · inputs / groups · kernel |
//! | transposed convolution | 2 · inputs · outputs / groups · kernel, 1 per output |
//! | pools | 1 per output and element of the kernel |
//! | attention | 2 · scores · (width + value width) + 12 per score |
//! | nearest, bilinear, bicubic, Lanczos interpolation | 2, 12, 64, 256 per output |
//!
//! The gradient of a convolution's weight is priced as the convolution that
//! computes it, which is larger than the formula where the stride left a
//! remainder of the input.
//!
//! # Memory
//!
//! Live tensors are charged their bytes, and views of a tensor that is gone the
//! storage that they may keep alive. An operation also needs
//! room for its outputs and for what the host allocates while it runs, which is part of
//! the peak that is reported: copies of operands that do not lie in order (the outputs of
//! views but reshapes, and what is computed element by element from them), operands and
//! output of bf16 in single precision, and what is said beside each operation. The peak
//! is never below what the CPU backend really takes for an operation, and at most half as
//! much again, if it does not reuse an operand's memory (`fuzz/tests/memory_charged`).
//! Views are charged as if they had been copied: one backend shares where another copies,
//! and a budget must mean the same on all of them.

mod activation;
mod axis;
mod base;
mod boolean;
mod check;
mod dispatch;
mod dtype;
mod elementwise;
mod float;
mod gemm;
mod indexing;
mod int;
mod ledger;
mod limits;
mod module_ops;
mod name;
mod numeric;
pub mod price;
mod reduction;
mod sanitise;
mod scalar;
mod shape;
mod table;
mod views;
mod violation;

pub use ledger::Ledger;
pub use limits::{Cost, FIRST_HOST_ID, Limits, MAX_DIMS, Meters};
pub use name::OperationKind;
pub use sanitise::sanitise;
pub use table::Entry;
pub use violation::{LONGEST_TENSORS, Violation, operation_name};
