//! The process that executes one method.
//!
//! A worker does one phase of one run and ends. The guest is a WebAssembly
//! module with no import but ours; its tensor operations are checked and priced
//! by the ledger, then executed on Burn backend `B`. Everything here is generic
//! over the backend: the CPU worker and the CUDA worker are the same code.
//!
//! | file | job |
//! |---|---|
//! | [`command`] | the command line: `compile`, `run`, `fingerprint` |
//! | `engine` | how WebAssembly is compiled and run |
//! | `instruction_price` | what an instruction of the guest's costs |
//! | `compile` | module in, compiled module out |
//! | `run` | one phase from job to outcome |
//! | `session` | what a running guest's host functions share |
//! | `imports` | the host functions |
//! | `checker` | what a guest asks for, decoded and checked by the ledger |
//! | `command_queue` | from the guest's thread to the main thread |
//! | `serve` | the main thread: executes, reads reports, tells |
//! | `executor` | operations on the backend |
//! | `index_guard` | indices that a backend does not check itself |
//! | `data`, `model_file` | rows and parameters, to and from files |
//! | [`defences`] | which of its lines of defence a worker has: all, but in a test |
//! | `confine` | what the process gives up before the guest runs |
//! | `events` | what it tells the supervisor |
//! | `stop` | why a phase ends early |
//! | [`wide_sum`] | sums that do not depend on threads |
//! | [`executor_harness`] | the executor without a guest, for tests that attack it |

mod checker;
pub mod command;
mod command_queue;
mod compile;
pub mod confine;
mod data;
pub mod defences;
mod engine;
mod events;
mod executor;
#[doc(hidden)]
pub mod executor_harness;
mod imports;
mod index_guard;
mod instruction_price;
mod model_file;
mod run;
mod serve;
mod session;
mod snapshots;
mod stop;
mod thin;
pub mod wide_sum;

use burn_backend::{BackendTypes, DType};
use burn_ir::BackendIr;

/// The backend and what the worker must know about it.
#[derive(Clone, Debug)]
pub struct Setup<B: BackendIr> {
    /// The device to execute on.
    pub device: <B as BackendTypes>::Device,
    /// Dtype of the indices that the backend makes by itself; see
    /// [`gauntlet_validator::Limits::int_indices`].
    pub int_indices: Option<DType>,
    /// Does the backend check indices (`gather`, `embedding` ...) while it executes? If it
    /// does not, the worker checks them on the device.
    pub checks_indices: bool,
    /// What the process gives up before the guest runs.
    pub confinement: confine::Confinement,
    /// Its lines of defence: all of them.
    pub defences: defences::Defences,
}
