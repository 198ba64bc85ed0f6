//! Why a file was not taken in.

use gauntlet_gate::Rejection;
use gauntlet_image::Refusal;
use gauntlet_sandbox::Fault;

/// Why a file was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The gate refuses the module. Its author's fault.
    #[error(transparent)]
    Module(#[from] Rejection),
    /// The image is refused. Its author's fault.
    #[error(transparent)]
    Image(#[from] Refusal),
    /// Reading it takes more than anything that may enter does. Its author's fault.
    #[error("checking the {what} takes more than {limit} {unit}")]
    TooExpensive {
        /// `module` or `image`.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What it counts, such as `seconds of processor time`.
        unit: &'static str,
    },
    /// Whoever read it crashed or was killed: a deterministic program whose one input is the
    /// file. Nothing enters that cannot be read to its end.
    #[error("the check of the {what} broke off: {how}")]
    Crashed {
        /// `module` or `image`.
        what: &'static str,
        /// How it ended.
        how: String,
        /// The memory it may take, in bytes.
        memory_bytes: u64,
        /// The processor time it may take, in seconds.
        cpu_seconds: u64,
    },
    /// The platform failed; nothing is known about the file.
    #[error("failed to have a file checked: {0}")]
    Fault(#[from] Fault),
    /// The program that reads files is missing.
    #[error(
        "gauntlet-intake is not there; it belongs beside this program, and `scripts/build host` builds it"
    )]
    NoProgram,
}
