//! The reading itself.

use std::io::{BufReader, Read};

use gauntlet_gate::GateLimits;
use gauntlet_image::{ImageLimits, IntakeError};

use crate::answer::Answer;
use crate::question::Question;

/// Bytes read of an archive at once.
const PIECE: usize = 1 << 20;

/// Reads a file to its end and answers.
pub fn read(question: Question, file: impl Read) -> Answer {
    match question {
        Question::Module { data_bytes } => module(
            file,
            &GateLimits {
                data_bytes,
                ..GateLimits::platform()
            },
        ),
        Question::Image => image(file),
    }
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

fn image(file: impl Read) -> Answer {
    let file = BufReader::with_capacity(PIECE, file);
    match gauntlet_image::check(file, &ImageLimits::default()) {
        Ok(facts) => Answer::Accepted {
            left_out: facts.left_out,
        },
        Err(IntakeError::Refused(refusal)) => Answer::ImageRefused(refusal),
        Err(error @ IntakeError::Io(..)) => Answer::Unreadable(error.to_string()),
    }
}
