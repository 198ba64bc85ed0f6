//! Has files read by a process that can do no harm.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use gauntlet_image::Rewritten;
use gauntlet_sandbox::{Confined, ConfinedLimits, End, Fault, Isolation, launch};

use crate::answer::Answer;
use crate::ending;
use crate::question::Question;
use crate::refused::IntakeError;

/// Name of the program.
pub const PROGRAM: &str = "gauntlet-intake";

/// User ids of readings, beside those of workers: a runner that has all of its own in use is
/// in nobody's way here.
const FIRST_USER: u32 = 64_264;
const USERS: u32 = 32;

/// Has files read. Each by a process of its own; how many at once is the caller's to bound.
#[derive(Debug, Default)]
pub struct Intake {
    /// If it is not the one beside us.
    program: Option<PathBuf>,
    /// Readings have our user id, whoever we are.
    same_user: bool,
    /// Set up with the first question: whoever asks none needs no program.
    confined: Mutex<Option<Arc<Confined>>>,
}

impl Intake {
    /// One whose readings are done by another program.
    #[must_use]
    pub fn with_program(program: &Path) -> Self {
        Self {
            program: Some(program.to_owned()),
            ..Self::default()
        }
    }

    /// One whose readings are done by this program, or the one beside us, as users of their own
    /// or as ourselves.
    #[must_use]
    pub fn new(program: Option<PathBuf>, isolation: Isolation) -> Self {
        Self {
            program,
            same_user: isolation == Isolation::SameUser,
            confined: Mutex::default(),
        }
    }

    /// Whether it can be asked at all.
    ///
    /// # Errors
    /// If a program is missing or user ids cannot be had.
    pub fn check(&self) -> Result<(), IntakeError> {
        self.confined().map(drop)
    }

    /// Has a file read from its beginning, wherever others are in it. Returns what of it is
    /// left out, if it may enter.
    ///
    /// # Errors
    /// [`IntakeError::Fault`] and [`IntakeError::NoProgram`] are ours; the others are its
    /// author's.
    pub async fn ask(&self, question: Question, file: &File) -> Result<Vec<String>, IntakeError> {
        let reading = Reading::new(question);
        let arguments = reading.arguments();
        let heard = self
            .confined()?
            .hear(&arguments, file, reading.limits)
            .await?;
        let answer = reading.ended(heard)?;
        let answer = serde_json::from_slice::<Answer>(&answer)
            .map_err(|_| reading.crashed("it gave no answer".to_owned()))?;
        match accepted(answer)? {
            Answer::Accepted { left_out } => Ok(left_out),
            _ => Err(reading.crashed("it answered something else".to_owned())),
        }
    }

    /// Has an image's archive read from its beginning, and its layers written anew to `layers`,
    /// an empty file that is open for reading and writing.
    ///
    /// Layers and image are what the reader says: if a parser was taken over, then what somebody
    /// made up. The engine computes their digests anew.
    ///
    /// # Errors
    /// [`IntakeError::Fault`] and [`IntakeError::NoProgram`] are ours; the others are its
    /// author's.
    pub async fn rewrite(&self, archive: &File, layers: &File) -> Result<Rewritten, IntakeError> {
        let reading = Reading::new(Question::Rewrite);
        let arguments = reading.arguments();
        let heard = self
            .confined()?
            .hear_into(&arguments, archive, layers, reading.limits)
            .await?;
        reading.ended(heard)?;
        let answer = ending::read(layers, reading.limits.answer_bytes)
            .map_err(|error| Fault::Reported(format!("failed to read layers: {error}")))?;
        let Some((answer, written)) = answer else {
            return Err(reading.crashed("it gave no answer".to_owned()));
        };
        let image = accepted(answer)?.image(written);
        image.ok_or_else(|| reading.crashed("it answered something else".to_owned()))
    }

    fn confined(&self) -> Result<Arc<Confined>, IntakeError> {
        let mut known = self.confined.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(confined) = known.as_ref() {
            return Ok(Arc::clone(confined));
        }
        let program = match &self.program {
            Some(program) => program.clone(),
            None => launch::beside_us(PROGRAM).ok_or(IntakeError::NoProgram)?,
        };
        let isolation = match Isolation::usual() {
            Isolation::OwnUser { .. } if !self.same_user => Isolation::OwnUser {
                first: FIRST_USER,
                count: USERS,
            },
            _ => Isolation::SameUser,
        };
        let confined = Arc::new(Confined::new(&program, isolation)?);
        *known = Some(Arc::clone(&confined));
        Ok(confined)
    }
}

/// One file that is read.
struct Reading {
    question: Question,
    limits: ConfinedLimits,
    arguments: Vec<String>,
}

impl Reading {
    fn new(question: Question) -> Self {
        Self {
            question,
            limits: question.limits(),
            arguments: question.arguments(),
        }
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    fn crashed(&self, how: String) -> IntakeError {
        IntakeError::Crashed {
            what: self.question.what(),
            how: gauntlet_text::excerpt(&how, 300),
            memory_bytes: self.limits.memory_bytes,
            cpu_seconds: self.limits.cpu_seconds,
        }
    }

    /// What was said, if the reading came to a good end.
    fn ended(&self, end: End) -> Result<Vec<u8>, IntakeError> {
        match end {
            End::Answer(answer) => Ok(answer),
            End::Exceeded { limit, unit } => Err(IntakeError::TooExpensive {
                what: self.question.what(),
                limit,
                unit,
            }),
            End::Crashed(how) => Err(self.crashed(how)),
        }
    }
}

/// An answer that lets the file enter.
fn accepted(answer: Answer) -> Result<Answer, IntakeError> {
    match answer.tamed() {
        Answer::ModuleRefused(rejection) => Err(rejection.into()),
        Answer::ImageRefused(refusal) => Err(refusal.into()),
        Answer::Unreadable(why) => Err(Fault::Reported(why).into()),
        accepted => Ok(accepted),
    }
}
