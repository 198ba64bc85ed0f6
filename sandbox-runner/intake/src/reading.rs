//! The reading itself.

use std::io::{self, BufReader, Read, Write};

use gauntlet_gate::GateLimits;
use gauntlet_image::{ImageFacts, ImageLimits, IntakeError};

use crate::answer::Answer;
use crate::ending;
use crate::question::Question;

/// Bytes read of an archive at once.
const PIECE: usize = 1 << 20;

/// Reads a file to its end and answers; layers of an image, where they are asked for, go out
/// before the answer.
///
/// # Errors
/// If the answer cannot be written.
pub fn read(question: Question, file: impl Read, mut out: impl Write) -> io::Result<()> {
    match question {
        Question::Module { data_bytes } => {
            let limits = GateLimits {
                data_bytes,
                ..GateLimits::platform()
            };
            serde_json::to_writer(&mut out, &module(file, &limits))?;
        }
        Question::Image => {
            let file = BufReader::with_capacity(PIECE, file);
            let checked = gauntlet_image::check(file, &ImageLimits::default());
            let accepted = |facts: ImageFacts| Answer::Accepted {
                left_out: facts.left_out,
            };
            serde_json::to_writer(&mut out, &image(checked, accepted))?;
        }
        Question::Rewrite => {
            let file = BufReader::with_capacity(PIECE, file);
            let written = gauntlet_image::rewrite(file, &ImageLimits::default(), &mut out);
            ending::write(&image(written, Answer::Rewritten), &mut out)?;
        }
    }
    out.flush()
}

fn module(file: impl Read, limits: &GateLimits) -> Answer {
    let mut wasm = Vec::new();
    // One byte more than there may be is enough to be refused.
    let mut file = file.take(limits.module_bytes.saturating_add(1));
    if let Err(error) = file.read_to_end(&mut wasm) {
        return Answer::Unreadable(format!("failed to read the module: {error}"));
    }
    match gauntlet_gate::check(&wasm, limits) {
        Ok(_facts) => Answer::Accepted {
            left_out: Vec::new(),
        },
        Err(rejection) => Answer::ModuleRefused(rejection),
    }
}

fn image<T>(read: Result<T, IntakeError>, accepted: impl FnOnce(T) -> Answer) -> Answer {
    match read {
        Ok(found) => accepted(found),
        Err(IntakeError::Refused(refusal)) => Answer::ImageRefused(refusal),
        Err(error @ IntakeError::Io(..)) => Answer::Unreadable(error.to_string()),
    }
}
