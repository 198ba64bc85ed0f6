//! An image that every engine takes, to tell a bad image from a bad engine.

use std::fs;

use bollard::query_parameters::RemoveImageOptions;
use gauntlet_image::Packed;
use sha2::{Digest, Sha256};

use crate::containers::Containers;
use crate::fault::{Fault, LoadError};

impl Containers {
    /// Takes it in as any other, and forgets it again.
    pub(crate) async fn load_known_good(&self) -> Result<(), LoadError> {
        let folder = tempfile::Builder::new()
            .prefix("known-good-")
            .tempdir_in(self.folders.path())
            .map_err(Fault::file("make a folder in", self.folders.path()))?;
        let program = folder.path().join("program");
        // Loaded, and never executed.
        fs::write(&program, "no program").map_err(Fault::file("write", &program))?;
        let packed = Packed {
            files: vec![(program, "/method".to_owned())],
            entrypoint: vec!["/method".to_owned()],
            environment: Vec::new(),
            working_directory: "/".to_owned(),
        };
        let mut bytes = Vec::new();
        gauntlet_image::pack(&packed, &mut bytes)
            .map_err(|error| Fault::KnownGood(error.to_string()))?;
        let archive = folder.path().join("archive.tar");
        fs::write(&archive, &bytes).map_err(Fault::file("write", &archive))?;
        let digest = hex::encode(Sha256::digest(&bytes));
        let image = self.take_in(&archive, &digest).await?;
        // One that stays costs some kilobytes, until there are too many.
        let _removed = self
            .engine
            .docker
            .remove_image(&image.id, None::<RemoveImageOptions>, None)
            .await;
        Ok(())
    }
}
