//! AES-256-GCM of ring, the one cryptography of the workspace, in the shape that the STREAM
//! construction of the `aead` crate is written over.

use aead::generic_array::GenericArray;
use aead::generic_array::typenum::{U0, U12, U16};
use aead::{AeadCore, AeadInPlace};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// A key of one file. Its nonces are made by STREAM, which counts.
pub(super) struct Cipher(LessSafeKey);

impl Cipher {
    pub(super) fn new(key: &[u8; 32]) -> aead::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| aead::Error)?;
        Ok(Self(LessSafeKey::new(key)))
    }
}

impl AeadCore for Cipher {
    type NonceSize = U12;
    type TagSize = U16;
    type CiphertextOverhead = U0;
}

impl AeadInPlace for Cipher {
    fn encrypt_in_place_detached(
        &self,
        nonce: &aead::Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> aead::Result<aead::Tag<Self>> {
        let nonce = Nonce::assume_unique_for_key((*nonce).into());
        let aad = Aad::from(associated_data);
        let tag = self.0.seal_in_place_separate_tag(nonce, aad, buffer);
        let tag = tag.map_err(|_| aead::Error)?;
        Ok(GenericArray::clone_from_slice(tag.as_ref()))
    }

    fn decrypt_in_place_detached(
        &self,
        nonce: &aead::Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut [u8],
        tag: &aead::Tag<Self>,
    ) -> aead::Result<()> {
        let nonce = Nonce::assume_unique_for_key((*nonce).into());
        let aad = Aad::from(associated_data);
        let tag = <[u8; 16]>::from(*tag).into();
        let opened = self
            .0
            .open_in_place_separate_tag(nonce, aad, tag, buffer, 0..);
        opened.map(|_| ()).map_err(|_| aead::Error)
    }
}
