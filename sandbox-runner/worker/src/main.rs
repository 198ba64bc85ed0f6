//! `gauntlet-worker`: executes methods on the CPU.

use std::process::ExitCode;

use burn_backend::DType;
use burn_flex::{Flex, FlexDevice};
use gauntlet_worker::{Setup, command, confine::Confinement};

fn main() -> ExitCode {
    command::main::<Flex>(Setup {
        device: FlexDevice,
        int_indices: Some(DType::I64),
        confinement: Confinement::Strict,
    })
}
