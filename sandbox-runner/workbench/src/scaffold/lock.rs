//! The lock file of a new crate: the releases that the example methods are built and
//! tested with. Cargo adds the crate itself and drops what it does not need.

const EXAMPLES: &str = include_str!("../../../../examples/methods/Cargo.lock");

/// The examples' lock file without the examples.
pub(super) fn file() -> String {
    let mut blocks = EXAMPLES.split("\n[[package]]\n");
    let mut text = blocks.next().unwrap_or_default().to_owned();
    for block in blocks {
        // Ours are in no registry; cargo finds them by their paths.
        if block.lines().any(|line| line.starts_with("source = ")) {
            text.push_str("\n[[package]]\n");
            text.push_str(block);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_pins_burn_and_names_no_example() {
        let lock: toml::Table = toml::from_str(&super::file()).unwrap();
        let names: Vec<_> = lock["package"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["name"].as_str().unwrap())
            .collect();
        assert!(names.contains(&"burn-core"), "{names:?}");
        assert!(!names.contains(&"sgd") && !names.contains(&"gauntlet-method"));
        assert_eq!(lock["version"].as_integer(), Some(4));
    }
}
