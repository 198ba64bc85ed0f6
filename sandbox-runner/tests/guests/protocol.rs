//! What a worker taken over says, and what becomes of it.

use std::time::Duration;

use gauntlet_protocol::Verdict;
use gauntlet_runner::attempt::PlatformError;

use crate::figures;
use crate::native::{attempt, attempt_for, taken_over};

/// How a broken protocol must end.
enum Ends {
    /// Ours to clear up, with these words; the run is tried again.
    Fault(&'static str),
    /// A verdict against the method, with these words in its cause.
    Verdict(Verdict, &'static str),
    /// It says nothing more, until its time is over.
    Wall,
}

#[tokio::test]
async fn what_a_worker_taken_over_says_is_not_believed() {
    let harness = taken_over(|config| {
        config.events_bytes = 1 << 20;
        config.exit_grace = Duration::from_millis(500);
        config.wall_grace = Duration::from_millis(500);
    });
    let unscored = |words| Ends::Verdict(Verdict::InvalidPredictions, words);
    let table = [
        ("ends-early", Ends::Fault("exit status 0")),
        ("ends-after-starting", Ends::Fault("exit status 0")),
        // Both phases "complete", and the forged predictions are looked at.
        ("forges-a-score", unscored("not a safetensors file")),
        ("claims-endless-work", unscored("not a safetensors file")),
        ("goes-on-after-the-end", unscored("not a safetensors file")),
        ("leaves-a-daemon", unscored("not a safetensors file")),
        ("says-what-is-no-event", Ends::Fault("is not an event")),
        (
            "one-endless-line",
            Ends::Verdict(Verdict::MethodFailed, "a line of more than"),
        ),
        (
            "endless-events",
            Ends::Verdict(Verdict::MethodFailed, "bytes of events"),
        ),
        // The first word counts.
        (
            "finishes-twice",
            Ends::Verdict(Verdict::MethodFailed, "first"),
        ),
        ("closes-its-output", Ends::Wall),
        ("stops-itself", Ends::Wall),
        ("no-output", Ends::Fault("no output")),
        ("blames-the-platform", Ends::Fault("no device")),
    ];
    let (mut wrong, mut leaks) = (Vec::new(), 0);
    for (how, ends) in &table {
        let observed = match ends {
            Ends::Wall => attempt_for(&harness, how, 1).await,
            _ => attempt(&harness, how).await,
        };
        let fine = match (&observed.result, ends) {
            (Err(PlatformError::Sandbox(fault)), Ends::Fault(words)) => {
                fault.to_string().contains(words)
            }
            (Ok(found), Ends::Wall) => {
                found.verdict == Verdict::BudgetExceeded
                    && found.score.is_none()
                    && format!("{:?}", found.cause).contains("wall")
            }
            (Ok(found), Ends::Verdict(verdict, words)) => {
                found.verdict == *verdict
                    && found.score.is_none()
                    && format!("{:?}", found.cause).contains(words)
            }
            _ => false,
        };
        if !fine {
            wrong.push(format!("{how}: {}", observed.told()));
        }
        let left = harness.leaks(&observed);
        if !left.is_empty() {
            leaks += 1;
            wrong.push(format!("{how}: left {left:?}"));
        }
    }
    figures::part(
        "worker-protocol",
        &[
            ("guests", table.len()),
            ("contained", table.len() - (wrong.len() - leaks)),
            ("escaped", wrong.len() - leaks),
            ("leaks", leaks),
        ],
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
