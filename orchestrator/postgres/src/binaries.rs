//! Finds `postgres` and `initdb`.

use std::path::{Path, PathBuf};

use crate::Error;

/// The directory of the server binaries that a new cluster would be made with.
pub fn installed() -> Result<PathBuf, Error> {
    Binaries::find(None).map(|binaries| binaries.0)
}

/// A directory with PostgreSQL's server binaries.
#[derive(Clone, Debug)]
pub(crate) struct Binaries(PathBuf);

impl Binaries {
    /// Looks in `GAUNTLET_POSTGRES_BIN`, `PATH` and the places distributions
    /// use. An existing cluster needs its own major version; otherwise the
    /// newest found is taken.
    pub(crate) fn find(major: Option<&str>) -> Result<Self, Error> {
        if let Some(chosen) = std::env::var_os("GAUNTLET_POSTGRES_BIN") {
            let dir = PathBuf::from(chosen);
            return if usable(&dir) {
                Ok(Self(dir))
            } else {
                Err(Error::NoBinaries {
                    looked: format!("GAUNTLET_POSTGRES_BIN={}", dir.display()),
                })
            };
        }
        let mut candidates = versioned(Path::new("/usr/lib/postgresql"), "bin");
        candidates.extend(versioned(Path::new("/usr/local/lib/postgresql"), "bin"));
        candidates.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        let path = std::env::var_os("PATH").unwrap_or_default();
        candidates.extend(std::env::split_paths(&path).map(|dir| (0, dir)));

        let mut usable = candidates.into_iter().filter(|(_, dir)| usable(dir));
        let found = match major {
            // A binary from PATH says its version only when run; the distributions' folders are named by it.
            Some(major) => usable.find(|(version, dir)| {
                version.to_string() == major || (*version == 0 && reports(dir, major))
            }),
            None => usable.next(),
        };
        found
            .map(|(_, dir)| Self(dir))
            .ok_or_else(|| Error::NoBinaries {
                looked: match major {
                    Some(major) => format!(
                        "PATH and /usr/lib/postgresql, for version {major} that made this cluster"
                    ),
                    None => "PATH and /usr/lib/postgresql/*/bin".to_owned(),
                },
            })
    }

    /// Path of one of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

fn usable(dir: &Path) -> bool {
    dir.join("postgres").is_file() && dir.join("initdb").is_file()
}

fn reports(dir: &Path, major: &str) -> bool {
    std::process::Command::new(dir.join("postgres"))
        .arg("--version")
        .env_clear()
        .env("LC_ALL", "C")
        .output()
        .is_ok_and(|output| {
            String::from_utf8_lossy(&output.stdout)
                .split_whitespace()
                .nth(2)
                .and_then(|version| version.split('.').next())
                == Some(major)
        })
}

/// `<root>/<major>/<leaf>` for every numbered folder.
fn versioned(root: &Path, leaf: &str) -> Vec<(u32, PathBuf)> {
    std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join(leaf)))
        })
        .collect()
}
