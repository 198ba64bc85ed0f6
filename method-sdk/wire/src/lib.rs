//! The interface between a method and the host that runs it, versioned.
//!
//! A method is a WebAssembly module that imports exactly the functions of
//! [`MODULE`] named in [`imports`] and exports the functions named in
//! [`exports`]. Structured values cross as JSON (they are few and small);
//! tensor operations cross as postcard-encoded batches of
//! [`Message`](ops::Message), because there are hundreds of them in a step.
//!
//! Anything that changes the meaning of a call raises [`VERSION`].

pub mod calls;
pub mod contract;
pub mod manifest;
pub mod order;
pub mod settings;
pub mod task;
pub mod windows;

#[cfg(feature = "tensor-ops")]
pub mod ops;

pub use task::{BaseInfo, BaseParameter, InputKind, TaskInfo, TaskKind};

/// Version of this interface. It is part of [`MODULE`], so that a module built
/// against another version fails at the gate with a clear message.
pub const VERSION: u32 = 2;

/// Import module name of version [`VERSION`].
pub const MODULE: &str = "gauntlet_v2";

/// Release of Burn whose operation IR the tensor channel carries.
pub const BURN_VERSION: &str = "0.22.1";

/// Names of the functions that a method may import from [`MODULE`]. Pointers
/// and lengths are `i32` into the module's exported memory; ids are `i64`.
pub mod imports {
    /// `(ptr, len)`: a batch of tensor operations ([`crate::ops`]), in program order.
    pub const SUBMIT: &str = "submit";
    /// `(id, header_ptr, header_len, data_ptr, data_len)`: a tensor from guest memory.
    pub const UPLOAD: &str = "upload";
    /// `(ptr, len) -> u32`: read a tensor (postcard `TensorIr`) into the reply buffer; its length.
    pub const READ: &str = "read";
    /// `(ptr, len)`: copy the reply buffer out. `len` must be the length just announced.
    pub const TAKE: &str = "take";
    /// `()`: wait until everything submitted has been executed.
    pub const SYNC: &str = "sync";
    /// `(ptr, len) -> u32`: usage bits of a dtype (postcard `DType`).
    pub const DTYPE_USAGE: &str = "dtype_usage";
    /// `(ptr, len)`: fill with host-seeded random bytes.
    pub const RANDOM: &str = "random";
    /// `(ptr, len)`: one line of UTF-8 for the run's log; bounded by the host.
    pub const LOG: &str = "log";
    /// `(ptr, len)`: the method gives up with this message (UTF-8); does not return.
    pub const FAIL: &str = "fail";
    /// `(ptr, len) -> u32`: a structured call, JSON [`crate::calls::Call`] in,
    /// JSON reply in the reply buffer; its length.
    pub const CALL: &str = "call";
    /// Every import there is.
    pub const ALL: [&str; 10] = [
        SUBMIT,
        UPLOAD,
        READ,
        TAKE,
        SYNC,
        DTYPE_USAGE,
        RANDOM,
        LOG,
        FAIL,
        CALL,
    ];
}

/// Names of the functions that a method must export, each `() -> ()`, beside `memory`.
pub mod exports {
    /// Train a model and check it in.
    pub const TRAIN: &str = "gauntlet_train";
    /// Load the model and hand in predictions for the hidden inputs.
    pub const PREDICT: &str = "gauntlet_predict";
    /// The linear memory.
    pub const MEMORY: &str = "memory";
    /// Every function export a method must have.
    pub const FUNCTIONS: [&str; 2] = [TRAIN, PREDICT];
}
