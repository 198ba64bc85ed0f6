//! `gauntlet-worker-cuda`: executes methods on an NVIDIA GPU.

use std::process::ExitCode;

use burn_backend::{Backend, BackendTypes};
use burn_cuda::{Cuda, CudaDevice};
use gauntlet_worker::{Setup, command, confine::Confinement, defences::Defences};

type BackendDevice = <Cuda as BackendTypes>::Device;

/// Which GPU, counted as CUDA counts them.
const DEVICE_VARIABLE: &str = "GAUNTLET_CUDA_DEVICE";

fn main() -> ExitCode {
    let device = match device() {
        Ok(device) => device,
        Err(message) => {
            eprintln!("gauntlet-worker-cuda: {message}");
            return ExitCode::FAILURE;
        }
    };
    command::main::<Cuda>(Setup {
        device: device.into(),
        int_indices: None,
        // Its kernels are launched without bounds checks.
        checks_indices: false,
        confinement: Confinement::Driver,
        defences: Defences::all(),
    })
}

/// The GPU to use.
///
/// Asked before anything else: the backend's own answer to a missing driver or
/// missing headers is a panic in the middle of a run, which looks like the method's fault.
fn device() -> Result<CudaDevice, String> {
    let index: u16 = match command::device() {
        // The runner's word counts: it starts workers with an empty environment.
        Some(device) => device
            .strip_prefix("cuda:")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| format!("{device} is not cuda:N"))?,
        None => from_environment()?,
    };
    let device = CudaDevice::new(index.into());
    // Compiling a module needs no GPU, and the driver's address space would not
    // fit in the limits that compiling sets.
    if std::env::args().nth(1).as_deref() == Some("compile") {
        return Ok(device);
    }
    let kind = BackendDevice::from(device.clone()).to_id().type_id;
    let count = Cuda::device_count(kind);
    if count == 0 {
        return Err("no CUDA device: is NVIDIA's driver (libcuda) installed, \
                    and may this user open /dev/nvidia*?"
            .to_owned());
    }
    if usize::from(index) >= count {
        return Err(format!(
            "there is no CUDA device {index}: they are numbered 0 to {}; see {DEVICE_VARIABLE}",
            count - 1
        ));
    }
    if cubecl_cuda::install::cuda_path().is_none() {
        return Err("no CUDA headers, which compiling kernels needs: \
                    set CUDA_PATH, or install them in /usr/local/cuda"
            .to_owned());
    }
    Ok(device)
}

fn from_environment() -> Result<u16, String> {
    match std::env::var(DEVICE_VARIABLE) {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("{DEVICE_VARIABLE}={text:?} is not the number of a GPU")),
        Err(std::env::VarError::NotPresent) => Ok(0),
        Err(error) => Err(format!("{DEVICE_VARIABLE}: {error}")),
    }
}
