//! The host's functions, safely wrapped. On any other target than WebAssembly
//! there is no host: the package compiles there only so that tools which look at
//! a whole workspace can read it, and calling it panics.

use burn_backend::{DType, TensorData};
use burn_ir::TensorIr;
use gauntlet_wire::calls::Call;
use serde::{Serialize, de::DeserializeOwned};

#[cfg(target_family = "wasm")]
#[path = "imports.rs"]
mod imports;
#[cfg(not(target_family = "wasm"))]
#[path = "no_imports.rs"]
mod imports;

/// Makes a structured call and waits for the reply. Waiting operations are handed over first.
///
/// # Panics
/// If the reply is not of the expected type, which means that host and SDK differ.
pub fn call<Reply: DeserializeOwned>(call: &Call) -> Reply {
    crate::flush();
    let request = serde_json::to_vec(call).expect("a call can always be encoded");
    let length = imports::call(&request);
    serde_json::from_slice(&take(length)).expect("the host speaks this SDK's interface version")
}

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

fn take(length: u32) -> Vec<u8> {
    let mut bytes = vec![0; length as usize];
    imports::take(&mut bytes);
    bytes
}
