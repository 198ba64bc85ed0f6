//! One phase in one container: laid out, started, watched, ended, its output taken.

use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::query_parameters::{
    AttachContainerOptions, InspectContainerOptions, StartContainerOptions, WaitContainerOptions,
};
use futures::StreamExt;
use gauntlet_file_contract::{StdoutReader, SubCommand};
use gauntlet_worker_protocol::{Event, Meters, Outcome};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use crate::cgroup::{self, Counted, Memory};
use crate::collect::collect;
use crate::containers::Containers;
use crate::fault::Fault;
use crate::folder::Folder;
use crate::phase::PhaseSpec;
use crate::removal::{Created, kill};
use crate::spec;
use crate::verdict::{self, End, Killed};

/// How often counters and the output folder are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a container may take to be gone once it was killed, and its output to end.
const END: Duration = Duration::from_secs(30);
/// The exit code of a container whose first process was ended by SIGKILL.
const KILLED: i64 = 128 + 9;

impl Containers {
    /// Executes one phase. Events go to `events` as they come. Dropping the future kills
    /// the container.
    ///
    /// # Errors
    /// If the platform failed; what the method did wrong is an outcome.
    pub async fn execute(
        &self,
        spec: &PhaseSpec,
        events: mpsc::Sender<Event>,
    ) -> Result<(Outcome, Meters), Fault> {
        let user = user();
        // Its data is copied, which may take a while.
        let (folders, copy, files) = (self.folders.clone(), spec.clone(), self.config.output_files);
        let folder = tokio::task::spawn_blocking(move || folders.prepare(&copy, user, files))
            .await
            .map_err(|error| Fault::Engine("lay out a folder", error.to_string()))??;
        let labels = self
            .labels
            .container(&spec.run, SubCommand::from(&spec.phase).name());
        let body = spec::body(spec, &self.config, &folder, user, labels);
        // From here on it is removed, whatever happens.
        let mut container = Created::begin(&self.engine.docker, body);
        let id = container.id().await?;
        let watched = self.watch(spec, &id, &folder, &events).await?;
        container.remove().await?;
        let (mut outcome, meters) = watched;
        if matches!(outcome, Outcome::Completed | Outcome::CutOff { .. }) {
            let output = SubCommand::from(&spec.phase).output();
            let name = output.strip_prefix("out/").unwrap_or(output);
            let limit = spec.limits.output_bytes;
            let (out, name_there, to) = (
                folder.out(),
                name.to_owned(),
                spec.phase.output().to_owned(),
            );
            // It may be large: others do not wait for it.
            let taken = tokio::task::spawn_blocking(move || collect(&out, &name_there, limit, &to))
                .await
                .map_err(|error| Fault::Engine("take the output", error.to_string()))??;
            if let Err(wrong) = taken {
                outcome = verdict::without_output(&wrong, name);
            }
        }
        Ok((outcome, meters))
    }

    /// From the start to the end of a container's processes.
    async fn watch(
        &self,
        spec: &PhaseSpec,
        id: &str,
        folder: &Folder,
        events: &mpsc::Sender<Event>,
    ) -> Result<(Outcome, Meters), Fault> {
        let docker = &self.engine.docker;
        let mut output = self.attach(id).await?;
        let killed_before = cgroup::kills_everywhere();
        let began = Instant::now();
        if let Err(error) = docker
            .start_container(id, None::<StartContainerOptions>)
            .await
        {
            let (exit_code, ..) = self.state(id).await?;
            return match verdict::not_started(exit_code) {
                Some(outcome) => Ok((outcome, Meters::default())),
                None => Err(Fault::engine("start a container")(error)),
            };
        }
        let deadline = began + Duration::from_millis(spec.limits.wall_ms) + self.config.wall_grace;
        let process = self.state(id).await?.2;
        let memory = Memory::of(process);
        let mut counted = Counted::default();
        let mut stdout = StdoutReader::new(self.config.line_bytes, self.config.output_bytes);
        let mut killed = None;
        let mut read = Vec::new();
        let options = WaitContainerOptions {
            condition: "not-running".to_owned(),
        };
        let mut ended = docker.wait_container(id, Some(options));
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut open = true;
        while killed.is_none() {
            tokio::select! {
                piece = output.output.next(), if open => match piece {
                    Some(Ok(piece)) => killed = take(&mut stdout, &piece, &mut read),
                    Some(Err(_)) | None => open = false,
                },
                _ = looks.tick() => {
                    if let Some(memory) = &memory {
                        memory.read(&mut counted);
                    }
                    if folder.overflows() {
                        killed = Some(Killed::Disk);
                    }
                }
                () = tokio::time::sleep_until(deadline) => killed = Some(Killed::Wall),
                // An exit code other than 0 is an error to the library; the state has it too.
                _ = ended.next() => break,
            }
            pass_on(events, &mut read).await;
        }
        let wall = began.elapsed();
        if killed.is_some() {
            // The engine waits until what a container wrote has been taken: a flood that
            // nobody reads any more would hold up its end.
            drop(output);
            kill(docker, id).await?;
            // The counters go with the last process; one last look.
            if let Some(memory) = &memory {
                memory.read(&mut counted);
            }
            let gone = tokio::time::timeout(END, ended.next()).await;
            gone.map_err(|_| Fault::Slow("end a killed container", END.as_secs()))?;
        } else {
            // What was written before the end may still be on its way.
            let rest = async {
                while let Some(Ok(piece)) = output.output.next().await {
                    killed = take(&mut stdout, &piece, &mut read);
                    pass_on(events, &mut read).await;
                    if killed.is_some() {
                        break;
                    }
                }
            };
            if open {
                let ended = tokio::time::timeout(END, rest).await;
                ended.map_err(|_| Fault::Slow("end its output", END.as_secs()))?;
            } else {
                drop(rest);
            }
            stdout.end(&mut read);
            pass_on(events, &mut read).await;
        }
        // It may have outgrown its folder since the last look, and ended.
        if killed.is_none() && folder.overflows() {
            killed = Some(Killed::Disk);
        }
        let (exit_code, starved, process) = self.state(id).await?;
        if process != 0 {
            return Err(Fault::Engine(
                "wait for a container",
                "it says that it ended, but it runs".to_owned(),
            ));
        }
        let finished = stdout.finished;
        let meters = Meters {
            batches: finished.as_ref().map_or(0, |finished| finished.batches),
            peak_tensor_bytes: counted.peak,
            wall_micros: u64::try_from(wall.as_micros()).unwrap_or(u64::MAX),
            ..Meters::default()
        };
        let end = End {
            killed,
            // The counter of a container goes with its last process, and the engine's own
            // look at it may come too late, so a first process that somebody killed is
            // believed to have been starved if the kernel killed anybody meanwhile: nobody in
            // a container can send that signal to its first process.
            out_of_memory: starved
                || counted.kills > 0
                || (exit_code == KILLED && cgroup::kills_everywhere() > killed_before),
            exit_code,
            finished,
        };
        tracing::debug!(run = spec.run, id, ?end, "container ended");
        Ok((verdict::outcome(&end), meters))
    }

    async fn attach(&self, id: &str) -> Result<AttachContainerResults, Fault> {
        let options = AttachContainerOptions {
            stdout: true,
            stderr: true,
            stream: true,
            ..AttachContainerOptions::default()
        };
        self.engine
            .docker
            .attach_container(id, Some(options))
            .await
            .map_err(Fault::engine("attach to a container"))
    }

    /// Exit code, whether the kernel killed a process of it for memory, and its process id.
    async fn state(&self, id: &str) -> Result<(i64, bool, i64), Fault> {
        let inspected = self
            .engine
            .docker
            .inspect_container(id, None::<InspectContainerOptions>)
            .await
            .map_err(Fault::engine("inspect a container"))?;
        let state = inspected.state.unwrap_or_default();
        Ok((
            state.exit_code.unwrap_or(-1),
            state.oom_killed.unwrap_or(false),
            state.pid.unwrap_or(0),
        ))
    }
}

fn take(stdout: &mut StdoutReader, piece: &LogOutput, read: &mut Vec<Event>) -> Option<Killed> {
    let taken = match piece {
        LogOutput::StdErr { message } => stdout.on_stderr(message, read),
        LogOutput::StdOut { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message } => stdout.on_stdout(message, read),
    };
    taken.err().map(Killed::Flood)
}

/// Hands events on. A listener that is gone does not end the run.
async fn pass_on(events: &mpsc::Sender<Event>, read: &mut Vec<Event>) {
    for event in read.drain(..) {
        if events.send(event).await.is_err() {
            break;
        }
    }
}

/// Root hands containers to nobody; another user owns the files they see, so they run as
/// that user, without any of their groups.
fn user() -> (u32, u32) {
    let own = rustix::process::geteuid();
    if own.is_root() {
        spec::NOBODY
    } else {
        (own.as_raw(), rustix::process::getegid().as_raw())
    }
}
