//! The host's services, as this build has them.

#[cfg(target_family = "wasm")]
pub(crate) use crate::guest::host::Host;
#[cfg(all(feature = "native-pinned", not(target_family = "wasm")))]
pub(crate) use crate::native::host::Host;
#[cfg(all(not(feature = "native-pinned"), not(target_family = "wasm")))]
pub(crate) use crate::no_host::Host;
