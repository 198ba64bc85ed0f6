//! Executes one phase of a method in a hardened container: the OCI lane.
//!
//! The caller hands in an archive and gets an [`Image`] that the engine knows by its
//! digest; then, for each phase, a [`PhaseSpec`], and gets an
//! [`Outcome`](gauntlet_worker_protocol::Outcome) with [`Meters`](gauntlet_worker_protocol::Meters), or a [`Fault`]
//! if the platform failed: the same as from the WASM lane's sandbox.
//!
//! - [`Containers::open`]: finds the engine, removes what a killed runner left
//! - [`Containers::load`]: intake of an archive, rewritten and loaded
//! - [`Containers::execute`]: one phase in one container
//!
//! What a container is denied is in [`spec`] line by line; what goes in and out is the file
//! contract, `docs/OCI-CONTRACT.md`. The engine is started by whoever runs the machine.

mod cgroup;
mod collect;
mod config;
mod containers;
mod engine;
mod export;
mod fault;
mod folder;
mod image;
mod judging;
mod known_good;
mod labels;
mod load;
mod phase;
mod reap;
mod removal;
mod run;
mod seccomp;
pub mod spec;
mod verdict;

pub use config::{ContainerConfig, Gpus, IsolationLayers};
pub use containers::Containers;
pub use engine::Engine;
pub use fault::{Fault, LoadError};
pub use image::Image;
pub use phase::PhaseSpec;
