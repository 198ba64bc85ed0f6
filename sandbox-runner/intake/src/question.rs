//! What is asked about a file.

use std::time::Duration;

use gauntlet_sandbox::ConfinedLimits;

/// Bytes of an answer. The longest has a sentence for each variable of an image.
const ANSWER_BYTES: usize = 64 << 10;

/// What is asked about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// May it enter as a module?
    Module {
        /// Bytes of all data segments together that the tournament allows.
        data_bytes: u64,
    },
    /// May it enter as a container image's archive?
    Image,
}

impl Question {
    /// As arguments of the program.
    pub(crate) fn arguments(self) -> Vec<String> {
        match self {
            Self::Module { data_bytes } => vec!["module".to_owned(), data_bytes.to_string()],
            Self::Image => vec!["image".to_owned()],
        }
    }

    /// From arguments of the program.
    #[must_use]
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let question = match arguments.next()?.as_str() {
            "module" => Self::Module {
                data_bytes: arguments.next()?.parse().ok()?,
            },
            "image" => Self::Image,
            _ => return None,
        };
        arguments.next().is_none().then_some(question)
    }

    /// What finding out may cost. The rules about sizes bound it too, and the largest file
    /// that they let in needs a fraction of this.
    pub(crate) const fn limits(self) -> ConfinedLimits {
        let (memory_bytes, cpu_seconds, wall_seconds) = match self {
            // Sixteen megabytes, and what a validator keeps of them.
            Self::Module { .. } => (256 << 20, 60, 300),
            // Decoders' windows and what is remembered, less than 200 MiB; 16 GiB that are
            // unpacked and hashed.
            Self::Image => (384 << 20, 1200, 3600),
        };
        ConfinedLimits {
            memory_bytes,
            cpu_seconds,
            wall: Duration::from_secs(wall_seconds),
            answer_bytes: ANSWER_BYTES,
        }
    }

    /// What the file is called in a sentence.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Module { .. } => "module",
            Self::Image => "image",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_survives_the_command_line() {
        for question in [Question::Module { data_bytes: 7 }, Question::Image] {
            let arguments = question.arguments().into_iter();
            assert_eq!(Question::from_arguments(arguments), Some(question));
        }
        for arguments in [&[][..], &["module"], &["module", "x"], &["image", "image"]] {
            let arguments = arguments.iter().map(|text| (*text).to_owned());
            assert_eq!(Question::from_arguments(arguments), None);
        }
    }
}
