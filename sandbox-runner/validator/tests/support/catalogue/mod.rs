//! Every operation that the host executes, built from random choices by the
//! same constructors that a guest uses.

mod base;
mod convolutions;
mod elements;
mod layers;
mod numeric;
mod operands;
mod source;
mod windows;

pub use source::{Maker, Source};

/// Every kind of operation by name.
pub fn catalogue() -> Vec<(&'static str, Maker)> {
    [
        base::OPERATIONS,
        numeric::OPERATIONS,
        elements::OPERATIONS,
        layers::OPERATIONS,
        convolutions::OPERATIONS,
        windows::OPERATIONS,
    ]
    .concat()
}
