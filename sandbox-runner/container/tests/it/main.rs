//! The OCI lane against a real engine.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod devices;
mod honest;
mod support;
