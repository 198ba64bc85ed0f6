//! Whether the gate would let a module in, by the gate that the server uses.

use std::path::{Path, PathBuf};

use gauntlet_gate::{GateLimits, Rejection, Review};
use gauntlet_wire::settings::Domain;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::show::table::{Column, render};
use crate::show::text::{bytes, counted, printable};

/// What the gate says about a file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// The file.
    pub(crate) path: PathBuf,
    /// Its size in bytes.
    pub(crate) bytes: u64,
    /// SHA-256 in hex: the name of the submission. None if the file was too large to be read.
    pub(crate) digest: Option<String>,
    /// Whether the gate lets it in.
    pub(crate) enters: bool,
    /// Why not: every reason that could be found, the gate's own first.
    pub(crate) reasons: Vec<Rejection>,
    /// Version of the interface that this program's platform speaks.
    pub(crate) interface: u32,
    /// Release of Burn whose operations it understands.
    pub(crate) burn: &'static str,
    /// Functions it imports.
    pub(crate) imports: Vec<String>,
    /// What it exports.
    pub(crate) exports: Vec<String>,
    /// Its hyper-parameters, which `--set` of `gauntlet method run` can change.
    pub(crate) parameters: Vec<gauntlet_wire::settings::Declared>,
    /// Its sizes and their limits.
    pub(crate) sizes: Vec<Size>,
    /// How compiling it went, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compiled: Option<Compiled>,
}

/// A size with its limit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Size {
    /// What is counted.
    pub(crate) what: &'static str,
    /// How much the module has.
    pub(crate) found: u64,
    /// How much it may have.
    pub(crate) limit: u64,
}

/// How compiling a module went.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Compiled {
    /// Wall time.
    pub(crate) seconds: f64,
    /// Processor time it may take.
    pub(crate) limit_seconds: u64,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl Check {
    /// Whether the file could be submitted.
    pub(crate) fn passes(&self) -> bool {
        self.enters
            && self
                .compiled
                .as_ref()
                .is_none_or(|compiled| compiled.error.is_none())
    }
}

/// Checks a file; returns its bytes too, if it is small enough to be read.
///
/// # Errors
/// If there is no such file. A file that the gate refuses is no error.
pub(crate) fn check(path: &Path) -> Result<(Check, Vec<u8>), Failure> {
    let unreadable = |what: String| {
        Failure::input(what)
            .field("PATH")
            .help("name the .wasm file that `gauntlet method build` wrote, or the crate's folder")
    };
    let meta = std::fs::metadata(path)
        .map_err(|error| unreadable(format!("cannot read {}: {error}", path.display())))?;
    if !meta.is_file() {
        return Err(unreadable(format!("{} is not a file", path.display())));
    }
    let limits = GateLimits::default();
    let (review, wasm) = match gauntlet_gate::check_size(meta.len(), &limits) {
        // Before reading: the file may be of any size.
        Err(rejection) => {
            let review = Review {
                rejections: vec![rejection],
                ..Review::default()
            };
            (review, Vec::new())
        }
        Ok(()) => {
            let wasm = std::fs::read(path)
                .map_err(|error| unreadable(format!("cannot read {}: {error}", path.display())))?;
            (gauntlet_gate::review(&wasm, &limits), wasm)
        }
    };
    let facts = &review.facts;
    let size = |what, found, limit| Size { what, found, limit };
    let sizes = vec![
        size("bytes of the module", meta.len(), limits.module_bytes),
        size("functions", facts.functions, limits.functions),
        size(
            "bytes of the largest function",
            facts.largest_function_bytes,
            limits.function_bytes,
        ),
        size(
            "most locals of a function",
            facts.most_locals,
            limits.locals,
        ),
        size(
            "deepest operand stack",
            facts.most_operands,
            limits.operands,
        ),
        size("deepest nesting", facts.deepest_nesting, limits.nesting),
        size(
            "memory in pages of 64 KiB",
            facts.memory_pages,
            limits.memory_pages,
        ),
    ];
    let check = Check {
        path: path.to_path_buf(),
        bytes: meta.len(),
        digest: (!wasm.is_empty()).then(|| hex::encode(Sha256::digest(&wasm))),
        enters: review.rejections.is_empty(),
        reasons: review.rejections,
        interface: gauntlet_wire::VERSION,
        burn: gauntlet_wire::BURN_VERSION,
        imports: review.facts.imports,
        exports: review.facts.exports,
        parameters: review
            .facts
            .manifest
            .map_or_else(Vec::new, |manifest| manifest.parameters),
        sizes,
        compiled: None,
    };
    Ok((check, wasm))
}

/// What people read.
pub(crate) fn show(check: &Check) -> String {
    let mut text = format!("{}  {}", check.path.display(), bytes(check.bytes));
    if let Some(digest) = &check.digest {
        text.push_str(&format!("\n  digest: {digest}"));
    }
    if check.enters {
        text.push_str("\n\nThe gate lets it in.\n");
    } else {
        let reasons = counted(check.reasons.len(), "reason");
        text.push_str(&format!("\n\nThe gate refuses it, for {reasons}:\n"));
        for (number, reason) in check.reasons.iter().enumerate() {
            text.push_str(&format!(
                "{:>3}. {} [{}]\n     what to do: {}\n",
                number + 1,
                printable(&reason.detail),
                reason.rule,
                printable(&reason.help)
            ));
        }
    }
    text.push('\n');
    let sizes = check.sizes.iter().map(|size| {
        [
            size.what.to_owned(),
            size.found.to_string(),
            size.limit.to_string(),
        ]
    });
    text.push_str(&render(
        &[
            Column::Text("size"),
            Column::Number("found"),
            Column::Number("limit"),
        ],
        sizes,
        "",
    ));
    if !check.parameters.is_empty() {
        let parameters = check.parameters.iter().map(|parameter| {
            let default = match &parameter.domain {
                Domain::Float { default, .. } => default.to_string(),
                Domain::Integer { default, .. } => default.to_string(),
                Domain::Switch { default } => default.to_string(),
                Domain::Choice { default, .. } => printable(default),
            };
            [
                printable(&parameter.name),
                default,
                printable(&parameter.domain.to_string()),
                printable(parameter.doc.trim()),
            ]
        });
        text.push_str("\n\n");
        text.push_str(&render(
            &[
                Column::Text("hyper-parameter (--set)"),
                Column::Number("default"),
                Column::Text("takes"),
                Column::Text("what it is"),
            ],
            parameters,
            "",
        ));
        text.push('\n');
    }
    let list = |names: &[String]| match names {
        [] => "nothing".to_owned(),
        names => printable(&names.join(", ")),
    };
    text.push_str(&format!(
        "\nimports: {}\nexports: {}\nplatform: interface version {}, Burn {}",
        list(&check.imports),
        list(&check.exports),
        check.interface,
        check.burn
    ));
    if let Some(compiled) = &check.compiled {
        match &compiled.error {
            None => text.push_str(&format!(
                "\ncompiled in {:.1} s (limit: {} s of processor time)",
                compiled.seconds, compiled.limit_seconds
            )),
            Some(error) => {
                text.push_str(&format!("\nit does not compile: {}", printable(error)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(bytes: &[u8]) -> Check {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.wasm");
        std::fs::write(&path, bytes).unwrap();
        check(&path).unwrap().0
    }

    #[test]
    fn every_reason_is_told_with_what_to_do() {
        let wasm = wat::parse_str(r#"(module (import "env" "now" (func)))"#).unwrap();
        let check = checked(&wasm);
        assert!(!check.enters && !check.passes());
        let text = show(&check);
        for words in [
            "refuses it, for 4 reasons",
            "env.now",
            "[foreign_import]",
            "gauntlet_train",
            "gauntlet_predict",
            "memory",
            "what to do",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn the_verdict_is_the_servers() {
        for wasm in [b"#!/bin/sh".to_vec(), wat::parse_str("(module)").unwrap()] {
            let check = checked(&wasm);
            let server = gauntlet_gate::check(&wasm, &GateLimits::default()).unwrap_err();
            assert_eq!(check.reasons[0], server);
        }
    }

    #[test]
    fn a_file_of_any_size_is_refused_without_reading_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.wasm");
        std::fs::File::create(&path)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        let (check, wasm) = check(&path).unwrap();
        assert!(!check.enters && wasm.is_empty() && check.digest.is_none());
        assert_eq!(check.reasons[0].found, Some(1 << 40));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let failure = check(Path::new("/nowhere/m.wasm")).unwrap_err();
        assert!(failure.what.contains("/nowhere/m.wasm"), "{failure}");
        assert_eq!(failure.exit_code(), 2);
    }
}
