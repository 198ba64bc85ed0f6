//! Containers on the tests' engine, and the digits task.

use std::path::{Path, PathBuf};

use gauntlet_container::{ContainerConfig, Containers, Fault, Image, LoadError, PhaseSpec};
use gauntlet_tasks::{Dataset, TaskDefinition};
use gauntlet_worker_protocol::{Event, Limits, Meters, Outcome, Phase};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

/// One test's containers and files.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) containers: Containers,
    pub(crate) data: Dataset,
}

pub(crate) fn config(folder: &Path) -> ContainerConfig {
    ContainerConfig::new(gauntlet_test_engine::socket(), folder.join("runs"))
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ContainerConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let containers = Containers::open(config).await.unwrap();
        let task = gauntlet_test_engine::repository().join("examples/tasks/digits");
        let data = TaskDefinition::load(&task)
            .unwrap()
            .materialise(&[5; 32])
            .unwrap();
        let place = Self {
            folder,
            containers,
            data,
        };
        std::fs::write(place.path("train"), &place.data.train).unwrap();
        std::fs::write(place.path("inputs"), &place.data.hidden_inputs).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The C example as an image.
    pub(crate) async fn softmax(&self) -> Image {
        let source =
            gauntlet_test_engine::repository().join("examples/containers/softmax-c/method.c");
        gauntlet_test_engine::compile(&source, &self.path("softmax"));
        self.image(&self.path("softmax"), &[]).await.unwrap()
    }

    pub(crate) async fn image(
        &self,
        program: &Path,
        arguments: &[&str],
    ) -> Result<Image, LoadError> {
        let archive = self.path("archive.tar");
        gauntlet_test_engine::pack(program, arguments, &archive);
        self.load(archive).await
    }

    pub(crate) async fn load(&self, archive: PathBuf) -> Result<Image, LoadError> {
        let digest = hex::encode(Sha256::digest(std::fs::read(&archive).unwrap()));
        self.containers.load(&archive, &digest).await
    }

    pub(crate) fn spec(&self, image: &Image, phase: Phase) -> PhaseSpec {
        PhaseSpec {
            image: image.clone(),
            run: "test".to_owned(),
            phase,
            task: self.data.info.clone(),
            seed: 7,
            limits: limits(),
            threads: 1,
            settings: gauntlet_wire::settings::Settings::new(),
        }
    }

    pub(crate) fn training(&self, image: &Image) -> PhaseSpec {
        let phase = Phase::Train {
            train: self.path("train"),
            base: None,
            model: self.path("model"),
        };
        self.spec(image, phase)
    }

    pub(crate) fn prediction(&self, image: &Image) -> PhaseSpec {
        let phase = Phase::Predict {
            inputs: self.path("inputs"),
            model: self.path("model"),
            predictions: self.path("predictions"),
        };
        self.spec(image, phase)
    }

    pub(crate) async fn execute(
        &self,
        spec: &PhaseSpec,
    ) -> Result<(Outcome, Meters, Vec<Event>), Fault> {
        let (sender, mut receiver) = mpsc::channel(64);
        let hear = async {
            let mut events = Vec::new();
            while let Some(event) = receiver.recv().await {
                events.push(event);
            }
            events
        };
        let (result, events) = tokio::join!(self.containers.execute(spec, sender), hear);
        let (outcome, meters) = result?;
        Ok((outcome, meters, events))
    }

    /// Trains and predicts; the share of hidden rows it gets right.
    pub(crate) async fn accuracy(&self, image: &Image) -> f64 {
        let (outcome, ..) = self.execute(&self.training(image)).await.unwrap();
        assert_eq!(outcome, Outcome::Completed);
        let (outcome, ..) = self.execute(&self.prediction(image)).await.unwrap();
        assert_eq!(outcome, Outcome::Completed);
        let predictions = std::fs::read(self.path("predictions")).unwrap();
        gauntlet_tasks::score(&self.data.info.kind, &self.data.hidden_labels, &predictions)
            .unwrap()
            .value
    }
}

pub(crate) fn limits() -> Limits {
    Limits {
        work: u64::MAX,
        batches: None,
        // Nothing here ends by it, however busy the machine is.
        wall_ms: 3_600_000,
        tensor_bytes: 64 << 20,
        guest_bytes: 64 << 20,
        output_bytes: 1 << 20,
    }
}
