//! The keys under which blobs are sealed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

/// What a key is called. It follows from the key, so it tells a right one from a wrong one;
/// the key does not follow from it. Written as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyId {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 8];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

/// A secret from which the keys of files are derived.
#[derive(Clone, PartialEq, Eq)]
pub struct BlobKey {
    id: KeyId,
    secret: [u8; 32],
}

impl BlobKey {
    /// A key of these random bytes.
    pub fn from_bytes(secret: [u8; 32]) -> Self {
        let id = KeyId(derive(&secret, &[], b"gauntlet: name of a blob key"));
        Self { id, secret }
    }

    /// What it is called.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The key of a file with this salt, and what its nonces begin with.
    pub(super) fn of_file(&self, salt: &[u8]) -> ([u8; 32], [u8; 7]) {
        let both: [u8; 39] = derive(&self.secret, salt, b"gauntlet: key of a sealed blob");
        let (mut key, mut nonce) = ([0; 32], [0; 7]);
        key.copy_from_slice(&both[..32]);
        nonce.copy_from_slice(&both[32..]);
        (key, nonce)
    }
}

impl fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlobKey").field(&self.id).finish()
    }
}

/// `N` bytes of `secret` for one use of it.
fn derive<const N: usize>(secret: &[u8; 32], salt: &[u8], purpose: &[u8]) -> [u8; N] {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut bytes = [0; N];
    let purpose = [purpose];
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&purpose, Length(N))
        .and_then(|derived| derived.fill(&mut bytes))
        .expect("HKDF gives up to 8,160 bytes, and as many as were asked for");
    bytes
}

/// The key under which is written, and others under which was written before. Cloning
/// shares them.
#[derive(Clone, Debug)]
pub struct BlobKeys(Arc<Vec<BlobKey>>);

/// A text that holds no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobKeysError {
    /// Nothing in it.
    #[error("there is no key in it")]
    Empty,
    /// A line that is something else.
    #[error("line {0} is no key, which is 64 hex digits")]
    Line(usize),
}

impl BlobKeys {
    /// Writes under `first`; reads under the others too.
    pub fn new(first: BlobKey, others: impl IntoIterator<Item = BlobKey>) -> Self {
        Self(Arc::new(std::iter::once(first).chain(others).collect()))
    }

    /// These, and then those for reading.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        Self(Arc::new(self.all().chain(others.all()).cloned().collect()))
    }

    /// That under which is written.
    pub fn first(&self) -> &BlobKey {
        &self.0[0]
    }

    /// That of this name.
    pub fn get(&self, id: KeyId) -> Option<&BlobKey> {
        self.all().find(|key| key.id == id)
    }

    /// All of them, the first one first.
    pub fn all(&self) -> impl Iterator<Item = &BlobKey> {
        self.0.iter()
    }
}

impl From<[u8; 32]> for BlobKeys {
    fn from(secret: [u8; 32]) -> Self {
        Self::new(BlobKey::from_bytes(secret), [])
    }
}

/// One key a line, as 64 hex digits, the first for writing; `#` begins a line that is none.
impl FromStr for BlobKeys {
    type Err = BlobKeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut secret = [0; 32];
            hex::decode_to_slice(line, &mut secret).map_err(|_| BlobKeysError::Line(number + 1))?;
            keys.push(BlobKey::from_bytes(secret));
        }
        if keys.is_empty() {
            return Err(BlobKeysError::Empty);
        }
        Ok(Self(Arc::new(keys)))
    }
}
