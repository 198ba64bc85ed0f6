//! `gauntlet-intake`: reads one file of a stranger's from standard input and says whether it
//! may enter. It is started by whoever received the file, through `gauntlet-launch`.

use std::fs::File;
use std::io::BufWriter;
use std::os::fd::AsFd;
use std::process::ExitCode;

use gauntlet_intake::{PROGRAM, Question, confine, read};

/// Bytes written at once.
const PIECE: usize = 256 << 10;

fn main() -> ExitCode {
    let Some(question) = Question::from_arguments(std::env::args().skip(1)) else {
        eprintln!("{PROGRAM}: it is started by the orchestrator or a runner");
        return ExitCode::from(2);
    };
    match answer(question) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{PROGRAM}: {message}");
            ExitCode::FAILURE
        }
    }
}

fn answer(question: Question) -> Result<(), String> {
    // Not the standard library's own, which looks for the ends of lines in what are layers.
    let out = std::io::stdout().as_fd().try_clone_to_owned();
    let out = out.map_err(|error| format!("failed to open standard output: {error}"))?;
    confine()?;
    let out = BufWriter::with_capacity(PIECE, File::from(out));
    read(question, std::io::stdin(), out).map_err(|error| format!("failed to answer: {error}"))
}
