//! Executes one phase of a run in a worker process and watches it.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use gauntlet_worker_protocol::{Event, Job, Meters, Outcome, Phase, Snapshots};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::capture::{self, Breach, Tail};
use crate::device::Device;
use crate::exit_status;
use crate::fault::Fault;
use crate::folders::RunFolder;
use crate::output::{OutputError, collect};
use crate::process::{Process, ProcessLimits};
use crate::sandbox::Sandbox;
use crate::snapshots::Taker;

/// Why watching a worker ended.
enum Stop {
    /// It ended by itself and everything it said has been read.
    Ended(ExitStatus),
    /// It said that it had finished, but stayed.
    Lingered,
    /// Its wall time is over.
    Wall,
    /// It fills its folder.
    Disk,
    /// It said something it must not.
    Breach(Breach),
    /// The run was called off.
    Cancelled,
    /// The kernel does not tell how it ended.
    Lost(std::io::Error),
}

/// How much a run may keep in its folder.
struct Disk<'a> {
    folder: &'a RunFolder,
    most: u64,
}

impl Disk<'_> {
    fn is_full(&self) -> bool {
        self.folder.bytes() > self.most
    }
}

/// What watching a worker brought.
struct Watched {
    stop: Stop,
    finished: Option<(Outcome, Meters)>,
    /// The first operation was about to be executed.
    started: bool,
}

/// How often a run's folder is looked at. A limit of one file's size is the kernel's to
/// keep; how many files there are, nobody else counts.
const LOOK: Duration = Duration::from_millis(500);

impl Sandbox {
    /// Executes a job. Its module must be one that [`compile`](Self::compile) returned.
    /// The files it names are the caller's: inputs are copied into the run's own folder,
    /// and the output, if the phase completes, is copied to the place that the job names.
    ///
    /// Events other than the last are sent to `events`; a receiver that is gone is fine,
    /// one that does not read holds the worker up. When `cancel` fires, or the future is
    /// dropped, the worker is killed. When this returns, no process and no folder of the
    /// run is left.
    ///
    /// # Errors
    /// Everything that is not the method's doing, [`Outcome::Infrastructure`] included.
    pub async fn execute(
        &self,
        job: Job,
        events: mpsc::Sender<Event>,
        cancel: CancellationToken,
    ) -> Result<(Outcome, Meters), Fault> {
        if cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        let folder = self.folders.fresh()?;
        let wanted = output_of(&job.phase).to_owned();
        let limits = job.limits;
        let threads = job.threads as u64;
        let asked = job.snapshots.clone();
        let inside = self.prepare(job, &folder).await?;
        let made = output_of(&inside.phase).to_owned();

        let begin = Instant::now();
        let memory = [limits.tensor_bytes, limits.guest_bytes, limits.output_bytes]
            .iter()
            .fold(0_u64, |sum, bytes| sum.saturating_add(*bytes));
        // Room to write past the limit and be caught by the check that names it.
        let file_bytes = limits.output_bytes.saturating_add(16 << 20);
        let device = self.config.device.to_string();
        // The CPU worker knows no other device, and need not be told.
        let run = match self.config.device {
            Device::Cpu => vec!["run"],
            Device::Cuda(_) => vec!["run", "--device", &device],
        };
        let (mut process, pipes) = Process::spawn(
            &self.launcher,
            self.folders.worker(),
            &run,
            &folder,
            ProcessLimits {
                // Kernels may hold as much again as the tensors they work on.
                data_bytes: memory
                    .saturating_mul(2)
                    .saturating_add(self.config.process_bytes),
                file_bytes,
                threads,
                cpu_seconds: None,
            },
        )?;
        let stderr = Tail::of(pipes.stderr, 16 << 10);
        let (lines, reader) = capture::events(
            pipes.stdout,
            self.config.event_bytes,
            self.config.events_bytes,
        );
        // Open until the end: a worker takes end of file as the death of its supervisor.
        let stdin = hand_over(pipes.stdin, &inside);

        let deadline = begin + Duration::from_millis(limits.wall_ms) + self.config.wall_grace;
        // Snapshots are taken away at once, but a busy machine may be slow at it.
        let files = 1 + asked.as_ref().map_or(0, |asked| asked.sixteenths().count());
        let disk = Disk {
            folder: &folder,
            most: folder
                .bytes()
                .saturating_add(file_bytes.saturating_mul(files as u64)),
        };
        let inside = folder.path().to_owned();
        let taker = Taker::new(asked, inside, limits.output_bytes, limits.work);
        let watched = self
            .watch(&mut process, lines, deadline, disk, taker, &events, &cancel)
            .await;
        process.kill().await;
        drop(stdin);
        reader.abort();
        folder.kill_orphans();
        let stderr = stderr.text().await;

        let wall_micros = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        let unmetered = Meters {
            wall_micros,
            ..Meters::default()
        };
        let (outcome, meters) = match watched {
            Watched {
                stop: Stop::Cancelled,
                ..
            } => return Err(Fault::Cancelled),
            Watched {
                stop: Stop::Breach(Breach::Garbage(what)),
                ..
            } => {
                return Err(Fault::Contract(what));
            }
            Watched {
                stop: Stop::Lost(error),
                ..
            } => return Err(Fault::Died(error.to_string())),
            // What it says does not count if it does this.
            Watched {
                stop: Stop::Disk, ..
            } => (
                Outcome::MemoryExceeded {
                    limit: "output".to_owned(),
                    message: None,
                },
                unmetered,
            ),
            Watched {
                finished: Some((outcome, meters)),
                ..
            } => (outcome, meters),
            Watched {
                stop: Stop::Breach(Breach::Flood(what)),
                ..
            } => {
                let message = format!("the method reports too much: {what}");
                (Outcome::MethodFailed { message }, unmetered)
            }
            Watched {
                stop: Stop::Wall | Stop::Lingered,
                ..
            } => (
                Outcome::BudgetExceeded {
                    limit: "wall".to_owned(),
                },
                unmetered,
            ),
            Watched {
                stop: Stop::Ended(status),
                started,
                ..
            } => (exit_status::judge(status, started, &stderr)?, unmetered),
        };
        let outcome = match outcome {
            done @ (Outcome::Completed | Outcome::CutOff { .. }) => {
                let most = limits.output_bytes;
                // It may be large: others do not wait for it.
                tokio::task::spawn_blocking(move || take_output(&made, &wanted, most))
                    .await
                    .map_err(|error| Fault::Died(error.to_string()))??
                    .unwrap_or(done)
            }
            Outcome::Infrastructure { message } => return Err(Fault::Reported(message)),
            other => other,
        };
        Ok((outcome, meters))
    }

    /// Copies what the worker needs into its folder and points the job at the copies.
    async fn prepare(&self, job: Job, folder: &RunFolder) -> Result<Job, Fault> {
        let code = self.cache.get(&job.module)?;
        let code = code.ok_or_else(|| Fault::NotOurs(job.module.clone()))?;
        let module = folder.put("module.cwasm", &code)?;
        let phase = match job.phase {
            Phase::Train { train, base, .. } => Phase::Train {
                train: folder.copy(&train, "train.safetensors").await?,
                base: match base {
                    Some(base) => Some(folder.copy(&base, "base.safetensors").await?),
                    None => None,
                },
                model: folder.path().join("model.safetensors"),
            },
            Phase::Predict { inputs, model, .. } => Phase::Predict {
                inputs: folder.copy(&inputs, "inputs.safetensors").await?,
                model: folder.copy(&model, "model.safetensors").await?,
                predictions: folder.path().join("predictions.safetensors"),
            },
        };
        let snapshots = job.snapshots.map(|asked| Snapshots {
            folder: folder.path().to_owned(),
            ..asked
        });
        Ok(Job {
            module,
            phase,
            snapshots,
            ..job
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one execution")]
    async fn watch(
        &self,
        process: &mut Process,
        mut lines: mpsc::Receiver<Result<Event, Breach>>,
        mut deadline: Instant,
        disk: Disk<'_>,
        mut taker: Taker,
        events: &mpsc::Sender<Event>,
        cancel: &CancellationToken,
    ) -> Watched {
        let (mut finished, mut started) = (None, false);
        let (mut ended, mut silent) = (None, false);
        let mut look = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let stop = loop {
            if let (Some(status), true) = (ended, silent) {
                break Stop::Ended(status);
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => break Stop::Cancelled,
                () = tokio::time::sleep_until(deadline) => match (ended, &finished) {
                    // Somebody keeps its output open; it is dead all the same.
                    (Some(status), _) => break Stop::Ended(status),
                    (None, Some(_)) => break Stop::Lingered,
                    (None, None) => break Stop::Wall,
                },
                _ = look.tick() => if disk.is_full() {
                    break Stop::Disk;
                },
                line = lines.recv(), if !silent => match line {
                    None => silent = true,
                    Some(Err(breach)) => break Stop::Breach(breach),
                    Some(Ok(Event::Finished { outcome, meters })) => {
                        if finished.is_none() {
                            finished = Some((outcome, meters));
                            deadline = Instant::now() + self.config.exit_grace;
                        }
                    }
                    Some(Ok(event)) => {
                        match taker.hand_out(&event) {
                            Ok(true) => {}
                            Ok(false) => continue,
                            Err(error) => break Stop::Lost(error),
                        }
                        started |= matches!(event, Event::FirstOperation { .. });
                        tokio::select! {
                            _ = events.send(event) => {}
                            () = cancel.cancelled() => {}
                            () = tokio::time::sleep_until(deadline) => {}
                        }
                    }
                },
                status = process.wait(), if ended.is_none() => match status {
                    Ok(status) => {
                        ended = Some(status);
                        process.kill_others();
                        // What it said before is still in the pipe.
                        deadline = Instant::now() + Duration::from_secs(2);
                    }
                    Err(error) => break Stop::Lost(error),
                },
            }
        };
        Watched {
            stop,
            finished,
            started,
        }
    }
}

/// Writes the job as a line. A worker that dies before it reads all of it is judged by
/// its exit status, so a failure to write is not one of its own.
fn hand_over(mut stdin: ChildStdin, job: &Job) -> tokio::task::JoinHandle<Option<ChildStdin>> {
    let line = serde_json::to_string(job)
        .map(|line| line + "\n")
        .unwrap_or_default();
    tokio::spawn(async move {
        stdin.write_all(line.as_bytes()).await.ok()?;
        stdin.flush().await.ok()?;
        Some(stdin)
    })
}

fn output_of(phase: &Phase) -> &PathBuf {
    match phase {
        Phase::Train { model, .. } => model,
        Phase::Predict { predictions, .. } => predictions,
    }
}

/// Takes the output of a phase that says it completed.
/// What is wrong with it, if it is the method's doing.
fn take_output(from: &Path, to: &Path, limit: u64) -> Result<Option<Outcome>, Fault> {
    match collect(from, to, limit) {
        Ok(()) => Ok(None),
        Err(OutputError::TooLarge { .. }) => Ok(Some(Outcome::MemoryExceeded {
            limit: "output".to_owned(),
            message: None,
        })),
        // Our worker writes regular files only: something else ran in it.
        Err(error @ OutputError::NotAFile(_)) => Ok(Some(Outcome::MethodFailed {
            message: error.to_string(),
        })),
        Err(error @ OutputError::Missing) => Err(Fault::Contract(error.to_string())),
        Err(OutputError::Io(error)) => Err(Fault::file("copy", from)(error)),
    }
}
