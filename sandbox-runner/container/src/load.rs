//! Images in the engine: loaded once, known by their digest, forgotten when there are too many.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use bollard::query_parameters::{ImportImageOptions, ListImagesOptions, RemoveImageOptions};
use bytes::Bytes;
use futures::StreamExt;
use gauntlet_image::Config;
use tokio::sync::mpsc;

use crate::containers::Containers;
use crate::fault::{Fault, LoadError};
use crate::image::Image;
use crate::judging::{Loads, judged};
use crate::labels::{ARCHIVE, INTAKE};

/// Pieces in which an archive goes to the engine.
const PIECE: usize = 256 << 10;

impl Containers {
    /// Takes an archive in: has it checked and written anew, and gives it to the engine, unless
    /// the engine has it from an earlier attempt. `digest` is the archive's SHA-256 in
    /// hex, which the caller has checked.
    ///
    /// # Errors
    /// If the image is refused, though one that is known to be good is taken in, or the
    /// engine fails.
    pub async fn load(&self, archive: &Path, digest: &str) -> Result<Image, LoadError> {
        let _one_at_a_time = self.loading.lock().await;
        if let Some(image) = self.loaded(digest).await? {
            return Ok(image);
        }
        let containers = self;
        judged(&Archive {
            containers,
            path: archive,
            digest,
        })
        .await
    }

    /// Has an archive checked and written anew, and gives it to the engine.
    pub(crate) async fn take_in(&self, archive: &Path, digest: &str) -> Result<Image, LoadError> {
        let archive = File::open(archive).map_err(Fault::file("open", archive))?;
        // Without a name: gone with this process, however that ends.
        let layers = tempfile::tempfile_in(self.folders.path())
            .map_err(Fault::file("make a file in", self.folders.path()))?;
        // Nothing is sent before the whole archive has been checked.
        let image = self.intake.rewrite(&archive, &layers).await?;
        let (sender, receiver) = mpsc::channel(8);
        let digest = digest.to_owned();
        let written = tokio::task::spawn_blocking(move || {
            let labels = [(ARCHIVE, digest.as_str()), (INTAKE, INTAKE_RELEASE)];
            let out = io::BufWriter::with_capacity(PIECE, Pipe(sender));
            image
                .write_to(layers, out, &labels)
                .map_err(|error| Fault::Engine("load an image", error.to_string()))?;
            Ok::<_, Fault>(image)
        });
        let loaded = self.send(receiver).await;
        let image = written
            .await
            .map_err(|error| Fault::Engine("write an image", error.to_string()))??;
        let Some(id) = loaded? else {
            return Err(Fault::OtherImage("it does not say which it loaded".to_owned()).into());
        };
        self.verify(&id, &image.diff_ids()).await?;
        self.make_room(&id).await?;
        Ok(Image {
            id,
            config: image.facts.config,
        })
    }

    /// Sends an archive; returns the engine's digest of the image, if it says one.
    async fn send(&self, mut archive: mpsc::Receiver<Bytes>) -> Result<Option<String>, Fault> {
        // Layers that cannot be read: the engine is not asked.
        let Some(first) = archive.recv().await else {
            return Ok(None);
        };
        let rest = futures::stream::unfold(archive, |mut archive| async {
            archive.recv().await.map(|piece| (piece, archive))
        });
        let body = futures::stream::once(std::future::ready(first)).chain(rest);
        let options = ImportImageOptions {
            quiet: true,
            platform: None,
        };
        let body = bollard::body_stream(body);
        let mut answer = self.engine.docker.import_image(options, body, None);
        let mut id = None;
        while let Some(line) = answer.next().await {
            let line = line.map_err(Fault::engine("load an image"))?;
            let text = line.stream.unwrap_or_default();
            if let Some(named) = text.trim().strip_prefix("Loaded image ID: ") {
                id = Some(named.to_owned());
            }
        }
        Ok(id)
    }

    /// The engine computes the layers' digests itself; they must be those that were written.
    async fn verify(&self, id: &str, diff_ids: &[String]) -> Result<(), Fault> {
        let found = self.engine.docker.inspect_image(id).await;
        let found = found.map_err(Fault::engine("inspect an image"))?;
        let layers = found.root_fs.and_then(|fs| fs.layers).unwrap_or_default();
        if layers == diff_ids {
            Ok(())
        } else {
            Err(Fault::OtherImage(format!("{id} has other layers")))
        }
    }

    /// The image of an archive, if it was loaded before by this release. Entrants cannot
    /// set labels: the intake drops theirs.
    async fn loaded(&self, digest: &str) -> Result<Option<Image>, Fault> {
        let labels = vec![
            format!("{ARCHIVE}={digest}"),
            format!("{INTAKE}={INTAKE_RELEASE}"),
        ];
        let images = self.list(labels).await?;
        let Some((id, ..)) = images.into_iter().next() else {
            return Ok(None);
        };
        let found = self.engine.docker.inspect_image(&id).await;
        let config = found
            .map_err(Fault::engine("inspect an image"))?
            .config
            .unwrap_or_default();
        let config = Config {
            entrypoint: config.entrypoint.unwrap_or_default(),
            environment: config.env.unwrap_or_default(),
            working_directory: config.working_dir.unwrap_or_default(),
        };
        Ok(Some(Image { id, config }))
    }

    /// Ids and sizes of images with these labels.
    async fn list(&self, labels: Vec<String>) -> Result<Vec<(String, u64)>, Fault> {
        let options = ListImagesOptions {
            all: true,
            filters: Some([("label".to_owned(), labels)].into()),
            ..ListImagesOptions::default()
        };
        let images = self.engine.docker.list_images(Some(options)).await;
        let images = images.map_err(Fault::engine("list images"))?;
        Ok(images
            .into_iter()
            .map(|image| (image.id, u64::try_from(image.size).unwrap_or(0)))
            .collect())
    }

    /// Removes images until those that stay are within their bytes; those that a container
    /// of another runner uses the engine does not give up.
    async fn make_room(&self, spared: &str) -> Result<(), Fault> {
        let images = self.list(vec![ARCHIVE.to_owned()]).await?;
        let mut total: u64 = images.iter().map(|(_, size)| size).sum();
        for (id, size) in images {
            if total <= self.config.kept_image_bytes {
                break;
            }
            if id == spared {
                continue;
            }
            let options = RemoveImageOptions {
                force: false,
                ..RemoveImageOptions::default()
            };
            if self
                .engine
                .docker
                .remove_image(&id, Some(options), None)
                .await
                .is_ok()
            {
                total -= size;
            }
        }
        Ok(())
    }
}

/// An archive to be loaded.
struct Archive<'a> {
    containers: &'a Containers,
    path: &'a Path,
    digest: &'a str,
}

impl Loads for Archive<'_> {
    type Loaded = Image;

    async fn load(&self) -> Result<Image, LoadError> {
        self.containers.take_in(self.path, self.digest).await
    }

    async fn load_known_good(&self) -> Result<(), LoadError> {
        self.containers.load_known_good().await
    }
}

/// Release of the intake's rules; raised when an image loaded under older ones must not stay.
const INTAKE_RELEASE: &str = "1";

/// A blocking writer into a channel.
struct Pipe(mpsc::Sender<Bytes>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .blocking_send(Bytes::copy_from_slice(bytes))
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
