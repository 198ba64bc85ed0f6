//! Hyper-parameters: what a method declares, and the values that somebody gives them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Values by name. What is not named keeps its default.
pub type Settings = BTreeMap<String, Value>;

/// One hyper-parameter that a method declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// What its author says about it.
    #[serde(default)]
    pub doc: String,
    /// Which values it takes.
    #[serde(flatten)]
    pub domain: Domain,
}

/// Which values a hyper-parameter takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Domain {
    /// A number from `min` to `max`, both included.
    Float {
        /// Without a value.
        default: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// Whether a search should step by factors instead of differences.
        #[serde(default)]
        log: bool,
    },
    /// A whole number from `min` to `max`, both included.
    Integer {
        /// Without a value.
        default: i64,
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// Whether a search should step by factors instead of differences.
        #[serde(default)]
        log: bool,
    },
    /// True or false.
    Switch {
        /// Without a value.
        default: bool,
    },
    /// One of some words.
    Choice {
        /// Without a value.
        default: String,
        /// All of them.
        of: Vec<String>,
    },
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float { min, max, .. } => write!(f, "a number from {min} to {max}"),
            Self::Integer { min, max, .. } => write!(f, "a whole number from {min} to {max}"),
            Self::Switch { .. } => write!(f, "true or false"),
            Self::Choice { of, .. } => write!(f, "one of {}", of.join(", ")),
        }
    }
}

/// Why a value cannot be given to a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// It is not written `name=value`.
    Form(String),
    /// The method declares no such hyper-parameter.
    Unknown {
        /// The name given.
        name: String,
        /// Those that it declares.
        declared: Vec<String>,
    },
    /// The value is not one that it takes.
    Value {
        /// The hyper-parameter.
        name: String,
        /// What was given.
        found: String,
        /// What it takes.
        wanted: String,
    },
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(text) => write!(f, "{text:?} is not of the form name=value"),
            Self::Unknown { name, declared } if declared.is_empty() => write!(
                f,
                "`{name}` cannot be set: the method declares no hyper-parameters"
            ),
            Self::Unknown { name, declared } => write!(
                f,
                "the method declares no hyper-parameter `{name}`; it declares {}",
                declared.join(", ")
            ),
            Self::Value {
                name,
                found,
                wanted,
            } => write!(f, "`{name}` is {wanted}, not {found}"),
        }
    }
}

impl std::error::Error for SettingError {}

impl Declared {
    fn error(&self, found: impl fmt::Display) -> SettingError {
        SettingError::Value {
            name: self.name.clone(),
            found: found.to_string(),
            wanted: self.domain.to_string(),
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// If it is not one that the hyper-parameter takes.
    pub fn check(&self, value: &Value) -> Result<(), SettingError> {
        let fine = match &self.domain {
            Domain::Float { min, max, .. } => value
                .as_f64()
                .is_some_and(|number| (*min..=*max).contains(&number)),
            Domain::Integer { min, max, .. } => value
                .as_i64()
                .is_some_and(|number| (*min..=*max).contains(&number)),
            Domain::Switch { .. } => value.is_boolean(),
            Domain::Choice { of, .. } => value
                .as_str()
                .is_some_and(|word| of.iter().any(|known| known == word)),
        };
        if fine { Ok(()) } else { Err(self.error(value)) }
    }

    /// Reads a value as somebody types it, and checks it.
    ///
    /// # Errors
    /// If it is not one that the hyper-parameter takes.
    pub fn read(&self, text: &str) -> Result<Value, SettingError> {
        let value = match &self.domain {
            Domain::Float { .. } => text.parse::<f64>().ok().map(Value::from),
            Domain::Integer { .. } => text.parse::<i64>().ok().map(Value::from),
            Domain::Switch { .. } => text.parse::<bool>().ok().map(Value::from),
            Domain::Choice { .. } => Some(Value::from(text)),
        };
        // Not a number is none, and neither is infinity: JSON has no word for them.
        let value = value.filter(|value| !value.is_null());
        let value = value.ok_or_else(|| self.error(format_args!("{text:?}")))?;
        self.check(&value)?;
        Ok(value)
    }
}

/// Checks values against what a method declares.
///
/// # Errors
/// The first value that is not fine, by name.
pub fn check(declared: &[Declared], settings: &Settings) -> Result<(), SettingError> {
    settings
        .iter()
        .try_for_each(|(name, value)| find(declared, name)?.check(value))
}

/// Reads values typed as `name=value`, such as the options of a command line; the last
/// of a name counts.
///
/// ```
/// use gauntlet_wire::settings::{Declared, Domain, parse};
/// let domain = Domain::Float { default: 0.01, min: 1e-5, max: 1.0, log: true };
/// let declared = [Declared { name: "learning_rate".into(), doc: String::new(), domain }];
/// let settings = parse(&declared, ["learning_rate=0.1"]).unwrap();
/// assert_eq!(settings["learning_rate"], 0.1);
/// let error = parse(&declared, ["learning_rate=2"]).unwrap_err();
/// assert_eq!(error.to_string(), "`learning_rate` is a number from 0.00001 to 1, not 2.0");
/// ```
///
/// # Errors
/// The first value that is not fine.
pub fn parse<'a>(
    declared: &[Declared],
    typed: impl IntoIterator<Item = &'a str>,
) -> Result<Settings, SettingError> {
    typed
        .into_iter()
        .map(|text| {
            let (name, value) = text
                .split_once('=')
                .ok_or_else(|| SettingError::Form(text.to_owned()))?;
            let name = name.trim();
            let value = find(declared, name)?.read(value.trim())?;
            Ok((name.to_owned(), value))
        })
        .collect()
}

fn find<'a>(declared: &'a [Declared], name: &str) -> Result<&'a Declared, SettingError> {
    declared
        .iter()
        .find(|declared| declared.name == name)
        .ok_or_else(|| SettingError::Unknown {
            name: name.to_owned(),
            declared: declared.iter().map(|known| known.name.clone()).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> Vec<Declared> {
        serde_json::from_str(
            r#"[{"name": "rate", "type": "float", "default": 0.1, "min": 0.01, "max": 1.0, "log": true},
                {"name": "width", "type": "integer", "default": 64, "min": 8, "max": 512},
                {"name": "nesterov", "type": "switch", "default": false},
                {"name": "schedule", "type": "choice", "default": "cosine", "of": ["cosine", "flat"]}]"#,
        )
        .unwrap()
    }

    #[test]
    fn values_of_every_domain_are_read() {
        let typed = ["rate=0.5", " width = 8", "nesterov=true", "schedule=flat"];
        let settings = parse(&declared(), typed).unwrap();
        assert_eq!(
            serde_json::to_string(&settings).unwrap(),
            r#"{"nesterov":true,"rate":0.5,"schedule":"flat","width":8}"#
        );
        check(&declared(), &settings).unwrap();
        // The edges belong to the range.
        parse(&declared(), ["rate=0.01", "width=512"]).unwrap();
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        for (typed, words) in [
            ("rate", "name=value"),
            ("rato=1", "it declares rate, width, nesterov, schedule"),
            ("rate=1.01", "`rate` is a number from 0.01 to 1, not 1.01"),
            ("rate=NaN", "not \"NaN\""),
            ("rate=inf", "not \"inf\""),
            ("width=8.5", "a whole number from 8 to 512"),
            ("width=513", "not 513"),
            ("nesterov=yes", "true or false"),
            ("schedule=step", "one of cosine, flat"),
        ] {
            let error = parse(&declared(), [typed]).unwrap_err().to_string();
            assert!(error.contains(words), "{typed}: {error}");
        }
        let error = parse(&[], ["rate=1"]).unwrap_err().to_string();
        assert!(error.contains("declares no hyper-parameters"), "{error}");
        let wrong = Settings::from([("width".to_owned(), Value::from("8"))]);
        assert!(check(&declared(), &wrong).is_err());
    }
}
