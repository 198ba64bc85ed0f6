//! The CPU worker without one of its lines of defence: which one is in the name by which
//! it was started, `without-NAME`. For the mutation check alone.

use std::path::Path;
use std::process::ExitCode;

use burn_backend::DType;
use burn_flex::FlexDevice;
use gauntlet_worker::confine::Confinement;
use gauntlet_worker::defences::{Defence, Defences};
use gauntlet_worker::{Setup, command};

fn main() -> ExitCode {
    let own = std::env::args().next().unwrap_or_default();
    let name = Path::new(&own).file_name().unwrap_or_default();
    let missing = name.to_str().and_then(|name| name.strip_prefix("without-"));
    let found = Defence::ALL
        .into_iter()
        .find(|(name, _)| Some(*name) == missing);
    let Some((_, defence)) = found else {
        eprintln!("{own} does not say which defence is missing: without-NAME");
        return ExitCode::from(2);
    };
    command::main::<burn_flex::Flex>(Setup {
        device: FlexDevice,
        int_indices: Some(DType::I64),
        checks_indices: true,
        confinement: Confinement::Strict,
        defences: Defences::all_but(defence),
    })
}
