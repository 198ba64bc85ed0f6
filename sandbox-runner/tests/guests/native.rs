//! A worker that has been taken over before it confined itself. The program is
//! `worker/tests/programs/escaped`; the supervisor starts it as it starts any worker.

use gauntlet_protocol::Budget;
use gauntlet_sandbox::SandboxConfig;

use crate::guest::Guest;
use crate::harness::{BUDGET, Harness, Observed, program};

/// A harness whose worker has been taken over.
pub(crate) fn taken_over(change: impl FnOnce(&mut SandboxConfig)) -> Harness {
    Harness::with(program("examples/escaped-worker"), change)
}

/// Tries one thing; the first log line says how it went.
pub(crate) async fn attempt(harness: &Harness, what: &str) -> Observed {
    // No machine is busy enough to reach this.
    attempt_for(harness, what, 3_600).await
}

/// Tries what ends by the wall clock alone, in so many seconds.
pub(crate) async fn attempt_for(harness: &Harness, what: &str, seconds: u32) -> Observed {
    let budget = Budget {
        wall_seconds: seconds,
        ..BUDGET
    };
    harness
        .attempt(Guest::honest().module(), what, budget)
        .await
}

/// Whether it got what it wanted. It has to say: a program that died proves nothing.
pub(crate) fn got(observed: &Observed) -> Option<bool> {
    let line = observed.logs().next()?;
    Some(line.starts_with("got: "))
}
