//! Says whether a module may enter, with exact reasons.
//!
//! The gate reads bytes and nothing else: it compiles nothing, executes nothing
//! and keeps nothing. It is the first thing that looks at a submission, so it is
//! cheap on purpose: sections and counts first, then a full validation with only
//! those features of WebAssembly that the sandbox supports.
//!
//! A module may enter if it
//! - is a WebAssembly core module in binary form, within [`GateLimits`],
//! - imports only functions of [`gauntlet_wire::MODULE`], each with its right type,
//! - exports `memory`, `gauntlet_train` and `gauntlet_predict`,
//! - has no start function,
//! - validates.
//!
//! ```
//! use gauntlet_gate::{GateLimits, Rule, check};
//! let refused = check(b"#!/bin/sh", &GateLimits::default()).unwrap_err();
//! assert_eq!(refused.rule, Rule::NotAModule);
//! ```

mod facts;
mod format;
mod interface;
mod limits;
mod rejection;
mod structure;
mod validate;

pub use facts::ModuleFacts;
pub use limits::GateLimits;
pub use rejection::{Rejection, Rule};

/// Checks a module.
///
/// # Errors
/// The first rule that the module breaks.
pub fn check(wasm: &[u8], limits: &GateLimits) -> Result<ModuleFacts, Rejection> {
    format::check(wasm)?;
    Rejection::unless_within(
        "bytes of the module",
        wasm.len() as u64,
        limits.module_bytes,
        "make the module smaller: build with optimisation and `gauntlet method build`, which \
         removes what is not used",
    )?;
    let features = validate::features();
    let mut facts = structure::check(wasm, limits, features)?;
    validate::check(wasm, limits, features, &mut facts)?;
    Ok(facts)
}
