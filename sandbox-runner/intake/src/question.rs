//! What is asked about a file.

use std::time::Duration;

use gauntlet_image::ImageLimits;
use gauntlet_sandbox::ConfinedLimits;

/// Bytes of an answer. The longest has a sentence for each variable of an image.
const ANSWER_BYTES: usize = 64 << 10;

/// The same where it names layers, variables and arguments, with each byte of them escaped.
const LAYERS_ANSWER_BYTES: usize = 4 << 20;

/// Bytes by which layers that are written anew can be longer than what they were read from:
/// headers of folders that only names spoke of, and of long names.
const HEADERS_BYTES: u64 = 2 << 30;

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
    /// The same, and what of it may be given to an engine?
    Rewrite,
}

impl Question {
    /// As arguments of the program.
    pub(crate) fn arguments(self) -> Vec<String> {
        match self {
            Self::Module { data_bytes } => vec!["module".to_owned(), data_bytes.to_string()],
            Self::Image => vec!["image".to_owned()],
            Self::Rewrite => vec!["rewrite".to_owned()],
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
            "rewrite" => Self::Rewrite,
            _ => return None,
        };
        arguments.next().is_none().then_some(question)
    }

    /// What finding out may cost. The rules about sizes bound it too, and the largest file
    /// that they let in needs a fraction of this.
    pub(crate) fn limits(self) -> ConfinedLimits {
        let (memory_bytes, cpu_seconds, wall_seconds) = match self {
            // Sixteen megabytes, and what a validator keeps of them.
            Self::Module { .. } => (256 << 20, 60, 300),
            // Decoders' windows and what is remembered, less than 200 MiB; 16 GiB that are
            // unpacked and hashed.
            Self::Image | Self::Rewrite => (384 << 20, 1200, 3600),
        };
        ConfinedLimits {
            memory_bytes,
            cpu_seconds,
            wall: Duration::from_secs(wall_seconds),
            answer_bytes: match self {
                Self::Module { .. } | Self::Image => ANSWER_BYTES,
                Self::Rewrite => LAYERS_ANSWER_BYTES,
            },
            written_bytes: match self {
                Self::Module { .. } | Self::Image => 0,
                Self::Rewrite => ImageLimits::default().unpacked_bytes + HEADERS_BYTES,
            },
        }
    }

    /// What the file is called in a sentence.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Module { .. } => "module",
            Self::Image | Self::Rewrite => "image",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_survives_the_command_line() {
        for question in [
            Question::Module { data_bytes: 7 },
            Question::Image,
            Question::Rewrite,
        ] {
            let arguments = question.arguments().into_iter();
            assert_eq!(Question::from_arguments(arguments), Some(question));
        }
        for arguments in [&[][..], &["module"], &["module", "x"], &["image", "image"]] {
            let arguments = arguments.iter().map(|text| (*text).to_owned());
            assert_eq!(Question::from_arguments(arguments), None);
        }
    }
}
