//! Whether there is the device that a runner is to execute on.

use std::time::Duration;

use gauntlet_sandbox::Device;

use crate::config::Config;

/// How long a GPU's worker may take to find the GPU.
const DEVICE_PROBE: Duration = Duration::from_secs(60);

/// Asks a GPU's worker whether it finds the GPU, before work is leased for it.
pub(crate) async fn probe_device(config: &Config) -> Result<(), String> {
    if config.device == Device::Cpu {
        return Ok(());
    }
    let worker = config.sandbox().worker;
    let answer = tokio::process::Command::new(&worker)
        .args(["probe", "--device", &config.device.to_string()])
        .env_clear()
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let answer = match tokio::time::timeout(DEVICE_PROBE, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            return Err(format!(
                "the worker {} cannot be started ({error}); docs/GPU.md says how it is built",
                worker.display()
            ));
        }
        Err(_) => {
            return Err(format!("no answer within {} s", DEVICE_PROBE.as_secs()));
        }
    };
    if answer.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&answer.stderr);
    Err(stderr.trim().to_owned())
}
