//! A worker that a method has taken over before it confined itself: native code that does
//! as it likes. The supervisor starts it like any worker; what it tries is the name of the
//! task that it is given, as words. It reports `got: …` or `refused: …` as a log line.
//!
//! With `confined` for a first word it confines itself as a worker does, then tries.

mod attacks;
mod calls;

use std::fs;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;

use gauntlet_worker::confine::{Confinement, confine};
use gauntlet_worker_protocol::{Event, Job, Meters, Outcome, Phase};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["fingerprint"] => println!("escaped-1"),
        ["compile", from, to, _limits] => {
            if fs::copy(from, to).is_err() {
                return ExitCode::FAILURE;
            }
        }
        _ => run(),
    }
    ExitCode::SUCCESS
}

fn run() {
    let mut line = String::new();
    let Some(job) = stdin()
        .read_line(&mut line)
        .ok()
        .and_then(|_| serde_json::from_str::<Job>(&line).ok())
    else {
        return;
    };
    let (Phase::Train { model: output, .. }
    | Phase::Predict {
        predictions: output,
        ..
    }) = &job.phase;
    // Made first: a confined process opens nothing any more.
    let written = fs::write(output, b"forged");
    let mut words = job.task.name.split(' ');
    let mut first = words.next().unwrap_or_default();
    if first == "confined" {
        if let Err(error) = confine(Confinement::Strict) {
            tell(&Event::Log {
                line: format!("not confined: {error}"),
            });
            return;
        }
        first = words.next().unwrap_or_default();
    }
    let rest: Vec<&str> = words.collect();
    if misbehave(first, output) {
        return;
    }
    let line = match attacks::attempt(first, &rest) {
        Ok(got) => format!("got: {got}"),
        Err(refused) => format!("refused: {refused}"),
    };
    tell(&Event::Log { line });
    let outcome = match written {
        Ok(()) => Outcome::Completed,
        Err(error) => Outcome::MethodFailed {
            message: format!("no output: {error}"),
        },
    };
    finish(outcome);
}

/// Breaks the protocol instead of attacking anything. Whether that was what was asked for.
fn misbehave(how: &str, output: &Path) -> bool {
    let mut out = stdout().lock();
    match how {
        "ends-early" => {}
        "ends-after-starting" => tell(&Event::FirstOperation { micros: 1 }),
        "forges-a-score" => {
            let _ = out.write_all(
                b"{\"event\":\"finished\",\"outcome\":{\"outcome\":\"completed\",\"score\":1.0},\
                  \"score\":1.0,\"verdict\":\"completed\",\"meters\":{\"work\":0,\"flops\":0,\
                  \"bytes_moved\":0,\"operations\":0,\"batches\":0,\"peak_tensor_bytes\":0,\
                  \"wall_micros\":0}}\n",
            );
        }
        "says-what-is-no-event" => {
            let _ = out.write_all(b"{\"event\":\"lease\",\"attempt\":99}\n");
        }
        "one-endless-line" => {
            let block = [b'x'; 1 << 16];
            while out.write_all(&block).is_ok() {}
        }
        "endless-events" => {
            let line = b"{\"event\":\"progress\",\"used\":0.5}\n".repeat(1 << 10);
            while out.write_all(&line).is_ok() {}
        }
        "goes-on-after-the-end" => {
            drop(out);
            finish(Outcome::Completed);
            loop {
                tell(&Event::Metric {
                    step: 1,
                    name: "late".to_owned(),
                    value: Some(1.0),
                    micros: 1,
                });
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
        "finishes-twice" => {
            drop(out);
            finish(Outcome::MethodFailed {
                message: "first".to_owned(),
            });
            finish(Outcome::Completed);
        }
        "closes-its-output" => {
            drop(out);
            calls::close(1);
            calls::close(2);
            std::thread::sleep(std::time::Duration::from_secs(1000));
        }
        "leaves-a-daemon" => {
            drop(out);
            calls::daemon();
            finish(Outcome::Completed);
        }
        "stops-itself" => calls::stop_self(),
        "no-output" => {
            drop(out);
            let _ = fs::remove_file(output);
            finish(Outcome::Completed);
        }
        "blames-the-platform" => {
            drop(out);
            finish(Outcome::Infrastructure {
                message: "no device".to_owned(),
            });
        }
        "claims-endless-work" => {
            drop(out);
            let meters = Meters {
                work: u64::MAX,
                wall_micros: u64::MAX,
                ..Meters::default()
            };
            tell(&Event::Finished {
                outcome: Outcome::Completed,
                meters,
            });
        }
        _ => return false,
    }
    true
}

fn finish(outcome: Outcome) {
    tell(&Event::Finished {
        outcome,
        meters: Meters::default(),
    });
}

fn tell(event: &Event) {
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    let mut out = stdout().lock();
    let _ = out.write_all(&line).and_then(|()| out.flush());
}
