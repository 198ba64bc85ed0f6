//! Sizes beyond which an image is refused.

/// Sizes beyond which an image is refused. They bound the whole of an archive: what is
/// read, what it unpacks to, and what has to be remembered of it meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Bytes of the archive as it is handed in.
    pub archive_bytes: u64,
    /// Bytes of everything in it, decompressed: layers and whatever lies beside them.
    pub unpacked_bytes: u64,
    /// Bytes of one file in a layer.
    pub file_bytes: u64,
    /// Files, folders and links of all layers together, with the folders that only names
    /// of others speak of.
    pub entries: u64,
    /// Bytes of all their names together.
    pub name_bytes: u64,
    /// Bytes of the targets of all symbolic links together: they are kept in memory.
    pub link_bytes: u64,
    /// Layers.
    pub layers: usize,
    /// How many times larger than its compressed form something may be, once it is larger
    /// than [`ratio_from`](Self::ratio_from).
    pub ratio: u64,
    /// Bytes up to which the ratio does not matter.
    pub ratio_from: u64,
    /// Members of the archive.
    pub members: u64,
    /// Bytes of all their names together: they are kept in memory.
    pub member_name_bytes: u64,
    /// Bytes of one JSON document that describes the image.
    pub json_bytes: u64,
    /// Bytes of all documents that are kept until it is known which of them describe the
    /// image; the largest is forgotten first.
    pub kept_json_bytes: u64,
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
            link_bytes: 8 << 20,
            // Docker chains no more: 127 that its drivers take, less two for a container's own.
            layers: 125,
            ratio: 100,
            ratio_from: 64 << 20,
            // Ten times what the layers of the largest image need.
            members: 2_000,
            member_name_bytes: 1 << 20,
            json_bytes: 1 << 20,
            kept_json_bytes: 8 << 20,
        }
    }
}
