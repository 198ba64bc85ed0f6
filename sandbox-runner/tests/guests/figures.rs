//! What the corpus found, for `make test-hostile`, which adds up the parts of all lanes, and
//! for `make figures-engine-outside`.
//!
//! A part is a file of lines `NAME NUMBER` in `target/figures/hostile/`, one for each test
//! that knows some of the numbers: every test is a process of its own. Container guests
//! write parts of theirs beside these.

use std::fmt::{Display, Write};
use std::fs;
use std::path::Path;

/// Writes a part.
pub(crate) fn part(name: &str, figures: &[(&str, usize)]) {
    write("hostile", name, figures);
}

/// Writes a figure of the engine as it is seen from outside.
pub(crate) fn outside(name: &str, number: usize) {
    write("outside", name, &[(name, number)]);
}

fn write<N: Display>(folder: &str, name: &str, figures: &[(&str, N)]) {
    // `target/tmp` is cargo's folder for tests, whatever the target folder is called.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("figures").join(folder);
    fs::create_dir_all(&folder).unwrap();
    let mut lines = String::new();
    for (figure, number) in figures {
        writeln!(lines, "{figure} {number}").unwrap();
    }
    fs::write(folder.join(name), lines).unwrap();
}
