//! `gauntlet-intake`: reads one file of a stranger's from standard input and says whether it
//! may enter. It is started by whoever received the file, through `gauntlet-launch`.

use std::process::ExitCode;

use gauntlet_intake::{PROGRAM, Question, confine, read};

fn main() -> ExitCode {
    let Some(question) = Question::from_arguments(std::env::args().skip(1)) else {
        eprintln!("{PROGRAM}: it is started by the orchestrator");
        return ExitCode::from(2);
    };
    if let Err(message) = confine() {
        eprintln!("{PROGRAM}: {message}");
        return ExitCode::FAILURE;
    }
    match serde_json::to_writer(std::io::stdout(), &read(question, std::io::stdin())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{PROGRAM}: failed to answer: {error}");
            ExitCode::FAILURE
        }
    }
}
