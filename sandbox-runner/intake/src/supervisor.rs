//! Has files read by a process that can do no harm.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use gauntlet_sandbox::{Confined, End, Fault, Isolation, launch};

use crate::answer::Answer;
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
    /// Set up with the first question: whoever asks none needs no program.
    confined: Mutex<Option<Arc<Confined>>>,
}

impl Intake {
    /// One whose readings are done by another program.
    #[must_use]
    pub fn with_program(program: &Path) -> Self {
        Self {
            program: Some(program.to_owned()),
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
        let limits = question.limits();
        let arguments = question.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let what = question.what();
        let crashed = |how: String| IntakeError::Crashed {
            what,
            how: gauntlet_text::excerpt(&how, 300),
            memory_bytes: limits.memory_bytes,
            cpu_seconds: limits.cpu_seconds,
        };
        let confined = self.confined()?;
        let answer = match confined.hear(&arguments, file, limits).await? {
            End::Answer(answer) => answer,
            End::Exceeded { limit, unit } => {
                return Err(IntakeError::TooExpensive { what, limit, unit });
            }
            End::Crashed(how) => return Err(crashed(how)),
        };
        let Ok(answer) = serde_json::from_slice::<Answer>(&answer) else {
            return Err(crashed("it gave no answer".to_owned()));
        };
        match answer.tamed() {
            Answer::Accepted { left_out } => Ok(left_out),
            Answer::ModuleRefused(rejection) => Err(rejection.into()),
            Answer::ImageRefused(refusal) => Err(refusal.into()),
            Answer::Unreadable(why) => Err(Fault::Reported(why).into()),
        }
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
            Isolation::OwnUser { .. } => Isolation::OwnUser {
                first: FIRST_USER,
                count: USERS,
            },
            same => same,
        };
        let confined = Arc::new(Confined::new(&program, isolation)?);
        *known = Some(Arc::clone(&confined));
        Ok(confined)
    }
}
