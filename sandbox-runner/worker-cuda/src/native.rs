//! `gauntlet-native-cuda`: trains an example natively on the first GPU, in a process of
//! its own, to compare the sandbox with.

use std::process::ExitCode;

use burn::tensor::Device;
use burn_backend::{Backend, BackendTypes};
use burn_cuda::{Cuda, CudaDevice};

type BackendDevice = <Cuda as BackendTypes>::Device;

fn main() -> ExitCode {
    // The backend's own answer to a missing driver is a panic on a thread of its own.
    let kind = BackendDevice::from(CudaDevice::new(0)).to_id().type_id;
    if Cuda::device_count(kind) == 0 {
        eprintln!("gauntlet-native-cuda: no CUDA device: nothing was trained");
        return ExitCode::from(2);
    }
    gauntlet_native::program::main("gauntlet-native-cuda", || Device::cuda(0))
}
