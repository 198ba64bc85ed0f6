//! Burn's device inside a sandbox: every tensor operation is encoded and handed
//! to the host, which executes it on its own backend. Tensors live on the
//! host's device; the guest holds ids.
//!
//! The package carries the name of Burn's network backend and offers the two
//! types that Burn's dispatch layer takes from it, [`RemoteBackend`] and
//! [`RemoteDevice`]. Methods never name them: they write ordinary Burn code.

mod client;
mod device;
pub mod host;
mod queue;
mod raw;

use burn_backend::{DType, Shape};
use burn_ir::TensorId;
use burn_router::{BackendRouter, RouterTensor};

pub use client::{HostChannel, HostClient};
pub use device::RemoteDevice;
pub use queue::{flush, new_id};

/// The backend whose operations the host executes.
pub type RemoteBackend = BackendRouter<HostChannel>;

/// A tensor of the host, known to the guest by its id.
pub type HostTensor = RouterTensor<HostClient>;

/// Adopts the tensor that the host has just put under `id`.
#[must_use]
pub fn adopt(id: u64, shape: Vec<usize>, dtype: DType) -> HostTensor {
    RouterTensor::new(TensorId::new(id), Shape::from(shape), dtype, HostClient)
}
