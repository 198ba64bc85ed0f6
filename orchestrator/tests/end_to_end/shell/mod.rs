//! What comes from outside, tried on the real programs. Tests named `shell_figure_…` write the
//! figures of `make test-shell`.

mod builders;
mod failover;
mod halfopen;
mod revocation;
mod runners;
mod uploads;
mod wire;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Data;

/// A file with the admin's token, who may hand in as many methods as the test needs.
fn admin(data: &Data) -> PathBuf {
    let tokens = std::fs::read(data.path().join("tokens.json")).unwrap();
    let tokens: Value = serde_json::from_slice(&tokens).unwrap();
    let file = data.beside("admin-token");
    std::fs::write(&file, tokens["admin"].as_str().unwrap()).unwrap();
    file
}

/// Writes a figure for `make test-shell`.
fn figure(name: &str, number: f64) {
    // `target/tmp` is cargo's folder for tests, whatever the target folder is called.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("figures/shell");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), format!("{name} {number:.3}\n")).unwrap();
}
