//! The host's functions, safely wrapped, one by one. On any other target than WebAssembly
//! there is no host: the package compiles there only so that tools which look at
//! a whole workspace can read it, and calling it panics.

use burn_backend::{DType, TensorData};
use burn_ir::TensorIr;
use serde::Serialize;

#[cfg(target_family = "wasm")]
#[path = "imports.rs"]
mod imports;
#[cfg(not(target_family = "wasm"))]
#[path = "no_imports.rs"]
mod imports;

/// Writes a line to the run's log.
pub fn log(line: &str) {
    imports::log(line.as_bytes());
}

/// Gives up: the run ends with this message.
pub fn fail(message: &str) -> ! {
    imports::fail(message.as_bytes())
}

/// Fills `bytes` from the run's seeded random stream.
pub fn random(bytes: &mut [u8]) {
    imports::random(bytes);
}

pub(crate) fn call(request: &[u8]) -> u32 {
    imports::call(request)
}

pub(crate) fn submit(batch: &[u8]) {
    imports::submit(batch);
}

pub(crate) fn sync() {
    imports::sync();
}

pub(crate) fn read(tensor: &TensorIr) -> Vec<u8> {
    take(imports::read(&encode(tensor)))
}

pub(crate) fn upload(id: u64, data: &TensorData) {
    let header = encode(&(data.shape(), data.dtype()));
    imports::upload(id, &header, data.as_bytes());
}

pub(crate) fn dtype_usage(dtype: DType) -> u32 {
    imports::dtype_usage(&encode(&dtype))
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("a header can always be encoded")
}

/// Copies a reply of that length out.
pub(crate) fn take(length: u32) -> Vec<u8> {
    let mut bytes = vec![0; length as usize];
    imports::take(&mut bytes);
    bytes
}
