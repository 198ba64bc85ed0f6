//! The container of one phase, line by line.
//!
//! | denied | by |
//! |---|---|
//! | network | `network_mode: none`, and no socket but `AF_UNIX` |
//! | capabilities, gaining any | `cap_drop: ALL`, `no-new-privileges`, an unprivileged user |
//! | system calls | our own filter, deny by default (`seccomp.json`) |
//! | writing | the root is read-only; `/tmp` and `/dev/shm` are in memory and small; `out/` has a limit of its own |
//! | the image's wishes | user, working directory, command, health check and volumes are ours or refused at intake |
//! | memory | one limit for memory and swap together, so there is no swap; `/tmp`, `/dev/shm` and `out/` count as memory |
//! | processes, open files, core files | `pids_limit`, `nofile`, `core` 0; `fsize` bounds a single file |
//! | other processes | own name spaces for processes, IPC, host name and control groups |
//! | the engine's disk | no log driver: output is attached to and counted |
//! | GPUs | none, or the whole devices that were named |
//!
//! Not used, and why: `storage_opt` limits the root's size on xfs with project quotas only,
//! and the root is read-only; `userns-remap` is a setting of the engine's, not of a
//! container's (`docs/OCI-CONTRACT.md` recommends it); `masked_paths` and `readonly_paths`
//! are left to the engine, whose lists are newer than ours would be; an AppArmor profile is the engine's own
//! where there is AppArmor; `read_only_force_recursive` has nothing to do, because nothing is
//! mounted below the data; `init` is off, because a method that is process 1 takes every
//! process of its container with it when it ends; `auto_remove` would remove the state
//! before it can be read.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, DeviceRequest, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum,
    HostConfigLogConfig, Mount, MountBindOptions, MountBindOptionsPropagationEnum, MountType,
    ResourcesUlimits,
};
use gauntlet_worker_protocol::Limits;

use crate::config::{ContainerConfig, Gpus};
use crate::folder::Folder;
use crate::phase::PhaseSpec;
use crate::seccomp;
use gauntlet_file_contract::{SubCommand, place};

/// The user of a container where we are root: nobody.
pub const NOBODY: (u32, u32) = (65534, 65534);
/// How readily the kernel picks a container's processes when the machine's memory runs out.
const FIRST_TO_GO: i64 = 1000;
/// Smallest bound for a single file: programs write small files in `/tmp`.
const SMALLEST_FILE: u64 = 16 << 20;

/// What a phase's container is: everything it may use is in here.
pub(crate) fn body(
    spec: &PhaseSpec,
    config: &ContainerConfig,
    folder: &Folder,
    user: (u32, u32),
    labels: HashMap<String, String>,
) -> ContainerCreateBody {
    let image = &spec.image;
    let mut environment = image.config.environment.clone();
    // Libraries that ask the machine for its cores would start a thread on each.
    for name in ["OMP_NUM_THREADS", "RAYON_NUM_THREADS"] {
        let ours = format!("{name}={}", spec.threads);
        environment.retain(|variable| !variable.starts_with(&format!("{name}=")));
        environment.push(ours);
    }
    ContainerCreateBody {
        image: Some(image.id.clone()),
        entrypoint: Some(image.config.entrypoint.clone()),
        cmd: Some(vec![SubCommand::from(&spec.phase).name().to_owned()]),
        env: Some(environment),
        working_dir: Some(image.config.working_directory.clone()),
        user: Some(if config.layers.privileges {
            format!("{}:{}", user.0, user.1)
        } else {
            "0:0".to_owned()
        }),
        hostname: Some("gauntlet".to_owned()),
        labels: Some(labels),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        attach_stdin: Some(false),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(false),
        tty: Some(false),
        network_disabled: Some(config.layers.network),
        host_config: Some(host(spec, config, folder)),
        ..ContainerCreateBody::default()
    }
}

fn host(spec: &PhaseSpec, config: &ContainerConfig, folder: &Folder) -> HostConfig {
    let limits = &spec.limits;
    let memory = signed(memory(limits, config));
    let layers = config.layers;
    let in_memory = |bytes: u64, mode: &str| {
        let execution = if layers.no_exec { "noexec" } else { "exec" };
        format!("rw,{execution},nosuid,nodev,size={bytes},mode={mode}")
    };
    let filter = if layers.filter {
        seccomp::PROFILE
    } else {
        "unconfined"
    };
    HostConfig {
        network_mode: Some(if layers.network { "none" } else { "host" }.to_owned()),
        cap_drop: layers.privileges.then(|| vec!["ALL".to_owned()]),
        privileged: Some(false),
        readonly_rootfs: Some(layers.read_only_root),
        security_opt: Some(vec![
            "no-new-privileges:true".to_owned(),
            format!("seccomp={filter}"),
        ]),
        pid_mode: (!layers.processes).then(|| "host".to_owned()),
        tmpfs: Some([("/tmp".to_owned(), in_memory(config.tmp_bytes, "1777"))].into()),
        shm_size: Some(signed(config.shm_bytes)),
        mounts: Some(vec![
            bind(&folder.task().to_string_lossy(), &place("task.json"), true),
            bind(
                &folder.data().to_string_lossy(),
                &place("data"),
                layers.read_only_data,
            ),
            bind(&folder.out().to_string_lossy(), &place("out"), false),
        ]),
        memory: Some(memory),
        memory_swap: Some(memory),
        oom_kill_disable: Some(false),
        oom_score_adj: Some(FIRST_TO_GO),
        nano_cpus: Some(i64::try_from(spec.threads).unwrap_or(1).max(1) * 1_000_000_000),
        cpuset_cpus: config.cpus.clone(),
        pids_limit: Some(config.processes),
        ulimits: Some(ulimits(limits, config)),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        device_requests: devices(&config.gpus),
        runtime: config.runtime.clone(),
        init: Some(false),
        auto_remove: Some(false),
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
        ..HostConfig::default()
    }
}

/// Memory of a container: tensors and the rest of the program, what the settings add, and
/// the output folder, which lies in memory.
fn memory(limits: &Limits, config: &ContainerConfig) -> u64 {
    [
        limits.tensor_bytes,
        limits.guest_bytes,
        config.memory_bytes,
        limits.output_bytes.saturating_mul(2),
    ]
    .into_iter()
    .fold(0, u64::saturating_add)
}

fn ulimits(limits: &Limits, config: &ContainerConfig) -> Vec<ResourcesUlimits> {
    let file = limits
        .output_bytes
        .max(config.tmp_bytes)
        .max(config.shm_bytes)
        .max(SMALLEST_FILE);
    [
        ("nofile", config.open_files),
        ("fsize", signed(file)),
        ("core", 0),
    ]
    .map(|(name, limit)| ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(limit),
        hard: Some(limit),
    })
    .into()
}

fn bind(from: &str, to: &str, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(from.to_owned()),
        target: Some(to.to_owned()),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

fn devices(gpus: &Gpus) -> Option<Vec<DeviceRequest>> {
    let request = |driver: &str, ids: &[String], capabilities| DeviceRequest {
        driver: Some(driver.to_owned()),
        device_ids: Some(ids.to_vec()),
        capabilities,
        ..DeviceRequest::default()
    };
    match gpus {
        Gpus::None => None,
        Gpus::Cdi(names) => Some(vec![request("cdi", names, None)]),
        Gpus::Nvidia(uuids) => {
            let capabilities = ["gpu", "compute", "utility"].map(str::to_owned).to_vec();
            Some(vec![request("nvidia", uuids, Some(vec![capabilities]))])
        }
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
