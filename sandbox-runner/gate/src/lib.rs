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
//! - if it says what it needs ([`gauntlet_wire::manifest`]), needs what this host speaks,
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
mod manifest;
mod reasons;
mod rejection;
mod structure;
mod validate;

pub use facts::ModuleFacts;
pub use limits::GateLimits;
pub use reasons::MOST_REASONS;
pub use rejection::{Rejection, Rule};

use reasons::Reasons;

/// Checks a module.
///
/// # Errors
/// The first rule that the module breaks.
pub fn check(wasm: &[u8], limits: &GateLimits) -> Result<ModuleFacts, Rejection> {
    let mut facts = ModuleFacts::default();
    look(wasm, limits, &mut Reasons::first(), &mut facts)?;
    Ok(facts)
}

/// What the gate has to say about a module, for its author.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Review {
    /// What was learnt about the module before the reading had to end.
    pub facts: ModuleFacts,
    /// Why it is refused, at most [`MOST_REASONS`]; none if it may enter.
    pub rejections: Vec<Rejection>,
}

/// Checks a module with the same rules as [`check`], but goes on after the first that
/// is broken, as far as what follows can still be read. It refuses exactly what
/// `check` refuses, and its first reason is the one that `check` gives.
#[must_use]
pub fn review(wasm: &[u8], limits: &GateLimits) -> Review {
    let mut reasons = Reasons::all();
    let mut facts = ModuleFacts::default();
    if let Err(last) = look(wasm, limits, &mut reasons, &mut facts) {
        reasons.add(last);
    }
    Review {
        facts,
        rejections: reasons.into_found(),
    }
}

/// Checks the size of a file alone, so that one of any size need not be read.
///
/// # Errors
/// If it is larger than a module may be.
pub fn check_size(bytes: u64, limits: &GateLimits) -> Result<(), Rejection> {
    Rejection::unless_within(
        "bytes of the module",
        bytes,
        limits.module_bytes,
        "make the module smaller: build with optimisation and `gauntlet method build`, which \
         removes what is not used",
    )
}

/// Checks what can be seen without reading a module: its size, and by its first bytes what kind
/// of file it is. What [`check`] says of a module that does not pass, in the same words.
///
/// # Errors
/// If it is no module, or larger than one may be.
pub fn glance(wasm: &[u8], limits: &GateLimits) -> Result<(), Rejection> {
    format::check(wasm)?;
    check_size(wasm.len() as u64, limits)
}

fn look(
    wasm: &[u8],
    limits: &GateLimits,
    reasons: &mut Reasons,
    facts: &mut ModuleFacts,
) -> Result<(), Rejection> {
    glance(wasm, limits)?;
    let features = validate::features();
    structure::check(wasm, limits, features, reasons, facts)?;
    validate::check(wasm, limits, features, reasons, facts)
}
