//! `gauntlet-worker`: executes methods on the CPU.

mod kernels;

use std::process::ExitCode;

use burn_backend::DType;
use burn_flex::{Flex, FlexDevice};
use gauntlet_worker::{Setup, command, confine::Confinement, defences::Defences};

fn main() -> ExitCode {
    let kernels = match kernels::chosen() {
        Ok(kernels) => kernels,
        Err(message) => {
            eprintln!("gauntlet-worker: {message}");
            return ExitCode::FAILURE;
        }
    };
    // What a runner puts into its hardware class.
    if std::env::args().nth(1).as_deref() == Some("kernels") {
        println!("{kernels}");
        return ExitCode::SUCCESS;
    }
    if let Some(device) = command::device()
        && device != "cpu"
    {
        eprintln!("gauntlet-worker: this worker executes on the CPU, not on {device}");
        return ExitCode::FAILURE;
    }
    command::main::<Flex>(Setup {
        device: FlexDevice,
        int_indices: Some(DType::I64),
        checks_indices: true,
        confinement: Confinement::Strict,
        defences: Defences::all(),
    })
}
