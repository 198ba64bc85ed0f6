//! What `gauntlet-intake` says, as JSON on standard output.

use gauntlet_gate::Rejection;
use gauntlet_image::{ImageLimits, Refusal, Rewritten};
use serde::{Deserialize, Serialize};

/// Characters of one text of an answer. Whoever speaks may have been talked into it.
const TEXT: usize = 1000;
/// Sentences about what is left out.
const LEFT_OUT: usize = 200;

/// What is found out about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may enter.
    Accepted {
        /// What it has and the sandbox does not take over; each a part of a sentence.
        left_out: Vec<String>,
    },
    /// It may enter, and its layers were written anew.
    Rewritten(Rewritten),
    /// It is no module that may enter.
    ModuleRefused(Rejection),
    /// It is no image that may enter.
    ImageRefused(Refusal),
    /// The file could not be read, which is nobody's fault but ours.
    Unreadable(String),
}

impl Answer {
    /// The same with every text safe to show, on one line and of bounded length.
    pub(crate) fn tamed(self) -> Self {
        let tame = |text: String| gauntlet_text::excerpt(&text, TEXT);
        let tame_all = |texts: Vec<String>| texts.into_iter().take(LEFT_OUT).map(tame).collect();
        match self {
            Self::Accepted { left_out } => Self::Accepted {
                left_out: tame_all(left_out),
            },
            Self::Rewritten(mut image) => {
                image.facts.left_out = tame_all(image.facts.left_out);
                Self::Rewritten(image)
            }
            Self::ModuleRefused(rejection) => Self::ModuleRefused(Rejection {
                detail: tame(rejection.detail),
                help: tame(rejection.help),
                ..rejection
            }),
            Self::ImageRefused(refusal) => Self::ImageRefused(Refusal {
                detail: tame(refusal.detail),
                help: tame(refusal.help),
                ..refusal
            }),
            Self::Unreadable(why) => Self::Unreadable(tame(why)),
        }
    }

    /// The image, if that is the answer and it can be true with so many bytes of layers written.
    pub(crate) fn image(self, written: u64) -> Option<Rewritten> {
        match self {
            Self::Rewritten(image) if image.is_plausible(&ImageLimits::default(), written) => {
                Some(image)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_short_and_drive_no_terminal() {
        let left_out = vec!["\u{1b}[2Jgone\n".to_owned(); 1000];
        let Answer::Accepted { left_out } = (Answer::Accepted { left_out }).tamed() else {
            panic!("still accepted");
        };
        assert_eq!(left_out.len(), LEFT_OUT);
        assert!(left_out.iter().all(|text| !text.contains(['\u{1b}', '\n'])));
        let refused = Answer::Unreadable("x".repeat(1 << 20)).tamed();
        assert!(matches!(refused, Answer::Unreadable(why) if why.len() < 2 * TEXT));
    }
}
