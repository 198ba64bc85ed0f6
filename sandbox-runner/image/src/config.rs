//! What an image says about how it wants to be started.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::refusal::{Refusal, Rule, printable};

/// Variables and bytes of the environment; arguments and bytes of the entry point.
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

#[derive(Deserialize)]
struct Document {
    architecture: String,
    os: String,
    #[serde(default)]
    config: Started,
    rootfs: RootFs,
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
    working_dir: Option<String>,
    user: Option<String>,
    volumes: Option<Value>,
    healthcheck: Option<Value>,
    on_build: Option<Value>,
}

/// Reads and checks a configuration; returns it with the digests of the unpacked layers.
pub(crate) fn read(json: &[u8], architecture: &str) -> Result<(Config, Vec<String>), Refusal> {
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
    let started = document.config;
    for (name, value) in [
        ("VOLUME", &started.volumes),
        ("HEALTHCHECK", &started.healthcheck),
        ("ONBUILD", &started.on_build),
    ] {
        if value.as_ref().is_some_and(says_something) {
            return Err(Refusal::new(
                Rule::Instruction,
                format!("the image has a {name}"),
                format!("build it without {name}; the sandbox has no use for it"),
            ));
        }
    }
    user(started.user.as_deref().unwrap_or_default())?;
    let environment = started.env.unwrap_or_default();
    check_environment(&environment)?;
    let entrypoint = started.entrypoint.unwrap_or_default();
    check_entrypoint(&entrypoint)?;
    let working_directory = match started.working_dir.as_deref().unwrap_or_default() {
        "" => "/".to_owned(),
        given => directory(given)?,
    };
    let config = Config {
        entrypoint,
        environment,
        working_directory,
    };
    Ok((config, document.rootfs.diff_ids.unwrap_or_default()))
}

/// `null`, `{}` and `[]` are how builders write nothing.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

/// The sandbox chooses the user; an image that wants another would only work elsewhere.
fn user(user: &str) -> Result<(), Refusal> {
    match user {
        "" | "nobody" | "65534" | "65534:65534" | "nobody:nogroup" => Ok(()),
        other => Err(Refusal::new(
            Rule::User,
            format!(
                "the image wants to run as the user \"{}\"",
                printable(other)
            ),
            "leave USER out: the sandbox runs every image as an unprivileged user of its own choice",
        )),
    }
}

fn check_environment(environment: &[String]) -> Result<(), Refusal> {
    if environment.len() > VARIABLES {
        return Err(Refusal::too_large(
            "variables in the environment",
            VARIABLES as u64,
        ));
    }
    for variable in environment {
        let refuse = |why: &str| {
            Refusal::new(
                Rule::Environment,
                format!("the variable \"{}\" {why}", printable(variable)),
                "build the image without this ENV; what the program needs it can set itself",
            )
        };
        let (name, value) = variable
            .split_once('=')
            .ok_or_else(|| refuse("has no value"))?;
        let ordinary = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(ordinary) {
            return Err(refuse("has a name that is none"));
        }
        if value.chars().any(char::is_control) || variable.len() > VARIABLE {
            return Err(refuse("is too long or holds control characters"));
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
                return Err(refuse(&format!("speaks to {whose}")));
            }
        }
    }
    Ok(())
}

fn check_entrypoint(entrypoint: &[String]) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Refusal::new(
            Rule::Entrypoint,
            format!("the entry point {why}"),
            "give it as a list: ENTRYPOINT [\"/method\"] or [\"python3\", \"/method.py\"]; `train` or \
             `predict` is added to it",
        )
    };
    let Some(program) = entrypoint.first() else {
        return Err(refuse("is missing"));
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

fn directory(given: &str) -> Result<String, Refusal> {
    ordinary_place(given).map_err(|why| {
        Refusal::new(
            Rule::WorkingDirectory,
            format!("the working directory \"{}\" {why}", printable(given)),
            "set WORKDIR to an ordinary folder of the image",
        )
    })?;
    Ok(given.to_owned())
}

/// An absolute path without detours that is not in a file system of the kernel's: a
/// working directory such as `/proc/self/fd/8` has been a way out of containers.
fn ordinary_place(path: &str) -> Result<(), &'static str> {
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
