//! `gauntlet-gpu-check`: do a GPU's operations give what the CPU's do?
//!
//! One argument, the number of rounds of each kind of operation (8 if there is none).
//! Prints a report as JSON, and a summary on standard error; exits with 1 if something
//! differs, and with 2 if there is no GPU.

use std::process::ExitCode;

use burn_backend::{Backend, BackendTypes};
use burn_cuda::{Cuda, CudaDevice};
use gauntlet_fuzz::device_check;
use gauntlet_worker::executor_harness::ExecutorHarness;

type BackendDevice = <Cuda as BackendTypes>::Device;

fn main() -> ExitCode {
    let device = BackendDevice::from(CudaDevice::new(0));
    if Cuda::device_count(device.to_id().type_id) == 0 {
        eprintln!("gauntlet-gpu-check: no CUDA device: nothing was checked");
        return ExitCode::from(2);
    }
    if cubecl_cuda::install::cuda_path().is_none() {
        eprintln!("gauntlet-gpu-check: no CUDA headers; set CUDA_PATH: nothing was checked");
        return ExitCode::from(2);
    }
    let rounds = std::env::args()
        .nth(1)
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(8);
    ExecutorHarness::<Cuda>::keep_panics();
    let report = device_check::check::<Cuda>(&device, None, rounds);
    match serde_json::to_string_pretty(&report) {
        Ok(json) => println!("{json}"),
        Err(error) => eprintln!("gauntlet-gpu-check: {error}"),
    }
    eprintln!(
        "{} kinds of operations checked, {} differ from the CPU, {} fail; \
         {} results the same to the bit when repeated, {} kinds not; an index outside: {}",
        report.checked.len(),
        report.differ.len(),
        report.failed.len(),
        report.repeated,
        report.unsteady.len(),
        report.outside,
    );
    if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
