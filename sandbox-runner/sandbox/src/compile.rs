//! Compiles modules in a child process that can be killed.
//!
//! How long a compiler takes is decided by whoever wrote the module. So it runs
//! with limits of processor time, memory and output, in a folder of its own.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use gauntlet_gate::Rejection;
use nix::sys::signal::Signal;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use crate::capture::Tail;
use crate::compiling::Fingerprint;
use crate::exit_status::{out_of_memory, with_stderr};
use crate::fault::{CompileError, Fault};
use crate::output::{OutputError, collect};
use crate::process::{Process, ProcessLimits, describe};
use crate::sandbox::Sandbox;

/// A compiled module in the cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// The file, for [`Job::module`](gauntlet_worker_protocol::Job::module).
    pub path: PathBuf,
    /// SHA-256 of the module, in hex.
    pub digest: String,
    /// It was there already.
    pub cached: bool,
}

/// What a worker says when it cannot compile.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Refusal {
    Rejected(Rejection),
    Error(String),
}

impl From<Refusal> for CompileError {
    /// Whoever speaks has read the module, and may have been talked into it.
    fn from(refusal: Refusal) -> Self {
        let tame = |text: &str| gauntlet_text::excerpt(text, TEXT);
        match refusal {
            Refusal::Rejected(rejection) => Self::Rejected(Rejection {
                detail: tame(&rejection.detail),
                help: tame(&rejection.help),
                ..rejection
            }),
            Refusal::Error(words) => Self::Invalid(tame(&words)),
        }
    }
}

/// Characters of what a worker says about a module.
const TEXT: usize = 1000;

impl Sandbox {
    /// Has a module checked by the gate and compiled, or finds it in the cache: what is there was
    /// let in by the same limits. Callers with the same module at the same time wait for one
    /// compilation. Here no more is read of it than its first bytes.
    ///
    /// # Errors
    /// [`CompileError::Fault`] is ours; the others are the module's.
    pub async fn compile(&self, wasm: &[u8]) -> Result<Compiled, CompileError> {
        gauntlet_gate::glance(wasm, &self.config.gate)?;
        let digest = hex::encode(Sha256::digest(wasm));
        let gate = serde_json::to_string(&self.config.gate)
            .map_err(|error| Fault::Contract(error.to_string()))?;
        let limits = hex::encode(&Sha256::digest(&gate)[..8]);
        let made_by = format!("{}-{limits}", self.fingerprint().await?);
        let path = self.cache.path(&digest, &made_by);
        let lock = self.in_progress.of(&path);
        let _turn = lock.lock().await;
        let cached = self.cache.get(&path)?.is_some();
        if !cached {
            let code = self.compile_in_child(wasm, &gate).await?;
            self.cache.put(&path, &code)?;
        }
        Ok(Compiled {
            path,
            digest,
            cached,
        })
    }

    async fn compile_in_child(&self, wasm: &[u8], gate: &str) -> Result<Vec<u8>, CompileError> {
        let limits = self.config.compile;
        let folder = self.folders.fresh()?;
        folder.put("module.wasm", wasm)?;
        let (mut process, pipes) = Process::spawn(
            &self.launcher,
            self.folders.worker(),
            &["compile", "module.wasm", "module.cwasm", gate],
            &folder,
            ProcessLimits {
                data_bytes: limits.memory_bytes,
                file_bytes: limits.output_bytes,
                threads: 1,
                cpu_seconds: Some(limits.cpu_seconds),
            },
        )?;
        let stderr = Tail::of(pipes.stderr, 16 << 10);
        let answer = tokio::spawn(start_of(pipes.stdout, 16 << 10));
        let status = match timeout(limits.wall, process.wait()).await {
            Ok(status) => status.map_err(|error| Fault::Died(error.to_string()))?,
            Err(_) => {
                process.kill().await;
                let seconds = limits.wall.as_secs();
                return Err(Fault::Died(format!("no compiled module within {seconds} s")).into());
            }
        };
        folder.kill_orphans();
        let stderr = stderr.text().await;
        if status.success() {
            let output = folder.path().join("module.cwasm");
            let taken = folder.path().join("taken.cwasm");
            return match collect(&output, &taken, limits.output_bytes) {
                Ok(()) => Ok(std::fs::read(&taken).map_err(Fault::file("read", &taken))?),
                Err(OutputError::TooLarge { limit, .. }) => Err(CompileError::TooExpensive {
                    limit,
                    unit: "bytes of code",
                }),
                Err(error) => Err(Fault::Contract(format!("after compiling: {error}")).into()),
            };
        }
        if out_of_memory(&stderr) {
            let limit = limits.memory_bytes;
            return Err(CompileError::TooExpensive {
                limit,
                unit: "bytes of memory",
            });
        }
        match status
            .signal()
            .and_then(|number| Signal::try_from(number).ok())
        {
            Some(Signal::SIGXCPU) => Err(CompileError::TooExpensive {
                limit: limits.cpu_seconds,
                unit: "seconds of processor time",
            }),
            Some(Signal::SIGXFSZ) => Err(CompileError::TooExpensive {
                limit: limits.output_bytes,
                unit: "bytes of code",
            }),
            // The compiler is a deterministic program whose one input is the module.
            Some(
                signal @ (Signal::SIGSEGV | Signal::SIGABRT | Signal::SIGILL | Signal::SIGBUS),
            ) => Err(CompileError::Invalid(format!(
                "the compiler crashed ({signal})"
            ))),
            Some(_) => Err(Fault::Died(with_stderr(&describe(status), &stderr)).into()),
            None => {
                let answer = timeout(std::time::Duration::from_secs(1), answer).await;
                let answer = answer.ok().and_then(Result::ok).unwrap_or_default();
                match serde_json::from_slice::<Refusal>(&answer) {
                    Ok(refusal) => Err(refusal.into()),
                    Err(_) => Err(Fault::Died(with_stderr(&describe(status), &stderr)).into()),
                }
            }
        }
    }

    /// What the worker's compiled code depends on beside the module: its engine and settings.
    async fn fingerprint(&self) -> Result<String, Fault> {
        let worker = self.folders.worker();
        let metadata = std::fs::metadata(worker).map_err(Fault::file("look at", worker))?;
        let modified = metadata
            .modified()
            .map_err(Fault::file("look at", worker))?;
        let binary = (metadata.len(), modified);
        let mut known = self.fingerprint.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.binary == binary) {
            return Ok(known.text.clone());
        }
        let folder = self.folders.fresh()?;
        let (mut process, pipes) = Process::spawn(
            &self.launcher,
            worker,
            &["fingerprint"],
            &folder,
            ProcessLimits {
                data_bytes: 1 << 30,
                file_bytes: 0,
                threads: 1,
                cpu_seconds: Some(20),
            },
        )?;
        let stderr = Tail::of(pipes.stderr, 16 << 10);
        let answer = start_of(pipes.stdout, 1 << 10);
        let both = async { (answer.await, process.wait().await) };
        let Ok((answer, status)) = timeout(std::time::Duration::from_secs(60), both).await else {
            process.kill().await;
            return Err(Fault::Died("no fingerprint within 60 s".to_owned()));
        };
        let status = status.map_err(|error| Fault::Died(error.to_string()))?;
        let text = String::from_utf8_lossy(&answer).trim().to_owned();
        if !status.success() {
            return Err(Fault::Died(with_stderr(
                &describe(status),
                &stderr.text().await,
            )));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
        if text.is_empty() || text.len() > 128 || !text.chars().all(plain) {
            return Err(Fault::Contract(format!("{text:?} is no fingerprint")));
        }
        *known = Some(Fingerprint {
            binary,
            text: text.clone(),
        });
        Ok(text)
    }
}

/// The first `bytes` bytes of a pipe; the rest is read away.
async fn start_of(mut pipe: impl AsyncRead + Unpin, bytes: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        let room = bytes.saturating_sub(kept.len()).min(read);
        kept.extend(&buffer[..room]);
    }
    kept
}
