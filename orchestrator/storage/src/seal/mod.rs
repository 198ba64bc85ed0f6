//! Blobs are sealed: what lies on the disk tells nothing without a key that lies elsewhere.
//!
//! A sealed file is a header and then segments of 64 KiB, each sealed by AES-256-GCM with a
//! tag of its own. The header names the key and holds a salt, from which and from the key
//! that of the file is derived; so a nonce never comes twice, however many files there are.
//! Header and name of the blob are associated data of each segment: content of one name is
//! refused under another. Position and end are in the nonces (STREAM): segments that are
//! swapped, left out or cut off are noticed.

mod cipher;
mod file;
mod keys;
mod stream;

pub(crate) use file::SealedFile;
pub use keys::{BlobKey, BlobKeys, BlobKeysError, KeyId};
pub(crate) use stream::{HEADER, Sealer, key_of, plain_size};

#[cfg(test)]
mod tests;
