//! What a container's end says about the method.

use gauntlet_file_contract::{Finished, Flood, Refused, visible};
use gauntlet_wire::contract;
use gauntlet_worker_protocol::Outcome;

use crate::collect::Wrong;

/// Why we killed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Killed {
    /// Its wall time was over.
    Wall,
    /// It wrote too much.
    Flood(Flood),
    /// Its output folder outgrew its limit.
    Disk,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) killed: Option<Killed>,
    /// Processes in it were killed for lack of memory.
    pub(crate) out_of_memory: bool,
    pub(crate) exit_code: i64,
    pub(crate) finished: Option<Finished>,
}

/// The outcome, before the output file has been looked at.
///
/// What the kernel and we know comes first; what the method says of itself, last. A
/// process that was killed for lack of memory counts even if the others carried on and
/// ended well: which of them the kernel picks is chance, and a result that depends on it
/// is none. Nothing that a container says makes it our fault.
pub(crate) fn outcome(end: &End) -> Outcome {
    match &end.killed {
        Some(Killed::Wall) => {
            return Outcome::BudgetExceeded {
                limit: "wall".to_owned(),
            };
        }
        Some(Killed::Flood(Flood(what))) => {
            return failed(format!("the method said too much: {what}"));
        }
        Some(Killed::Disk) => {
            return Outcome::MemoryExceeded {
                limit: "output".to_owned(),
                message: None,
            };
        }
        None => {}
    }
    if end.out_of_memory {
        return Outcome::MemoryExceeded {
            limit: "process".to_owned(),
            message: None,
        };
    }
    let Some(finished) = &end.finished else {
        return failed(format!(
            "the program ended ({}) without the contract's last line",
            ending(end.exit_code)
        ));
    };
    if !finished.speaks_our_version() {
        return failed(format!(
            "the program speaks version {} of the file contract, the platform version {}",
            finished.contract,
            contract::CONTRACT
        ));
    }
    if i64::from(finished.outcome.exit_code()) != end.exit_code {
        return failed(format!(
            "the program's last line and its exit code contradict each other ({})",
            ending(end.exit_code)
        ));
    }
    gauntlet_file_contract::outcome(&finished.outcome).unwrap_or_else(|Refused { message }| {
        failed(format!("the program refuses the contract: {message}"))
    })
}

/// What a bad output file makes of a phase that said it had completed.
pub(crate) fn without_output(wrong: &Wrong, name: &str) -> Outcome {
    match wrong {
        Wrong::Missing => failed(format!("/gauntlet/out/{name} is not there")),
        Wrong::NotAFile => failed(format!(
            "/gauntlet/out/{name} is not a regular file with a single name"
        )),
        Wrong::TooLarge => Outcome::MemoryExceeded {
            limit: "output".to_owned(),
            message: None,
        },
        Wrong::NotTensors(why) => failed(format!(
            "/gauntlet/out/{name} is no safetensors file: {}",
            visible(why)
        )),
    }
}

/// The program could not be started at all.
pub(crate) fn not_started(exit_code: i64) -> Option<Outcome> {
    match exit_code {
        127 => Some(failed(
            "the image's entry point is not there, or the loader that it names is not".to_owned(),
        )),
        126 => Some(failed(
            "the image's entry point cannot be executed".to_owned(),
        )),
        _ => None,
    }
}

fn ending(exit_code: i64) -> String {
    match exit_code {
        129..=192 => format!("killed by signal {}", exit_code - 128),
        code => format!("exit code {code}"),
    }
}

fn failed(message: String) -> Outcome {
    Outcome::MethodFailed { message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(exit_code: i64, outcome: Option<contract::Outcome>) -> End {
        End {
            killed: None,
            out_of_memory: false,
            exit_code,
            finished: outcome.map(|outcome| Finished {
                contract: contract::CONTRACT,
                outcome,
                batches: 0,
            }),
        }
    }

    fn message(end: &End) -> String {
        match outcome(end) {
            Outcome::MethodFailed { message } => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_kernel_says_comes_before_what_the_method_says() {
        let fine = end(0, Some(contract::Outcome::Completed));
        assert_eq!(outcome(&fine), Outcome::Completed);
        let starved = End {
            out_of_memory: true,
            ..fine.clone()
        };
        assert!(
            matches!(outcome(&starved), Outcome::MemoryExceeded { limit, .. } if limit == "process")
        );
        let late = End {
            killed: Some(Killed::Wall),
            ..starved
        };
        assert!(matches!(outcome(&late), Outcome::BudgetExceeded { limit } if limit == "wall"));
    }

    #[test]
    fn a_silent_or_contradictory_end_is_the_methods_fault() {
        assert!(message(&end(0, None)).contains("without the contract's last line"));
        assert!(message(&end(137, None)).contains("signal 9"));
        let lies = end(1, Some(contract::Outcome::Completed));
        assert!(message(&lies).contains("contradict"));
        let mut other = end(0, Some(contract::Outcome::Completed));
        other.finished.as_mut().unwrap().contract = 2;
        assert!(message(&other).contains("version 2"));
    }

    #[test]
    fn no_container_can_blame_the_platform() {
        let message_of = |message: &str| contract::Outcome::Refused {
            message: message.to_owned(),
        };
        assert!(message(&end(2, Some(message_of("no task")))).contains("refuses"));
    }
}
