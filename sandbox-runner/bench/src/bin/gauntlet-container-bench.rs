//! What the container lane adds to a plain `docker run`: the same image, a program that does
//! nothing but write its output, started and ended in turn by us and by Docker's own command.
//!
//! Writes `target/figures/container_overhead.json` and prints it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use gauntlet_container::{ContainerConfig, Containers, PhaseSpec};
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use gauntlet_worker_protocol::{Limits, Outcome, Phase};
use sha2::{Digest, Sha256};

/// Measures the start and the end of a phase in a container beside plain `docker run`.
#[derive(Debug, Parser)]
struct Arguments {
    /// Phases of each kind, one after the other in turn.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Where the figures go.
    #[arg(long, default_value = "target/figures/container_overhead.json")]
    json: PathBuf,
}

const PROGRAM: &str = r#"
#include <stdio.h>
int main(void) {
    FILE *model = fopen("/gauntlet/out/model.safetensors", "w");
    if (!model || fwrite("\2\0\0\0\0\0\0\0{}", 1, 10, model) != 10 || fclose(model))
        return 1;
    puts("{\"event\":\"finished\",\"contract\":1,\"outcome\":\"completed\",\"batches\":0,\"micros\":0}");
    return 0;
}
"#;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gauntlet-container-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("program.c"), PROGRAM)?;
    gauntlet_test_engine::compile(&path("program.c"), &path("program"));
    gauntlet_test_engine::pack(&path("program"), &[], &path("image.tar"));
    let digest = hex::encode(Sha256::digest(std::fs::read(path("image.tar"))?));
    let socket = gauntlet_test_engine::socket();
    let config = ContainerConfig::new(socket.clone(), path("runs"));
    let containers = Containers::open(config).await?;
    let image = containers.load(&path("image.tar"), &digest).await?;
    std::fs::write(path("train"), "data")?;
    let spec = PhaseSpec {
        image: image.clone(),
        run: "bench".to_owned(),
        phase: Phase::Train {
            train: path("train"),
            base: None,
            model: path("model"),
        },
        task: TaskInfo {
            name: "nothing".to_owned(),
            kind: TaskKind::Classification { classes: 2 },
            inputs: InputKind::Dense { shape: vec![1] },
            train_rows: 1,
            base: None,
        },
        seed: 1,
        limits: Limits {
            work: 0,
            batches: None,
            wall_ms: 60_000,
            tensor_bytes: 64 << 20,
            guest_bytes: 64 << 20,
            output_bytes: 1 << 20,
        },
        threads: 1,
        settings: gauntlet_wire::settings::Settings::new(),
    };
    std::fs::create_dir(path("out"))?;
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    // The first of each is a warm-up.
    for round in 0..=arguments.rounds {
        let began = Instant::now();
        let (sender, _receiver) = tokio::sync::mpsc::channel(16);
        let (outcome, _) = containers.execute(&spec, sender).await?;
        let we = began.elapsed();
        if outcome != Outcome::Completed {
            return Err(format!("a phase ended otherwise: {outcome:?}").into());
        }
        let began = Instant::now();
        docker_run(&socket, &image.id, &path("out"))?;
        let they = began.elapsed();
        if round > 0 {
            ours.push(we);
            plain.push(they);
        }
    }
    let (ours, plain) = (median(&mut ours), median(&mut plain));
    let figures = serde_json::json!({
        "container_overhead": ours / plain,
        "phase_ms": ours * 1e3,
        "docker_run_ms": plain * 1e3,
        "rounds": arguments.rounds,
        "engine": containers.description(),
    });
    let text = serde_json::to_string_pretty(&figures)?;
    if let Some(parent) = arguments.json.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(&arguments.json, format!("{text}\n"))?;
    println!("{text}");
    Ok(())
}

fn docker_run(socket: &Path, image: &str, out: &Path) -> Result<(), Failure> {
    let status = Command::new("docker")
        .arg("-H")
        .arg(format!("unix://{}", socket.display()))
        .args(["run", "--rm", "--network", "none", "-v"])
        .arg(format!("{}:/gauntlet/out", out.display()))
        .args([image, "train"])
        .stdout(Stdio::null())
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("docker run ended with {status}").into()),
    }
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times
        .get(times.len() / 2)
        .map_or(0.0, Duration::as_secs_f64)
}
