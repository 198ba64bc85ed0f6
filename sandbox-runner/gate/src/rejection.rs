//! Why a module is refused.

use serde::{Deserialize, Serialize};

/// Which rule a module broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The bytes are not a WebAssembly core module in binary form.
    NotAModule,
    /// A size limit is exceeded; `limit` and `found` are set.
    TooLarge,
    /// Something is imported that the interface does not offer.
    ForeignImport,
    /// The module was built against another version of the interface.
    InterfaceVersion,
    /// What the module says about itself cannot be read.
    Manifest,
    /// An import has another type than the interface gives it.
    ImportType,
    /// A required export is missing or of another type.
    Export,
    /// There is a start function.
    StartFunction,
    /// The module uses a feature of WebAssembly that is switched off.
    Feature,
    /// The module is not valid WebAssembly.
    Invalid,
}

impl Rule {
    /// The rule's name, as it appears in machine-readable answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAModule => "not_a_module",
            Self::TooLarge => "too_large",
            Self::ForeignImport => "foreign_import",
            Self::InterfaceVersion => "interface_version",
            Self::Manifest => "manifest",
            Self::ImportType => "import_type",
            Self::Export => "export",
            Self::StartFunction => "start_function",
            Self::Feature => "feature",
            Self::Invalid => "invalid",
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a module is refused, in words for its author.
///
/// Names taken from the module are quoted with control characters escaped and are
/// cut to 80 characters, so that the text can be printed anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}; {help}")]
pub struct Rejection {
    /// The broken rule.
    pub rule: Rule,
    /// What is wrong, in one sentence without its full stop.
    pub detail: String,
    /// The limit, where a size is the reason.
    pub limit: Option<u64>,
    /// What the module has instead.
    pub found: Option<u64>,
    /// What to do about it.
    pub help: String,
}

impl Rejection {
    pub(crate) fn new(rule: Rule, detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            rule,
            detail: detail.into(),
            limit: None,
            found: None,
            help: help.into(),
        }
    }

    /// Refuses `found` things of kind `what` if there may only be `limit`.
    pub(crate) fn unless_within(
        what: &str,
        found: u64,
        limit: u64,
        help: &str,
    ) -> Result<(), Self> {
        if found <= limit {
            return Ok(());
        }
        Err(Self {
            rule: Rule::TooLarge,
            detail: format!("{what}: {found}, but at most {limit} are allowed"),
            limit: Some(limit),
            found: Some(found),
            help: help.to_owned(),
        })
    }

    /// Turns a parser's or validator's complaint into a rejection.
    pub(crate) fn from_parser(error: &wasmparser::Error) -> Self {
        let place = format!(
            "{} (at byte {:#x})",
            printable(error.message()),
            error.offset()
        );
        if error.missing_wasm_feature().is_some() {
            Self::new(
                Rule::Feature,
                format!("the module uses a feature that is switched off: {place}"),
                "build with `gauntlet method build`, which uses only what the sandbox supports \
                 (no threads, 64-bit or several memories, garbage collection, exceptions, tail \
                 calls or relaxed SIMD)",
            )
        } else {
            Self::new(
                Rule::Invalid,
                format!("the module is not valid WebAssembly: {place}"),
                "build it again with `gauntlet method build`, and check that the upload was not cut short",
            )
        }
    }
}

/// The beginning of a name from the module, safe to print.
pub(crate) fn printable(name: &str) -> String {
    gauntlet_text::excerpt(name, 80)
}
