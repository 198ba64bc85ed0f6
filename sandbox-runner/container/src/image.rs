//! An image, as the engine knows it.

use gauntlet_image::Config;

/// An image that the engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The engine's digest of it, `sha256:` and hex: the only name it is run by.
    pub id: String,
    /// How it is started.
    pub config: Config,
}
