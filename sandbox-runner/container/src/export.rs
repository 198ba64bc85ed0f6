//! Images that an author's own engine has, or can pull, as archives to be handed in.

use std::io::Write;

use bollard::query_parameters::CreateImageOptions;
use futures::StreamExt;

use crate::engine::Engine;
use crate::fault::Fault;

impl Engine {
    /// Writes an image of the engine's as an archive, as `docker save` does.
    ///
    /// # Errors
    /// If the engine has no such image, or the archive cannot be written.
    pub async fn export(&self, image: &str, mut to: impl Write) -> Result<(), Fault> {
        // Asked first: an export of nothing is an empty archive to some engines.
        self.docker
            .inspect_image(image)
            .await
            .map_err(Fault::engine("find the image"))?;
        let mut pieces = self.docker.export_image(image);
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(Fault::engine("export the image"))?;
            to.write_all(&piece)
                .map_err(Fault::file("write", "the archive"))?;
        }
        to.flush().map_err(Fault::file("write", "the archive"))
    }

    /// Pulls an image by its digest, `REGISTRY/NAME@sha256:…`, with the engine's own means:
    /// its registries, its proxies, what it was logged in to anonymously.
    ///
    /// # Errors
    /// If it is not named by a digest, or cannot be pulled.
    pub async fn pull(&self, reference: &str) -> Result<(), Fault> {
        let Some((_, digest)) = reference.split_once("@sha256:") else {
            return Err(Fault::Engine(
                "pull the image",
                "it is not named by a digest, as in REGISTRY/NAME@sha256:…".to_owned(),
            ));
        };
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Fault::Engine(
                "pull the image",
                "the digest is not 64 hexadecimal digits".to_owned(),
            ));
        }
        let options = CreateImageOptions {
            from_image: Some(reference.to_owned()),
            ..CreateImageOptions::default()
        };
        let mut answer = self.docker.create_image(Some(options), None, None);
        while let Some(line) = answer.next().await {
            let line = line.map_err(Fault::engine("pull the image"))?;
            if let Some(error) = line.error_detail.and_then(|detail| detail.message) {
                return Err(Fault::Engine("pull the image", error));
            }
        }
        Ok(())
    }
}
