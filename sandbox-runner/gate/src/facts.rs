//! What the gate learnt about a module that may enter.

use gauntlet_wire::manifest::Manifest;
use serde::{Deserialize, Serialize};

/// What the gate learnt about a module that may enter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModuleFacts {
    /// Bytes of the file.
    pub bytes: u64,
    /// Functions with a body.
    pub functions: u64,
    /// Bytes of the largest function body.
    pub largest_function_bytes: u64,
    /// Locals of the function that has most of them.
    pub most_locals: u64,
    /// Highest operand stack of any function.
    pub most_operands: u64,
    /// Deepest nesting of blocks in any function.
    pub deepest_nesting: u64,
    /// Initial pages (64 KiB) of the memory.
    pub memory_pages: u64,
    /// Bytes of all data segments together.
    #[serde(default)]
    pub data_bytes: u64,
    /// Bytes of all custom sections together.
    #[serde(default)]
    pub custom_bytes: u64,
    /// Names of the imported functions, sorted.
    pub imports: Vec<String>,
    /// Names of everything exported, sorted.
    #[serde(default)]
    pub exports: Vec<String>,
    /// What it says about itself, if it does: versions and hyper-parameters.
    #[serde(default)]
    pub manifest: Option<Manifest>,
}
