//! The same source as an ordinary program: built for this machine, for a debugger, a
//! profiler, and a backtrace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gauntlet_wire::manifest::Manifest;
use gauntlet_wire::settings::Declared;
use serde::Deserialize;

use super::error::RunError;

/// The crate of a method, to be built natively.
#[derive(Clone, Debug)]
pub struct NativeCrate {
    dir: PathBuf,
}

/// A method as a program.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
}

/// What `cargo build` says about its work; only the program matters here.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
}

/// What a program says of itself.
#[derive(Deserialize)]
struct Description {
    manifest: Manifest,
}

impl NativeCrate {
    /// The crate in `dir`.
    ///
    /// # Errors
    /// If there is none.
    pub fn find(dir: &Path) -> Result<Self, RunError> {
        let dir = dir.to_path_buf();
        if dir.join("Cargo.toml").is_file() {
            Ok(Self { dir })
        } else {
            Err(RunError::NoCrate { dir })
        }
    }

    /// Builds it in its dev profile, in whatever target folder it has: a crate that
    /// [`crate::scaffold`] wrote shares one with all the others. Cargo's progress goes to
    /// standard error, unless `quiet`. The first time compiles the tensor library and takes
    /// minutes.
    ///
    /// # Errors
    /// If it has no program, or does not compile.
    pub fn build(&self, quiet: bool) -> Result<Program, RunError> {
        let output = Command::new("cargo")
            .current_dir(&self.dir)
            .args(["build", "--features", "native", "--bins"])
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null())
            .stderr(if quiet {
                Stdio::piped()
            } else {
                Stdio::inherit()
            })
            .output()
            .map_err(RunError::Cargo)?;
        if !output.status.success() {
            return Err(RunError::NativeBuild {
                dir: self.dir.clone(),
                message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            });
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let mut programs = said
            .lines()
            .filter_map(|line| serde_json::from_str::<Artifact>(line).ok()?.executable);
        let path = programs.next().ok_or_else(|| RunError::NoBinary {
            dir: self.dir.clone(),
        })?;
        Ok(Program { path })
    }
}

impl Program {
    /// A program that was built already.
    ///
    /// # Errors
    /// If there is none.
    pub fn built(path: &Path) -> Result<Self, RunError> {
        if !path.is_file() {
            return Err(RunError::NoProgram {
                path: path.to_path_buf(),
            });
        }
        let path = fs::canonicalize(path).map_err(RunError::file("find", path))?;
        Ok(Self { path })
    }

    /// The hyper-parameters that it declares; it is asked, since there is no module to read.
    ///
    /// # Errors
    /// If it does not start, or says something else.
    pub fn parameters(&self) -> Result<Vec<Declared>, RunError> {
        let output = Command::new(&self.path)
            .arg("describe")
            .stdin(Stdio::null())
            .output()
            .map_err(RunError::file("start", &self.path))?;
        let description: Description =
            serde_json::from_slice(&output.stdout).map_err(|source| RunError::Description {
                program: self.path.clone(),
                source,
            })?;
        Ok(description.manifest.parameters)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_program_is_asked_what_can_be_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("method");
        let write = |script: &str| {
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            Program::built(&path).unwrap()
        };
        let says = r#"test "$1" = describe && echo '{"contract":1,"manifest":{"interface":2,
            "burn":"0.22.1","sdk":"0.1.0","parameters":[{"name":"hidden","type":"integer",
            "default":64,"min":8,"max":512}]}}'"#;
        let declared = write(says).parameters().unwrap();
        assert_eq!(declared.len(), 1);
        assert_eq!(declared[0].name, "hidden");
        let silent = write("exit 0").parameters().unwrap_err().to_string();
        assert!(silent.contains("does not say what it is"), "{silent}");
    }

    #[test]
    fn a_folder_without_a_crate_is_refused_before_anything_is_built() {
        let folder = tempfile::tempdir().unwrap();
        let error = NativeCrate::find(folder.path()).unwrap_err();
        assert!(matches!(error, RunError::NoCrate { .. }), "{error}");
        let error = Program::built(&folder.path().join("absent")).unwrap_err();
        assert!(matches!(error, RunError::NoProgram { .. }), "{error}");
    }
}
