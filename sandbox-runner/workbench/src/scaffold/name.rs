//! What a new method may be called.

use thiserror::Error;

/// Most characters of a method's name; the server's limit too.
const LONGEST: usize = 40;

/// Names that cargo or rustc would stumble over, or that are taken by what a method uses.
const RESERVED: [&str; 20] = [
    "alloc",
    "as",
    "burn",
    "burn-remote",
    "core",
    "crate",
    "fn",
    "gauntlet",
    "gauntlet-method",
    "gauntlet-text",
    "gauntlet-wire",
    "impl",
    "mod",
    "proc-macro",
    "self",
    "std",
    "super",
    "test",
    "type",
    "use",
];

/// Why a method cannot be called that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NameError(String);

impl NameError {
    /// Which names will do.
    #[must_use]
    pub fn limit(&self) -> String {
        format!("1 to {LONGEST} of a-z, 0-9 and -, beginning with a letter and ending without -")
    }
}

/// Checks the name of a new method.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(name: &str) -> Result<(), NameError> {
    let refused = |what: String| Err(NameError(what));
    if name.is_empty() {
        return refused("the name is empty".into());
    }
    if name.chars().count() > LONGEST {
        return refused(format!("{name:?} has {} characters", name.chars().count()));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(wrong) = name.chars().find(|c| !plain(*c)) {
        return refused(format!("{name:?} holds the character {wrong:?}"));
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return refused(format!("{name:?} does not begin with a letter"));
    }
    if name.ends_with('-') || name.contains("--") {
        return refused(format!("{name:?} has a - too many"));
    }
    if RESERVED.contains(&name) {
        return refused(format!("{name:?} means something else to the compiler"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn plain_names_will_do() {
        for name in ["a", "my-method", "resnet18", &"m".repeat(40)] {
            check(name).unwrap();
        }
    }

    #[test]
    fn what_is_wrong_with_a_name_is_said() {
        for (name, words) in [
            ("", "empty"),
            ("My-method", "'M'"),
            ("my_method", "'_'"),
            ("my method", "' '"),
            ("../up", "'.'"),
            ("größe", "'ö'"),
            ("1st", "begin with a letter"),
            ("-x", "begin with a letter"),
            ("x-", "a - too many"),
            ("x--y", "a - too many"),
            ("std", "means something else"),
            ("gauntlet-method", "means something else"),
            (&"m".repeat(41), "41 characters"),
        ] {
            let error = check(name).unwrap_err();
            assert!(error.to_string().contains(words), "{name}: {error}");
            assert!(error.limit().contains("1 to 40"));
        }
    }
}
