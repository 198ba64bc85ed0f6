//! What an image says about how it wants to be started.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, Rule, printable};

/// Variables of the environment and bytes of one; arguments and bytes of the entry point.
const VARIABLES: usize = 128;
const VARIABLE: usize = 4096;
const ARGUMENTS: usize = 32;
const ARGUMENT: usize = 1024;

/// What of an image's configuration is used. All else is left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The program and its first arguments; `train` or `predict` follows.
    pub entrypoint: Vec<String>,
    /// The environment, `NAME=VALUE`.
    pub environment: Vec<String>,
    /// The working directory.
    pub working_directory: String,
}

impl Config {
    /// Whether it could have been read from an image that may enter.
    pub(crate) fn is_plausible(&self) -> bool {
        self.environment.len() <= VARIABLES
            && self
                .environment
                .iter()
                .all(|variable| usable(variable).is_ok())
            && check_entrypoint(&self.entrypoint, false).is_ok()
            && ordinary_place(&self.working_directory).is_ok()
    }
}

/// A configuration that was read.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    pub(crate) config: Config,
    /// Digests of the unpacked layers.
    pub(crate) diff_ids: Vec<String>,
    /// What it says and the sandbox does not take over.
    pub(crate) left_out: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    architecture: String,
    os: String,
    #[serde(default)]
    config: Option<Started>,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct PlatformAlone {
    architecture: String,
    os: String,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Started {
    env: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<IgnoredAny>,
    working_dir: Option<String>,
    user: Option<String>,
    volumes: Option<BTreeMap<String, IgnoredAny>>,
    healthcheck: Option<BTreeMap<String, IgnoredAny>>,
    on_build: Option<Vec<String>>,
}

/// Whether a configuration is for a platform.
pub(crate) fn is_for(json: &[u8], architecture: &str) -> bool {
    serde_json::from_slice::<PlatformAlone>(json)
        .is_ok_and(|found| found.os == "linux" && found.architecture == architecture)
}

/// Reads and checks a configuration. Much of it comes from a base image, and no builder can
/// take it away again: what the sandbox has no use for is left out rather than refused.
pub(crate) fn read(json: &[u8], architecture: &str) -> Result<Configured, Refusal> {
    let document: Document = serde_json::from_slice(json).map_err(|error| {
        Refusal::new(
            Rule::Manifest,
            format!("the image's configuration cannot be read: {error}"),
            "make the image with an ordinary builder",
        )
    })?;
    if document.os != "linux" || document.architecture != architecture {
        return Err(Refusal::new(
            Rule::Manifest,
            format!(
                "the image is for {}/{}",
                printable(&document.os),
                printable(&document.architecture)
            ),
            format!("build it for linux/{architecture}"),
        ));
    }
    let started = document.config.unwrap_or_default();
    let mut left_out = Vec::new();
    for (name, said) in [
        ("VOLUME", started.volumes.is_some_and(|map| !map.is_empty())),
        (
            "HEALTHCHECK",
            started.healthcheck.is_some_and(|map| !map.is_empty()),
        ),
        (
            "ONBUILD",
            started.on_build.is_some_and(|list| !list.is_empty()),
        ),
    ] {
        if said {
            left_out.push(format!("{name}, which the sandbox has no use for"));
        }
    }
    if let Some(user) = started.user.filter(|user| !user.is_empty()) {
        left_out.push(format!(
            "USER {}: every image runs as an unprivileged user of the sandbox's choice",
            printable(&user)
        ));
    }
    let environment = environment(started.env.unwrap_or_default(), &mut left_out)?;
    let entrypoint = started.entrypoint.unwrap_or_default();
    check_entrypoint(&entrypoint, started.cmd.is_some())?;
    let working_directory = match started.working_dir.as_deref().unwrap_or_default() {
        "" => "/".to_owned(),
        given => {
            ordinary_place(given).map_err(|why| wrong_directory(given, why))?;
            given.to_owned()
        }
    };
    let config = Config {
        entrypoint,
        environment,
        working_directory,
    };
    Ok(Configured {
        config,
        diff_ids: document.rootfs.diff_ids.unwrap_or_default(),
        left_out,
    })
}

/// The variables that a program gets.
fn environment(given: Vec<String>, left_out: &mut Vec<String>) -> Result<Vec<String>, Refusal> {
    if given.len() > VARIABLES {
        return Err(Refusal::too_large(
            "variables in the environment",
            VARIABLES as u64,
        ));
    }
    let mut kept = Vec::with_capacity(given.len());
    for variable in given {
        match usable(&variable) {
            Ok(()) => kept.push(variable),
            Err(why) => {
                let name = variable.split('=').next().unwrap_or_default();
                left_out.push(format!("the variable \"{}\", which {why}", printable(name)));
            }
        }
    }
    Ok(kept)
}

fn usable(variable: &str) -> Result<(), String> {
    let (name, value) = variable.split_once('=').ok_or("has no value")?;
    let ordinary = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || !name.bytes().all(ordinary) {
        return Err("has a name that is none".to_owned());
    }
    if value
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err("holds control characters".to_owned());
    }
    if variable.len() > VARIABLE {
        return Err(format!("is longer than {VARIABLE} bytes"));
    }
    // The loader's, the GPU runtime's hook's, the engine's and our own: each of them
    // changes what happens before or around the method, not in it.
    for (prefix, whose) in [
        ("LD_", "the dynamic loader"),
        ("NVIDIA_", "the GPU runtime"),
        ("DOCKER_", "the container engine"),
        ("CONTAINERD_", "the container engine"),
        ("GAUNTLET_", "the platform"),
        ("GLIBC_TUNABLES", "the C library"),
        ("GCONV_PATH", "the C library"),
        ("LOCPATH", "the C library"),
    ] {
        if name.to_ascii_uppercase().starts_with(prefix) {
            return Err(format!("speaks to {whose}"));
        }
    }
    Ok(())
}

fn check_entrypoint(entrypoint: &[String], has_command: bool) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Refusal::new(
            Rule::Entrypoint,
            format!("the entry point {why}"),
            "give it as a list: ENTRYPOINT [\"/method\"] or [\"python3\", \"/method.py\"]; `train` or \
             `predict` is added to it",
        )
    };
    let Some(program) = entrypoint.first() else {
        return Err(refuse(if has_command {
            "is missing: a CMD is no more than arguments, and is replaced"
        } else {
            "is missing"
        }));
    };
    if entrypoint.len() > ARGUMENTS || entrypoint.iter().any(|part| part.len() > ARGUMENT) {
        return Err(refuse("is longer than 32 arguments of 1024 bytes"));
    }
    if entrypoint
        .iter()
        .any(|part| part.chars().any(char::is_control))
    {
        return Err(refuse("holds control characters"));
    }
    if entrypoint.get(1).is_some_and(|part| part == "-c") {
        return Err(refuse(
            "is a shell's -c, which ignores the arguments that are added",
        ));
    }
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    if !program.contains('/') {
        return match !program.starts_with(['.', '-']) && program.bytes().all(bare) {
            true if !program.is_empty() => Ok(()),
            _ => Err(refuse("is no program's name")),
        };
    }
    ordinary_place(program).map_err(|why| refuse(&format!("\"{}\" {why}", printable(program))))
}

/// A working directory that no container can be started in.
pub(crate) fn wrong_directory(given: &str, why: &str) -> Refusal {
    Refusal::new(
        Rule::WorkingDirectory,
        format!("the working directory \"{}\" {why}", printable(given)),
        "set WORKDIR to an ordinary folder of the image",
    )
}

/// An absolute path without detours that is not in a file system of the kernel's: a
/// working directory such as `/proc/self/fd/8` has been a way out of containers.
pub(crate) fn ordinary_place(path: &str) -> Result<(), &'static str> {
    if !path.starts_with('/') {
        return Err("is not absolute");
    }
    if path.len() > ARGUMENT || path.chars().any(char::is_control) {
        return Err("is too long or holds control characters");
    }
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    if parts.clone().any(|part| part == "." || part == "..") {
        return Err("has detours");
    }
    match parts.next() {
        Some("proc" | "sys" | "dev") => Err("is in a file system of the kernel"),
        Some("gauntlet" | "tmp") => Err("is in a place of the platform"),
        _ => Ok(()),
    }
}
