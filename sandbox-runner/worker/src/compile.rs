//! Module in, compiled module out. It happens in a process of its own, because
//! compile time is the entrant's to inflate: the supervisor kills it when it
//! takes too long.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::defences::{Defence, Defences};
use crate::{confine, engine};

/// Most CPU seconds and memory that compiling may take.
const CPU_SECONDS: u64 = 60;
const MEMORY_BYTES: u64 = 3 << 30;

pub(crate) fn main(input: &Path, output: &Path, defences: Defences) -> ExitCode {
    confine::limit_compiler(CPU_SECONDS, MEMORY_BYTES);
    match compile(input, output, defences) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{}", serde_json::json!({ "error": error }));
            ExitCode::FAILURE
        }
    }
}

fn compile(input: &Path, output: &Path, defences: Defences) -> Result<(), String> {
    let wasm = fs::read(input).map_err(|error| format!("failed to read the module: {error}"))?;
    // The gate has seen it at submission; a worker trusts nobody's word for that.
    if defences.has(Defence::SecondGate) {
        gauntlet_gate::check(&wasm, &gauntlet_gate::GateLimits::platform())
            .map_err(|rejection| rejection.to_string())?;
    }
    let compiled = engine::engine(defences)
        .and_then(|engine| engine.precompile_module(&wasm))
        .map_err(|error| format!("failed to compile the module: {error:#}"))?;
    fs::write(output, compiled).map_err(|error| format!("failed to write: {error}"))
}
