//! Sizes beyond which a module is refused.

/// Sizes beyond which a module is refused.
///
/// They are far below what a validator or an engine would take, because the time
/// and memory of *compiling* a module are decided by its author: one function with
/// 49,000 live locals takes Cranelift most of a minute, 100,000 tiny functions
/// half of one. They are also far above what ordinary training code reaches: a
/// method with a transformer, a convolution net and Adam is about 2 MB with
/// several thousand functions.
///
/// | limit | default | counts |
/// |---|---|---|
/// | [`module_bytes`](Self::module_bytes) | 16 MiB | the file |
/// | [`types`](Self::types) | 10,000 | entries of the type section |
/// | [`imports`](Self::imports) | 64 | imports, repeated ones too |
/// | [`functions`](Self::functions) | 30,000 | functions with a body |
/// | [`function_bytes`](Self::function_bytes) | 512 KiB | one function body |
/// | [`locals`](Self::locals) | 5,000 | locals of one function, without parameters |
/// | [`parameters`](Self::parameters) | 128 | parameters of one function type |
/// | [`results`](Self::results) | 16 | results of one function type |
/// | [`operands`](Self::operands) | 2,000 | height of a function's operand stack |
/// | [`nesting`](Self::nesting) | 3,000 | blocks within blocks |
/// | [`exports`](Self::exports) | 4,096 | exports |
/// | [`globals`](Self::globals) | 1,000 | globals |
/// | [`tables`](Self::tables) | 4 | tables |
/// | [`table_elements`](Self::table_elements) | 100,000 | initial size of one table |
/// | [`element_segments`](Self::element_segments) | 1,000 | element segments |
/// | [`elements`](Self::elements) | 200,000 | items in all element segments together |
/// | [`data_segments`](Self::data_segments) | 10,000 | data segments |
/// | [`data_bytes`](Self::data_bytes) | 1 MiB | bytes of all data segments together |
/// | [`custom_bytes`](Self::custom_bytes) | 1 MiB | bytes of all custom sections together |
/// | [`memory_pages`](Self::memory_pages) | 4,096 (256 MiB) | initial size of the memory |
///
/// Data is limited because a module is to hold code that trains, not weights that were
/// trained elsewhere. How much is a tournament's rule; [`GateLimits::default`] has what
/// tournaments allow unless they say otherwise, [`GateLimits::platform`] what they may
/// allow at most.
///
/// The operand stack and the locals together bound how many values are alive at
/// once in one function, which is what makes register allocation slow. Nesting is
/// generous because a `match` with many arms becomes that many blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GateLimits {
    /// Bytes of the file.
    pub module_bytes: u64,
    /// Entries of the type section.
    pub types: u64,
    /// Imports, repeated ones too.
    pub imports: u64,
    /// Functions with a body.
    pub functions: u64,
    /// Bytes of one function body.
    pub function_bytes: u64,
    /// Locals of one function, without its parameters.
    pub locals: u64,
    /// Parameters of one function type.
    pub parameters: u64,
    /// Results of one function type.
    pub results: u64,
    /// Height of a function's operand stack.
    pub operands: u64,
    /// Depth of blocks within blocks.
    pub nesting: u64,
    /// Exports.
    pub exports: u64,
    /// Globals.
    pub globals: u64,
    /// Tables.
    pub tables: u64,
    /// Initial elements of one table.
    pub table_elements: u64,
    /// Element segments.
    pub element_segments: u64,
    /// Items in all element segments together.
    pub elements: u64,
    /// Data segments.
    pub data_segments: u64,
    /// Bytes of all data segments together.
    pub data_bytes: u64,
    /// Bytes of all custom sections together.
    pub custom_bytes: u64,
    /// Initial pages (64 KiB) of the memory.
    pub memory_pages: u64,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            module_bytes: 16 << 20,
            types: 10_000,
            imports: 64,
            functions: 30_000,
            function_bytes: 512 << 10,
            locals: 5_000,
            parameters: 128,
            results: 16,
            operands: 2_000,
            nesting: 3_000,
            exports: 4_096,
            globals: 1_000,
            tables: 4,
            table_elements: 100_000,
            element_segments: 1_000,
            elements: 200_000,
            data_segments: 10_000,
            data_bytes: 1 << 20,
            custom_bytes: 1 << 20,
            memory_pages: 4_096,
        }
    }
}

impl GateLimits {
    /// What the platform itself can take, whatever a tournament's rules allow: data is
    /// bounded by the size of the module alone.
    #[must_use]
    pub fn platform() -> Self {
        let limits = Self::default();
        Self {
            data_bytes: limits.module_bytes,
            ..limits
        }
    }
}
