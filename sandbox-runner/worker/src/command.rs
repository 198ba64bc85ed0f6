//! The command line. It is for the supervisor, not for people, so it is parsed by hand.

use std::path::Path;
use std::process::ExitCode;

use burn_ir::BackendIr;

use crate::{Setup, compile, engine, run};

const USAGE: &str = "usage: gauntlet-worker compile IN.wasm OUT LIMITS | run [--device D] < JOB | probe [--device D] | fingerprint";

/// Runs the worker's command line.
///
/// * `compile IN OUT LIMITS` checks a module against the gate's limits, which are JSON, and
///   compiles it. Exit status 1, and one line of JSON, if it may not enter (`{"rejected": …}`,
///   the gate's reason) or cannot be compiled (`{"error": …}`).
/// * `run` reads a [`gauntlet_worker_protocol::Job`] from standard input, answers with events,
///   and exits with 0 whatever became of the method.
/// * `probe` exits with 0 if the device is there.
/// * `fingerprint` prints what compiled modules depend on: a cache key.
pub fn main<B: BackendIr + 'static>(setup: Setup<B>) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["compile", input, output, limits] => match serde_json::from_str(limits) {
            Ok(limits) => {
                compile::main(Path::new(input), Path::new(output), &limits, setup.defences)
            }
            Err(error) => {
                eprintln!("the gate's limits cannot be read: {error}");
                ExitCode::from(2)
            }
        },
        ["run"] | ["run", "--device", _] => run::main(setup),
        // Whoever set this up has looked for the device already.
        ["probe"] | ["probe", "--device", _] => ExitCode::SUCCESS,
        ["fingerprint"] => {
            println!("{}", engine::fingerprint(setup.defences));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// The device that the command line names with `--device`.
#[must_use]
pub fn device() -> Option<String> {
    let mut arguments = std::env::args().skip(2);
    (arguments.next()? == "--device").then(|| arguments.next())?
}
