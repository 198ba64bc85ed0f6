//! A method in the sandbox.

use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_sandbox::{Device, Sandbox, SandboxConfig};
use gauntlet_tasks::Dataset;
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::{Event, Job, Limits, Meters, Outcome, Phase};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::BenchError;

/// A sandbox of its own, with the module files of the example methods.
#[derive(Debug)]
pub struct Lane {
    sandbox: Sandbox,
    methods: PathBuf,
    folder: tempfile::TempDir,
    threads: usize,
}

/// What a sandboxed training gave.
#[derive(Debug)]
pub struct LaneRun {
    /// How it ended.
    pub outcome: Outcome,
    /// What it used.
    pub meters: Meters,
    /// The model file, if it completed.
    pub model: Option<Vec<u8>>,
    /// `(step, microseconds since the phase began)` of every report of the loss.
    pub losses: Vec<(u64, u64)>,
    /// The losses themselves, where they are finite.
    pub loss_values: Vec<f64>,
    /// Microseconds from the start of the worker process to its first tensor operation.
    pub first_operation_micros: Option<u64>,
}

impl Lane {
    /// A sandbox on the CPU around `worker`, with the modules in `methods`.
    ///
    /// # Errors
    /// If the worker or the folder is not there.
    pub fn new(worker: &Path, methods: &Path, threads: usize) -> Result<Self, BenchError> {
        Self::on(Device::Cpu, worker, methods, threads)
    }

    /// The same on a device, for which the worker must be.
    ///
    /// # Errors
    /// If the worker or the folder is not there.
    pub fn on(
        device: Device,
        worker: &Path,
        methods: &Path,
        threads: usize,
    ) -> Result<Self, BenchError> {
        for needed in [worker, methods] {
            if !needed.exists() {
                return Err(BenchError::Missing(needed.to_owned()));
            }
        }
        let folder = tempfile::tempdir().map_err(BenchError::failed)?;
        let (cache, runs) = (folder.path().join("cache"), folder.path().join("runs"));
        let mut config = SandboxConfig::new(worker.to_owned(), cache, runs);
        config.device = device;
        let sandbox = Sandbox::new(config).map_err(BenchError::failed)?;
        Ok(Self {
            sandbox,
            methods: methods.to_owned(),
            folder,
            threads,
        })
    }

    /// Compiles a method's module: milliseconds, which are those of a real compilation
    /// the first time, and the module's size in bytes.
    ///
    /// # Errors
    /// If there is no such module, or it cannot be compiled.
    pub async fn compile(&self, method: &str) -> Result<(f64, u64), BenchError> {
        let module = self.methods.join(format!("{method}.wasm"));
        let wasm = fs::read(&module).map_err(|_| BenchError::Missing(module))?;
        let began = std::time::Instant::now();
        self.sandbox
            .compile(&wasm)
            .await
            .map_err(BenchError::failed)?;
        Ok((began.elapsed().as_secs_f64() * 1e3, wasm.len() as u64))
    }

    /// Trains a method for a number of batches, or until its work budget is used.
    ///
    /// # Errors
    /// If the platform fails; what becomes of the method is in the answer.
    pub async fn train(
        &self,
        method: &str,
        data: &Dataset,
        seed: u64,
        limits: Limits,
    ) -> Result<LaneRun, BenchError> {
        let settings = Settings::new();
        self.train_with(method, settings, data, seed, limits).await
    }

    /// The same with values for the method's hyper-parameters.
    ///
    /// # Errors
    /// If the platform fails; what becomes of the method is in the answer.
    pub async fn train_with(
        &self,
        method: &str,
        settings: Settings,
        data: &Dataset,
        seed: u64,
        limits: Limits,
    ) -> Result<LaneRun, BenchError> {
        let module = self.methods.join(format!("{method}.wasm"));
        let wasm = fs::read(&module).map_err(|_| BenchError::Missing(module))?;
        let compiled = self
            .sandbox
            .compile(&wasm)
            .await
            .map_err(BenchError::failed)?;
        let train = self.folder.path().join("train.safetensors");
        fs::write(&train, &data.train).map_err(BenchError::failed)?;
        let base = match &data.base {
            Some(weights) => {
                let base = self.folder.path().join("base.safetensors");
                fs::write(&base, weights).map_err(BenchError::failed)?;
                Some(base)
            }
            None => None,
        };
        let model = self.folder.path().join(format!("{method}.safetensors"));
        let job = Job {
            phase: Phase::Train {
                train,
                base,
                model: model.clone(),
            },
            module: compiled.path,
            task: data.info.clone(),
            seed,
            limits,
            threads: self.threads,
            settings,
            snapshots: None,
        };

        let (sender, mut events) = mpsc::channel(1024);
        let gather = tokio::spawn(async move {
            let (mut losses, mut values, mut first) = (Vec::new(), Vec::new(), None);
            while let Some(event) = events.recv().await {
                match event {
                    Event::Metric {
                        step,
                        name,
                        value,
                        micros,
                    } if name == "loss" => {
                        losses.push((step, micros));
                        values.extend(value);
                    }
                    Event::FirstOperation { micros } => first = Some(micros),
                    _ => {}
                }
            }
            (losses, values, first)
        });
        let (outcome, meters) = self
            .sandbox
            .execute(job, sender, CancellationToken::new())
            .await
            .map_err(BenchError::failed)?;
        let (losses, loss_values, first_operation_micros) =
            gather.await.map_err(BenchError::failed)?;
        let written = matches!(outcome, Outcome::Completed | Outcome::CutOff { .. });
        let model = if written {
            Some(fs::read(model).map_err(BenchError::failed)?)
        } else {
            None
        };
        Ok(LaneRun {
            outcome,
            meters,
            model,
            losses,
            loss_values,
            first_operation_micros,
        })
    }

    /// Predicts for the hidden inputs with a model, in a fresh sandbox: the predictions file.
    ///
    /// # Errors
    /// If the platform fails, or the method does not complete.
    pub async fn predict(
        &self,
        method: &str,
        data: &Dataset,
        seed: u64,
        trained: &[u8],
    ) -> Result<Vec<u8>, BenchError> {
        let module = self.methods.join(format!("{method}.wasm"));
        let wasm = fs::read(&module).map_err(|_| BenchError::Missing(module))?;
        let compiled = self
            .sandbox
            .compile(&wasm)
            .await
            .map_err(BenchError::failed)?;
        let at = |name: &str| {
            self.folder
                .path()
                .join(format!("{method}-{name}.safetensors"))
        };
        let (inputs, model, predictions) = (at("inputs"), at("model"), at("predictions"));
        fs::write(&inputs, &data.hidden_inputs).map_err(BenchError::failed)?;
        fs::write(&model, trained).map_err(BenchError::failed)?;
        let job = Job {
            phase: Phase::Predict {
                inputs,
                model,
                predictions: predictions.clone(),
            },
            module: compiled.path,
            task: data.info.clone(),
            seed,
            limits: Self::limits(0),
            threads: self.threads,
            settings: gauntlet_wire::settings::Settings::new(),
            snapshots: None,
        };
        let (sender, mut events) = mpsc::channel(1024);
        let drain = tokio::spawn(async move { while events.recv().await.is_some() {} });
        let (outcome, _) = self
            .sandbox
            .execute(job, sender, CancellationToken::new())
            .await
            .map_err(BenchError::failed)?;
        drain.await.map_err(BenchError::failed)?;
        if outcome != Outcome::Completed {
            return Err(BenchError::Failed(format!(
                "prediction ended with {outcome:?}"
            )));
        }
        fs::read(predictions).map_err(BenchError::failed)
    }

    /// Limits that nothing honest meets, but for the number of batches.
    #[must_use]
    pub fn limits(batches: u64) -> Limits {
        Limits {
            work: u64::MAX / 2,
            batches: Some(batches),
            wall_ms: 600_000,
            tensor_bytes: 1 << 30,
            guest_bytes: 256 << 20,
            output_bytes: 256 << 20,
        }
    }
}
