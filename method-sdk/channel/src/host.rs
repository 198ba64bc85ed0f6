//! What a method's side asks of the host beside tensor operations.

use gauntlet_wire::calls::Call;
use serde::de::DeserializeOwned;

pub use crate::raw::{fail, log, random};

use crate::{queue, raw};

/// Makes a structured call and waits for the reply. Waiting operations are handed over first.
///
/// # Panics
/// If the reply is not of the expected type, which means that host and SDK differ.
pub fn call<Reply: DeserializeOwned>(call: &Call) -> Reply {
    queue::flush();
    let request = serde_json::to_vec(call).expect("a call can always be encoded");
    let length = raw::call(&request);
    serde_json::from_slice(&raw::take(length))
        .expect("the host speaks this SDK's interface version")
}
