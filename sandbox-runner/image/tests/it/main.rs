//! Archives of every kind, made byte by byte.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

mod bombs;
mod builders;
mod engines;
mod intake;
mod support;
