//! `gauntlet-native`: trains an example natively on the CPU, in a process of its own.

use std::process::ExitCode;

use gauntlet_method::burn::tensor::Device;

fn main() -> ExitCode {
    gauntlet_native::program::main("gauntlet-native", Device::flex)
}
