//! The hardware class: what must be equal for two runs to be comparable.
//!
//! On a CPU the instruction set belongs to it: kernels for AVX2 with FMA give other
//! bits than those without.

use std::fs;

/// The class of this machine, such as
/// `cpu x86_64; AMD EPYC 7763; 2 cores; avx2 fma; 8 GiB; gauntlet 0.1.0`.
#[must_use]
pub fn of_this_machine() -> String {
    // Where a file is missing, its part says "unknown": still a class, if a coarse one.
    describe(
        &fs::read_to_string("/proc/cpuinfo").unwrap_or_default(),
        &fs::read_to_string("/proc/meminfo").unwrap_or_default(),
        std::thread::available_parallelism().map_or(1, usize::from),
    )
}

/// The class from the texts of `/proc/cpuinfo` and `/proc/meminfo`.
fn describe(cpuinfo: &str, meminfo: &str, cores: usize) -> String {
    let field = |text: &str, name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    let model = field(cpuinfo, "model name").unwrap_or_else(|| "unknown model".to_owned());
    let flags = field(cpuinfo, "flags")
        .or_else(|| field(cpuinfo, "Features"))
        .unwrap_or_default();
    let sets: Vec<&str> = ["avx2", "fma", "avx512f", "asimd", "sve"]
        .into_iter()
        .filter(|set| flags.split_whitespace().any(|flag| flag == *set))
        .collect();
    let sets = if sets.is_empty() {
        "no vector extensions".to_owned()
    } else {
        sets.join(" ")
    };
    // The kernel keeps a part for itself, a different one on each boot: round to whole GiB.
    let memory = field(meminfo, "MemTotal")
        .and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(
            || "unknown memory".to_owned(),
            |kib| format!("{} GiB", (kib + (1 << 19)) >> 20),
        );
    format!(
        "cpu {}; {}; {cores} {}; {sets}; {memory}; gauntlet {}",
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
    fn the_class_names_model_cores_instructions_and_memory() {
        let cpuinfo =
            "processor\t: 0\nmodel name\t: AMD EPYC  7763\nflags\t\t: sse2 fma avx2 avx512vl\n";
        let class = describe(cpuinfo, "MemTotal:        8131420 kB\n", 2);
        let arch = std::env::consts::ARCH;
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            class,
            format!("cpu {arch}; AMD EPYC 7763; 2 cores; avx2 fma; 8 GiB; gauntlet {version}")
        );
    }

    #[test]
    fn a_machine_that_tells_nothing_has_a_class_too() {
        let class = describe("", "", 1);
        assert!(
            class.contains("unknown model; 1 core; no vector extensions; unknown memory"),
            "{class}"
        );
    }

    #[test]
    fn it_does_not_change_from_one_reading_to_the_next() {
        assert_eq!(of_this_machine(), of_this_machine());
    }
}
