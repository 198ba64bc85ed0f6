//! One target folder for all of a user's methods: the tensor library is compiled once
//! for the sandbox and once natively, not for each method again.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// Moves the shared folder.
pub(super) const VARIABLE: &str = "GAUNTLET_TARGET";

/// `GAUNTLET_TARGET`, else `gauntlet/target` in the user's cache folder; none without a home.
pub(super) fn shared() -> Option<PathBuf> {
    chosen(|name| env::var_os(name).filter(|value| !value.is_empty()))
}

fn chosen(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let cache = || {
        variable("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))
            .map(|cache| cache.join("gauntlet/target"))
    };
    variable(VARIABLE)
        .map(PathBuf::from)
        .or_else(cache)
        // Cargo would take another folder for every folder it is called in.
        .filter(|folder| folder.is_absolute())
}

/// Cargo's settings for a new crate: plain cargo, `gauntlet method build` and native
/// builds all follow them.
pub(super) fn settings(folder: &std::path::Path) -> Option<String> {
    let folder = toml::Value::from(folder.to_str()?);
    Some(format!(
        "# All your methods share this folder, so that what they are built on is compiled once.\n\
         # Without this file, cargo puts its files into this crate's own `target`.\n\
         [build]\n\
         target-dir = {folder}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<PathBuf> {
        chosen(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_first_that_is_set_is_taken() {
        let home = ("HOME", "/home/ann");
        assert_eq!(
            with(&[home]).unwrap(),
            PathBuf::from("/home/ann/.cache/gauntlet/target")
        );
        let cache = ("XDG_CACHE_HOME", "/cache");
        assert_eq!(
            with(&[home, cache]).unwrap(),
            PathBuf::from("/cache/gauntlet/target")
        );
        let own = (VARIABLE, "/own");
        assert_eq!(with(&[home, cache, own]).unwrap(), PathBuf::from("/own"));
        assert_eq!(with(&[(VARIABLE, "relative")]), None);
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn the_settings_are_cargos() {
        let text = settings(std::path::Path::new("/a \"b\"/target")).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(
            table["build"]["target-dir"].as_str(),
            Some("/a \"b\"/target")
        );
    }
}
