//! What a new method may be called.

use crate::failure::Failure;

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

/// Checks the name of a new method.
///
/// # Errors
/// What is wrong with it and which names will do.
pub(crate) fn check(name: &str) -> Result<(), Failure> {
    let refused = |what: String| {
        let mut failure = Failure::input(what)
            .field("NAME")
            .help("take a name such as my-method");
        failure.limit = Some(format!(
            "1 to {LONGEST} of a-z, 0-9 and -, beginning with a letter and ending without -"
        ));
        Err(failure)
    };
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
            let failure = check(name).unwrap_err();
            assert!(failure.what.contains(words), "{name}: {failure}");
            assert_eq!(failure.field.as_deref(), Some("NAME"));
            assert!(failure.limit.is_some() && failure.help.is_some());
        }
    }
}
