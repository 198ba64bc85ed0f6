//! The keys of `task.toml`, as written. Unknown ones are refused.
//!
//! Tagged tables are flat structs here instead of enums, so that the parser's
//! messages name the key and show its line; `definition` checks what belongs together.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) licence: String,
    pub(crate) target: Option<f64>,
    #[serde(default)]
    pub(crate) private: bool,
    pub(crate) kind: Kind,
    pub(crate) inputs: Option<Inputs>,
    pub(crate) data: Data,
    pub(crate) split: Split,
    pub(crate) base: Option<Base>,
    pub(crate) budget: Budget,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kind {
    pub(crate) kind: String,
    pub(crate) classes: Option<usize>,
    pub(crate) targets: Option<usize>,
    pub(crate) vocabulary: Option<usize>,
    pub(crate) context: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inputs {
    pub(crate) kind: String,
    pub(crate) shape: Option<Vec<usize>>,
    pub(crate) length: Option<usize>,
    pub(crate) vocabulary: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) source: String,
    pub(crate) file: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) scale: Option<f32>,
    pub(crate) origin: Option<String>,
    pub(crate) modulus: Option<u32>,
    pub(crate) targets: Option<Vec<String>>,
    pub(crate) drop: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Base {
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) origin: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Split {
    pub(crate) hidden_percent: Option<u32>,
    pub(crate) hidden_windows: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) work: u64,
    pub(crate) predict_share_percent: u32,
    pub(crate) wall_seconds: u32,
    pub(crate) tensor_bytes: u64,
    pub(crate) guest_bytes: u64,
    pub(crate) output_bytes: u64,
}
