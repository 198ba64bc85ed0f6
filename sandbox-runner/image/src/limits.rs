//! Sizes beyond which an image is refused.

/// Sizes beyond which an image is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Bytes of the archive as it is handed in.
    pub archive_bytes: u64,
    /// Bytes of everything in it, decompressed, all layers together.
    pub unpacked_bytes: u64,
    /// Bytes of one file in a layer.
    pub file_bytes: u64,
    /// Files, folders and links of all layers together.
    pub entries: u64,
    /// Bytes of all their names together: they are held in memory while a layer is read.
    pub name_bytes: u64,
    /// Layers.
    pub layers: usize,
    /// How many times larger than its compressed form something may be, once it is larger
    /// than [`ratio_from`](Self::ratio_from).
    pub ratio: u64,
    /// Bytes up to which the ratio does not matter.
    pub ratio_from: u64,
    /// Bytes of one JSON document.
    pub json_bytes: u64,
}

impl Default for ImageLimits {
    /// What an image with a deep learning framework and its GPU libraries needs.
    fn default() -> Self {
        Self {
            archive_bytes: 4 << 30,
            unpacked_bytes: 16 << 30,
            file_bytes: 4 << 30,
            entries: 300_000,
            name_bytes: 64 << 20,
            layers: 127,
            ratio: 100,
            ratio_from: 64 << 20,
            json_bytes: 4 << 20,
        }
    }
}
