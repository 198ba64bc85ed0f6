//! The hardware class: what must be equal for two runs to be comparable.
//!
//! On a CPU the kernels belong to it, which are chosen by its instruction set: those for
//! AVX-512, for AVX2 with FMA and for neither give three different models. So does the
//! size of the first data cache, after which matrix products are cut into blocks. See
//! `docs/EXACTNESS.md`.

use std::fs;
use std::path::Path;
use std::process::Command;

use gauntlet_sandbox::Device;

/// What a runner puts into its class when its worker does not say which kernels it has.
const UNKNOWN_KERNELS: &str = "unknown kernels";

/// The class of this machine with this worker, such as
/// `cpu x86_64; AMD EPYC 7763; 2 cores; avx2 fma; l1d 32K 8-way; 8 GiB; gauntlet 0.1.0`.
///
/// A GPU goes in front: `cuda; NVIDIA H100; driver 580.65.06; cpu x86_64; ..`.
#[must_use]
pub fn of_this_machine(device: Device, worker: &Path) -> String {
    let processor = of_the_processor(worker);
    match device {
        Device::Cpu => processor,
        Device::Cuda(number) => {
            let (models, driver) = nvidia(Path::new("/proc/driver/nvidia"));
            let model = models.get(usize::from(number));
            let model = model.map_or("unknown GPU", String::as_str);
            let driver = driver.as_deref().unwrap_or("unknown");
            format!("cuda; {model}; driver {driver}; {processor}")
        }
    }
}

/// Models of the GPUs, in the order of their bus addresses, and the driver's version.
fn nvidia(folder: &Path) -> (Vec<String>, Option<String>) {
    let mut gpus: Vec<_> = fs::read_dir(folder.join("gpus"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("information")))
        .collect();
    gpus.sort();
    let models = gpus
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            let model = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
            Some(model.trim().to_owned())
        })
        .collect();
    let driver = fs::read_to_string(folder.join("version"))
        .ok()
        .and_then(|text| {
            // The first word of the first line that looks like 580.65.06.
            text.lines().next()?.split_whitespace().find_map(|word| {
                let version = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
                version.then(|| word.to_owned())
            })
        });
    (models, driver)
}

fn of_the_processor(worker: &Path) -> String {
    // Where a file is missing, its part says "unknown": still a class, if a coarse one.
    describe(
        &fs::read_to_string("/proc/cpuinfo").unwrap_or_default(),
        &fs::read_to_string("/proc/meminfo").unwrap_or_default(),
        std::thread::available_parallelism().map_or(1, usize::from),
        &kernels(worker),
        &first_data_cache(Path::new("/sys/devices/system/cpu/cpu0/cache")),
    )
}

/// The kernels that the worker chooses on this machine, in its own words.
fn kernels(worker: &Path) -> String {
    let said = Command::new(worker)
        .arg("kernels")
        .env_clear()
        .output()
        .ok();
    let said = said.filter(|output| output.status.success());
    let said = said.and_then(|output| String::from_utf8(output.stdout).ok());
    let said = said.map(|text| text.trim().to_owned());
    said.filter(|text| !text.is_empty() && text.len() <= 40 && !text.contains(';'))
        .unwrap_or_else(|| UNKNOWN_KERNELS.to_owned())
}

/// Size and ways of the first data cache in a folder like `/sys/devices/system/cpu/cpu0/cache`.
fn first_data_cache(folder: &Path) -> String {
    let caches = fs::read_dir(folder).into_iter().flatten().flatten();
    let found = caches.map(|entry| entry.path()).find_map(|cache| {
        let read = |name: &str| {
            let text = fs::read_to_string(cache.join(name)).ok()?;
            Some(text.trim().to_owned())
        };
        let first = read("level")? == "1" && read("type")? != "Instruction";
        let (size, ways) = (read("size")?, read("ways_of_associativity")?);
        first.then(|| format!("l1d {size} {ways}-way"))
    });
    found.unwrap_or_else(|| "unknown l1d".to_owned())
}

/// The class from the texts of `/proc/cpuinfo` and `/proc/meminfo`, and the rest.
fn describe(cpuinfo: &str, meminfo: &str, cores: usize, kernels: &str, cache: &str) -> String {
    let field = |text: &str, name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    let model = field(cpuinfo, "model name").unwrap_or_else(|| "unknown model".to_owned());
    // The kernel keeps a part for itself, a different one on each boot: round to whole GiB.
    let memory = field(meminfo, "MemTotal")
        .and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(
            || "unknown memory".to_owned(),
            |kib| format!("{} GiB", (kib + (1 << 19)) >> 20),
        );
    format!(
        "cpu {}; {}; {cores} {}; {kernels}; {cache}; {memory}; gauntlet {}",
        std::env::consts::ARCH,
        model.split_whitespace().collect::<Vec<_>>().join(" "),
        if cores == 1 { "core" } else { "cores" },
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_named_with_its_driver() {
        let folder = tempfile::tempdir().unwrap();
        for (bus, model) in [("0000:01:00.0", "NVIDIA A"), ("0000:02:00.0", "NVIDIA B")] {
            let gpu = folder.path().join("gpus").join(bus);
            fs::create_dir_all(&gpu).unwrap();
            let text = format!("Model: \t\t {model}\nIRQ: 1\n");
            fs::write(gpu.join("information"), text).unwrap();
        }
        let version = "NVRM version: NVIDIA UNIX Open Kernel Module  580.65.06  Release Build\n";
        fs::write(folder.path().join("version"), version).unwrap();
        let (models, driver) = nvidia(folder.path());
        assert_eq!(models, ["NVIDIA A", "NVIDIA B"]);
        assert_eq!(driver.as_deref(), Some("580.65.06"));
        assert_eq!(nvidia(Path::new("/nowhere")), (Vec::new(), None));
    }

    #[test]
    fn the_class_names_model_cores_kernels_caches_and_memory() {
        let cpuinfo = "processor\t: 0\nmodel name\t: AMD EPYC  7763\n";
        let meminfo = "MemTotal:        8131420 kB\n";
        let class = describe(cpuinfo, meminfo, 2, "avx2 fma", "l1d 32K 8-way");
        let arch = std::env::consts::ARCH;
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            class,
            format!(
                "cpu {arch}; AMD EPYC 7763; 2 cores; avx2 fma; l1d 32K 8-way; 8 GiB; gauntlet {version}"
            )
        );
    }

    #[test]
    fn a_machine_that_tells_nothing_has_a_class_too() {
        let cache = first_data_cache(Path::new("/nowhere"));
        let class = describe("", "", 1, &kernels(Path::new("/nowhere")), &cache);
        assert!(
            class.contains("unknown model; 1 core; unknown kernels; unknown l1d; unknown memory"),
            "{class}"
        );
    }

    #[test]
    fn the_worker_is_asked_for_its_kernels() {
        let folder = tempfile::tempdir().unwrap();
        let worker = |name: &str, script: &str| {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let answer = worker("answers", "[ $1 = kernels ] && echo 'x86-64-v3 (pinned)'");
        assert_eq!(kernels(&answer), "x86-64-v3 (pinned)");
        assert_eq!(
            kernels(&worker("fails", "echo avx2; exit 1")),
            UNKNOWN_KERNELS
        );
        assert_eq!(
            kernels(&worker("lies", "echo 'avx2; 99 GiB'")),
            UNKNOWN_KERNELS
        );
    }

    #[test]
    fn the_data_cache_is_not_the_instruction_cache() {
        let folder = tempfile::tempdir().unwrap();
        for (index, kind, size, ways) in [(0, "Instruction", "32K", "8"), (1, "Data", "48K", "12")]
        {
            let cache = folder.path().join(format!("index{index}"));
            fs::create_dir(&cache).unwrap();
            for (name, text) in [
                ("level", "1"),
                ("type", kind),
                ("size", size),
                ("ways_of_associativity", ways),
            ] {
                fs::write(cache.join(name), format!("{text}\n")).unwrap();
            }
        }
        assert_eq!(first_data_cache(folder.path()), "l1d 48K 12-way");
    }

    #[test]
    fn it_does_not_change_from_one_reading_to_the_next() {
        let worker = Path::new("/nowhere");
        assert_eq!(
            of_this_machine(Device::Cpu, worker),
            of_this_machine(Device::Cpu, worker)
        );
    }
}
