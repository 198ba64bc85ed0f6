//! Names that people choose: short, and safe in URLs, files and terminals.

use std::fmt;

/// A name outside its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be 1 to {max} characters: {rule}")]
pub struct NameError {
    /// Which kind of name.
    pub what: &'static str,
    /// Most characters.
    pub max: usize,
    /// Which characters, in words.
    pub rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta] $name:ident, $what:literal, $max:literal, $extra:literal, $rule:literal;)*) => {$(
        #[$doc]
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                if well_formed(text, $max, $extra) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { what: $what, max: $max, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                crate::schema::text(
                    format!("{}: {}", $what, $rule),
                    format!("^[a-z0-9][a-z0-9{}]{{0,{}}}$", in_a_class($extra), $max - 1),
                )
            }
        }

        impl utoipa::ToSchema for $name {}

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

name! {
    /// Name of a tournament.
    TournamentName, "the tournament's name", 40, "-",
        "lower-case letters, digits and hyphens, a letter or digit first";
    /// Name of a series: it leaves room for a number in the names of its tournaments.
    SeriesName, "the series' name", 32, "-",
        "lower-case letters, digits and hyphens, a letter or digit first";
    /// Name of a task.
    TaskName, "the task's name", 40, "-",
        "lower-case letters, digits and hyphens, a letter or digit first";
    /// Name of a method within a tournament.
    MethodName, "the method's name", 64, "-_",
        "lower-case letters, digits, hyphens and underscores, a letter or digit first";
    /// Name of an account.
    AccountName, "the account's name", 64, "-_.",
        "lower-case letters, digits, hyphens, underscores and dots, a letter or digit first";
    /// Name of a runner, for people.
    RunnerName, "the runner's name", 64, "-_.",
        "lower-case letters, digits, hyphens, underscores and dots, a letter or digit first";
}

impl SeriesName {
    /// Name of its tournament of that number.
    ///
    /// # Errors
    /// From number ten million on it is too long for a tournament's.
    pub fn tournament(&self, number: u32) -> Result<TournamentName, NameError> {
        format!("{self}-{number}").parse()
    }
}

/// The characters as they stand in a class of a regular expression: there a hyphen comes last.
fn in_a_class(extra: &str) -> String {
    let others = extra.replace('-', "");
    format!("{others}-")
}

fn well_formed(text: &str, max: usize, extra: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= max
        && text.starts_with(plain)
        && text.chars().all(|c| plain(c) || extra.contains(c))
}

#[cfg(test)]
mod tests {
    use super::{MethodName, SeriesName, TournamentName};

    #[test]
    fn plain_names_pass_and_others_do_not() {
        for good in ["a", "digits-2026", "0x", &"a".repeat(40)] {
            assert_eq!(good.parse::<TournamentName>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-a",
            "A",
            "a b",
            "a/b",
            "a_b",
            "é",
            "a\u{1b}[31m",
            &"a".repeat(41),
        ] {
            assert!(bad.parse::<TournamentName>().is_err(), "{bad:?}");
        }
        let longest: SeriesName = "a".repeat(32).parse().unwrap();
        assert_eq!(longest.tournament(9_999_999).unwrap().as_str().len(), 40);
        assert!(longest.tournament(10_000_000).is_err());
        assert!("a".repeat(33).parse::<SeriesName>().is_err());
        assert!("adamw_cosine".parse::<MethodName>().is_ok());
        assert!(serde_json::from_str::<MethodName>("\"<script>\"").is_err());
    }
}
